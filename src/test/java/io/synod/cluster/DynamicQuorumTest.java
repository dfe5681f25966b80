package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.Status;
import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Five real processes whose voters follow who is there: killed one after another, stopped in order,
 * and cut off, while clients read and write through all of them.
 */
@Tag("long")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class DynamicQuorumTest {
  private static final int SERVERS = 5;
  private static final String OPTIONS =
      "quorum:DYNAMIC election_timeout_millis:1000 standby_timeout_millis:1000";

  /** More than none: also the cuts, which take a minute or so a round. */
  private static final int ROUNDS = Integer.getInteger("synod.survive.dynamic", 0);

  /** Waits until all of these know these voters. */
  private static void awaitVoters(Load load, RealCluster cluster, List<Integer> voters) {
    awaitVoters(load, cluster, voters, voters);
  }

  private static void awaitVoters(
      Load load, RealCluster cluster, List<Integer> asked, List<Integer> voters) {
    load.await(
        "voters " + voters,
        () ->
            asked.stream()
                .allMatch(server -> new Operators(cluster).votersKnownTo(server).equals(voters)));
  }

  private static boolean allDone(Load.Phase phase, List<Integer> servers) {
    return servers.stream().allMatch(server -> phase.done(server) >= 20);
  }

  private static boolean allRefused(Load.Phase phase, List<Integer> servers) {
    return servers.stream().allMatch(server -> phase.refused(server) >= 4);
  }

  private static void check(Load load, String what) throws InterruptedException {
    load.end();
    var report = load.history().check(Budget.STANDARD);
    System.out.println("survive: dynamic, " + what + ": " + report.describe().strip());
    assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
  }

  @Test
  void goesOnWhileServersAreKilledOneAfterAnotherDownToTheLastTwo() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.options(OPTIONS);
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      TreeSet<Integer> up = new TreeSet<>(List.of(0, 1, 2, 3, 4));
      try (Load load = new Load(cluster, 5)) {
        List<Long> gapsMillis = new ArrayList<>();
        for (int killed = 1; killed <= 3; killed++) {
          // The coordinator each time.
          int victim = cluster.coordinator().orElse(up.first());
          cluster.kill(victim);
          up.remove(victim);
          Load.Phase without = load.newPhase();
          List<Integer> rest = List.copyOf(up);
          load.await("goes on with " + rest, () -> allDone(without, rest));
          gapsMillis.add(without.longestGapMillis());
          if (killed == 2) {
            awaitVoters(load, cluster, rest);
          }
        }
        int lost = up.first();
        cluster.kill(lost);
        up.remove(lost);
        int last = up.first();
        Load.Phase alone = load.newPhase();
        load.await("the last one refuses", () -> allRefused(alone, List.of(last)));
        assertEquals(0, alone.done(), alone::toString);
        Status refused = cluster.put(last, "k", "alone", 2_000);
        assertEquals(Status.Code.UNAVAILABLE, refused.getCode());
        assertTrue(String.valueOf(refused.getDescription()).startsWith("no "), refused::toString);
        for (int i = 0; i < SERVERS; i++) {
          if (!cluster.isRunning(i)) {
            cluster.start(i);
          }
        }
        Load.Phase again = load.newPhase();
        load.await("all answer again", () -> allDone(again, List.of(0, 1, 2, 3, 4)));
        awaitVoters(load, cluster, List.of(0, 1, 2, 3, 4));
        check(
            load,
            "the coordinator killed three times, down to two; longest ms without an answer "
                + gapsMillis);
      }
    }
  }

  @Test
  void aServerThatStopsInOrderIsNotWaitedFor() throws Exception {
    assumeTrue(ROUNDS > 0, "synod.survive.dynamic is not set");
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      // So long that no vote is lost by silence.
      cluster.options("quorum:DYNAMIC standby_timeout_millis:600000");
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      try (Load load = new Load(cluster, 6)) {
        assertEquals(0, cluster.terminate(0));
        assertEquals(0, cluster.terminate(1));
        awaitVoters(load, cluster, List.of(2, 3, 4));
        Load.Phase three = load.newPhase();
        load.await("goes on with three", () -> allDone(three, List.of(2, 3, 4)));
        cluster.kill(2);
        Load.Phase two = load.newPhase();
        load.await("goes on with two", () -> allDone(two, List.of(3, 4)));
        check(load, "two of five stopped in order, then one killed");
      }
    }
  }

  /** Nothing passes between these and the others. */
  private static void cut(RealCluster cluster, List<Integer> away) {
    List<Integer> rest = new ArrayList<>(List.of(0, 1, 2, 3, 4));
    rest.removeAll(away);
    Operators operators = new Operators(cluster);
    operators.heal();
    operators.cutApart(List.of(away, rest));
  }

  @Test
  void atMostOneSideOfACutDecidesWhileVotesMove() throws Exception {
    assumeTrue(ROUNDS > 0, "synod.survive.dynamic is not set");
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.options(OPTIONS);
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      try (Load load = new Load(cluster, 7)) {
        for (int round = 0; round < ROUNDS; round++) {
          round(cluster, load, round);
        }
        check(load, "cut off " + ROUNDS + " times");
      }
    }
  }

  private static void round(RealCluster cluster, Load load, int round) {
    int coordinator = cluster.coordinator().orElse(0);
    List<Integer> rest = new ArrayList<>(List.of(0, 1, 2, 3, 4));
    List<Integer> away = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      // In every other round the coordinator stays with the greater side.
      Integer victim = (coordinator + i + round % 2) % SERVERS;
      away.add(victim);
      rest.remove(victim);
    }
    cut(cluster, away);
    Load.Phase two = load.newPhase();
    load.await("goes on with two cut off", () -> allDone(two, rest));
    awaitVoters(load, cluster, rest);
    for (int server : away) {
      assertEquals(0, two.done(server), "server " + server + " is cut off: " + two);
    }

    // The one more that goes makes three of five, and they decide nothing: two of three go on.
    Integer third = rest.remove(0);
    away.add(third);
    cut(cluster, away);
    Load.Phase three = load.newPhase();
    load.await("two of the three voters go on", () -> allDone(three, rest));
    load.await("the three others refuse", () -> allRefused(three, away));

    cut(cluster, List.of());
    Load.Phase healed = load.newPhase();
    List<Integer> all = List.of(0, 1, 2, 3, 4);
    load.await("all answer", () -> allDone(healed, all));
    awaitVoters(load, cluster, all);

    // Three at once: nobody had the time to take their votes, so that all wait.
    List<Integer> atOnce = List.of(coordinator, (coordinator + 1) % 5, (coordinator + 2) % 5);
    for (int server : atOnce) {
      List<Integer> others = new ArrayList<>(all);
      others.remove(Integer.valueOf(server));
      new Operators(cluster).cut(server, others);
    }
    Load.Phase none = load.newPhase();
    load.await("all refuse", () -> allRefused(none, all));
    cut(cluster, List.of());
    Load.Phase again = load.newPhase();
    load.await("all answer again", () -> allDone(again, all));
  }
}
