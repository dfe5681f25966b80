package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Membership;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Votes that follow who is there: five whole servers, killed one after another, and cut apart while
 * votes move. The oracle watches; this adds what a script can know.
 */
class DynamicQuorumTest {
  private static final int SERVERS = 5;

  private final List<FullServer> up = new ArrayList<>();

  private static Membership newest(FullCluster world) {
    return world.oracle.log().membership().membership();
  }

  private static boolean hasVote(FullCluster world, FullServer server) {
    return newest(world).isVoter(server.id(), server.life().incarnation());
  }

  private static void awaitAllVotes(FullCluster world) {
    world.runUntil(
        "votes for all",
        4 * world.swarm.settleNanos(),
        () -> world.servers().stream().allMatch(server -> hasVote(world, server)));
  }

  private static void finish(FullCluster world, Clients clients) {
    clients.stop();
    world.run(4 * world.swarm.requestTimeoutNanos);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
    var report = clients.history().check(Budget.STANDARD);
    assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
    assertTrue(clients.answered() > 100, () -> clients.answered() + " answers");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void fourKilledOneAfterAnotherLeaveAStoreThatWorksUntilTheLast(long seed) {
    FullCluster world = new FullCluster(Swarm.plainDynamic(seed, SERVERS), false);
    SplittableRandom random = world.randoms.of("script");
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    up.addAll(world.servers());
    world.awaitProgress("the first writes", 20);
    for (int killed = 1; killed <= 3; killed++) {
      killOne(random);
      world.run(2 * world.swarm.quorum().standbyAfterNanos());
      world.awaitProgress("writes with " + up.size(), 20);
    }
    assertEquals(3, newest(world).voters());
    assertTrue(up.stream().allMatch(server -> hasVote(world, server)));
    killOne(random);
    world.run(world.swarm.electionTimeoutNanos);
    Slot end = world.oracle.log().upTo();
    world.run(5 * world.swarm.quorum().standbyAfterNanos());
    assertEquals(end, world.oracle.log().upTo(), "one of three decides nothing");
    world.startAll();
    world.awaitProgress("writes with all", 20);
    awaitAllVotes(world);
    finish(world, clients);
  }

  private static FullServer last(FullCluster world) {
    ServerId named = world.swarm.quorum().lastVoter().orElseThrow();
    return world.servers().get(named.number());
  }

  private static void awaitOneVoter(FullCluster world) {
    world.runUntil(
        "a membership of one voter",
        4 * world.swarm.settleNanos(),
        () -> newest(world).voters() == 1 && hasVote(world, last(world)));
    world.awaitProgress("writes with one voter", 20);
  }

  /** Of three: down to one by failures of the others, and a failure of its own loses nothing. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void aLastVoterGoesOnAloneAndWhatItAcknowledgedIsOnTheOtherThatKeepsUp(long seed) {
    FullCluster world = new FullCluster(Swarm.plainWithLastVoter(seed, 3), false);
    SplittableRandom random = world.randoms.of("script");
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    up.addAll(world.servers());
    world.awaitProgress("the first writes", 20);
    List<FullServer> others = new ArrayList<>(up);
    others.remove(last(world));
    FullServer first = others.remove(random.nextInt(2));
    first.crash(random.nextBoolean());
    awaitOneVoter(world);
    world.run(random.nextLong(world.swarm.electionTimeoutNanos));
    FullServer second = others.get(0);
    for (int round = 0; round < 3; round++) {
      Slot applied = last(world).applied();
      Slot held = world.oracle.durable(second.life()).last();
      assertFalse(held.isBefore(applied), () -> "applied " + applied + ", held up to " + held);
      last(world).crash(random.nextBoolean());
      Slot end = world.oracle.log().upTo();
      world.run(2 * world.swarm.quorum().standbyAfterNanos());
      assertEquals(end, world.oracle.log().upTo(), "the other decides nothing");
      world.startAll();
      first.crash(false);
      awaitOneVoter(world);
      world.run(world.swarm.quorum().standbyAfterNanos());
    }
    second.crash(random.nextBoolean());
    world.awaitProgress("writes with the last voter alone", 20);
    world.startAll();
    awaitAllVotes(world);
    finish(world, clients);
    assertTrue(world.coverage.count("notice.InSyncChanged") >= 4);
  }

  /** Every other time the coordinator. */
  private void killOne(SplittableRandom random) {
    FullServer victim = up.get(random.nextInt(up.size()));
    if (random.nextBoolean()) {
      victim = up.stream().filter(FullServer::isCoordinating).findFirst().orElse(victim);
    }
    up.remove(victim);
    victim.crash(random.nextBoolean());
  }

  /** Cut into 3 | 2 or 2 | 2 | 1, again and again, at any moment of a move of votes. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void atMostOneSideDecidesWhileVotesMove(long seed) {
    FullCluster world = new FullCluster(Swarm.plainDynamic(seed, SERVERS), false);
    SplittableRandom random = world.randoms.of("script");
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.awaitProgress("the first writes", 20);
    long standby = world.swarm.quorum().standbyAfterNanos();
    int decided = 0;
    for (int round = 0; round < 24; round++) {
      int[] sides = split(random);
      cut(world, sides);
      world.run(1 + random.nextLong(3 * standby));
      decided += decidingSides(world, sides);
      if (random.nextInt(4) == 0) {
        world.network.healAll();
        world.run(1 + random.nextLong(3 * standby));
      }
    }
    world.network.healAll();
    world.awaitProgress("writes with all", 20);
    awaitAllVotes(world);
    finish(world, clients);
    long taken = world.coverage.count("votes.taken");
    assertTrue(taken >= 4, () -> "votes were taken " + taken + " times only");
    assertTrue(decided >= 2, "a side decided in few rounds only: " + decided);
  }

  private static int[] split(SplittableRandom random) {
    int[] sides = random.nextBoolean() ? new int[] {0, 0, 0, 1, 1} : new int[] {0, 0, 1, 1, 2};
    for (int i = SERVERS - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int moved = sides[i];
      sides[i] = sides[other];
      sides[other] = moved;
    }
    return sides;
  }

  private static void cut(FullCluster world, int[] sides) {
    for (int from = 0; from < SERVERS; from++) {
      for (int to = 0; to < SERVERS; to++) {
        if (sides[from] == sides[to]) {
          world.network.heal(from, to);
        } else {
          world.network.cut(from, to);
        }
      }
    }
  }

  /**
   * How many sides still go on an election timeout and more after the cut: each server that has
   * applied more since then is on such a side.
   */
  private static int decidingSides(FullCluster world, int[] sides) {
    world.run(2 * world.swarm.electionTimeoutNanos);
    List<Slot> before = world.servers().stream().map(FullServer::applied).toList();
    Slot end = world.oracle.log().upTo();
    world.run(world.swarm.electionTimeoutNanos);
    List<Integer> deciding = new ArrayList<>();
    for (FullServer server : world.servers()) {
      int number = server.id().number();
      boolean beyond =
          server.applied().isAfter(end) && server.applied().isAfter(before.get(number));
      if (beyond && !deciding.contains(sides[number])) {
        deciding.add(sides[number]);
      }
    }
    assertTrue(deciding.size() <= 1, () -> "sides " + deciding + " decide: " + world.describe());
    return deciding.size();
  }
}
