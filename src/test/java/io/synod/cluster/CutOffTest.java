package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real processes that are cut off from each other while clients reach them all: what every client
 * was told must be linearizable.
 */
@Tag("long")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CutOffTest {
  private static final int ROUNDS = Integer.getInteger("synod.survive.cuts", 1);
  private static final int SERVERS = 5;

  @Test
  void twoOfFiveCutOffAreNotMissedAndWithThreeItWaitsForThemToComeBack() throws Exception {
    try (Wires wires = laid();
        RealCluster cluster = new RealCluster(wires.seats())) {
      cluster.startAll();
      cluster.putSurely("first", "1");
      try (Load load = new Load(cluster, 1)) {
        for (int round = 0; round < ROUNDS; round++) {
          round(wires, cluster, load, round);
        }
        load.end();
        var report = load.history().check(Budget.STANDARD);
        System.out.println("survive: cut off " + ROUNDS + " times: " + report.describe().strip());
        assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
      }
    }
  }

  private static Wires laid() throws InterruptedException {
    try {
      return new Wires(SERVERS);
    } catch (IOException e) {
      return abort(
          "needs network namespaces, which this machine does not allow: " + e.getMessage());
    }
  }

  private static void round(Wires wires, RealCluster cluster, Load load, int round)
      throws IOException, InterruptedException {
    Load.Phase whole = load.newPhase();
    load.await("all servers answer", () -> allDone(whole, List.of(0, 1, 2, 3, 4), 20));
    int coordinator = cluster.coordinator().orElse(0);
    List<Integer> cutOff = new ArrayList<>();
    List<Integer> rest = new ArrayList<>(List.of(0, 1, 2, 3, 4));
    for (int i = 0; i < 2; i++) {
      // In every other round the coordinator stays with the majority.
      int victim = (coordinator + i + round % 2) % SERVERS;
      wires.cut(victim);
      cutOff.add(victim);
      rest.remove(Integer.valueOf(victim));
    }
    Load.Phase two = load.newPhase();
    load.await("goes on with two cut off", () -> allDone(two, rest, 20));
    load.await("those cut off refuse", () -> allRefused(two, cutOff));
    for (int server : cutOff) {
      assertEquals(0, two.done(server), "server " + server + " is cut off: " + two);
    }

    wires.cut(rest.get(0));
    Load.Phase three = load.newPhase();
    load.await("all refuse with three cut off", () -> allRefused(three, List.of(0, 1, 2, 3, 4)));
    assertEquals(0, three.done(), "there is no quorum: " + three);

    long mendedNanos = System.nanoTime();
    for (int i = 0; i < SERVERS; i++) {
      wires.mend(i);
    }
    Load.Phase again = load.newPhase();
    load.await("recovers by itself", () -> allDone(again, List.of(0, 1, 2, 3, 4), 20));
    System.out.println(
        "survive: all answer "
            + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - mendedNanos)
            + " ms after three of five are back");
  }

  private static boolean allDone(Load.Phase phase, List<Integer> servers, int times) {
    return servers.stream().allMatch(server -> phase.done(server) >= times);
  }

  private static boolean allRefused(Load.Phase phase, List<Integer> servers) {
    return servers.stream().allMatch(server -> phase.refused(server) >= 4);
  }
}
