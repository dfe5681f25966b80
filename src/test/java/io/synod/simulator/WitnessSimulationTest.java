package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Slot;
import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two whole servers and a witness (protocol-rules.md, 13), one of which is away. The oracle watches
 * what the witness cuts; this adds what a script can know.
 */
class WitnessSimulationTest {
  private FullCluster world = new FullCluster(Swarm.plainWithWitness(0, 3), false);
  private Clients clients = new Clients(world, world.randoms.of("workload"));

  private void begin(long seed) {
    world = new FullCluster(Swarm.plainWithWitness(seed, 3), false);
    clients = new Clients(world, world.randoms.of("workload"));
    clients.keepTo(List.of(server(0), server(1)));
    world.startAll();
    clients.begin();
    world.awaitProgress("the first writes", 20);
    assertTrue(hasVote(2), "founded with a vote");
  }

  private FullServer server(int number) {
    return world.servers().get(number);
  }

  private boolean hasVote(int number) {
    return world
        .oracle
        .log()
        .membership()
        .membership()
        .isVoter(server(number).id(), server(number).life().incarnation());
  }

  private void awaitAllVotes() {
    world.runUntil(
        "votes for all",
        4 * world.swarm.settleNanos(),
        () -> hasVote(0) && hasVote(1) && hasVote(2));
  }

  private void finish() {
    awaitAllVotes();
    clients.stop();
    world.run(4 * world.swarm.requestTimeoutNanos);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
    var report = clients.history().check(Budget.STANDARD);
    assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
  }

  /** The others cut their logs meanwhile: what it lacks, only the witness has. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aVoterThatWasAwayGoesOnWithTheWitnessAlone(long seed) {
    begin(seed);
    server(1).crash(true);
    world.awaitProgress("writes without it", 200);
    server(0).takeSnapshot();
    world.awaitProgress("writes behind a snapshot", 20);
    server(0).crash(true);
    Slot end = world.oracle.log().upTo();
    server(1).start();
    world.awaitProgress("writes of the other and the witness", 20);
    assertTrue(server(1).applied().isAfter(end), server(1)::describe);
    assertEquals(0, world.coverage.count("votes.taken"), "it was not away for long");
    server(0).start();
    finish();
  }

  /** It loses its vote before the witness cuts what it lacks, and gets it back. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aVoterThatIsAwayForTooLongLosesItsVoteUntilItHasCaughtUp(long seed) {
    begin(seed);
    server(1).crash(false);
    Slot has = server(1).chosenKnown();
    world.runUntil("a standby", 100 * Swarm.SECOND, () -> !hasVote(1));
    assertTrue(server(2).cut().minus(has) <= 0, "kept for it until it had no vote");
    world.awaitProgress("writes without it", 100);
    assertTrue(server(2).cut().isAfter(has), "not kept for it any longer");
    server(0).crash(true);
    // What it sent last is still on its way to the witness, and may be chosen by both.
    world.run(world.swarm.electionTimeoutNanos);
    server(1).start();
    Slot end = world.oracle.log().upTo();
    world.run(10 * world.swarm.electionTimeoutNanos);
    assertEquals(end, world.oracle.log().upTo(), "no quorum without values decides");
    assertFalse(hasVote(1));
    server(0).start();
    awaitAllVotes();
    server(0).crash(true);
    world.awaitProgress("writes of the one that was away", 20);
    server(0).start();
    finish();
  }

  /** A witness that lost its disk, or was away for long, begins anew behind the others' cut. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWitnessThatLacksWhatIsCutBeginsBehindIt(boolean losesItsDisk) {
    begin(4);
    server(2).crash(true);
    if (losesItsDisk) {
      server(2).wipe();
    }
    for (int i = 0; i < 3; i++) {
      world.awaitProgress("writes without the witness", 300);
      server(0).takeSnapshot();
      server(1).takeSnapshot();
    }
    world.awaitProgress("snapshots", 100);
    assertTrue(server(0).cut().isAfter(server(2).chosenKnown()), "there is something to miss");
    server(2).start();
    awaitAllVotes();
    world.runUntil(
        "it has begun",
        world.swarm.settleNanos(),
        () -> !server(2).cut().isBefore(server(0).cut()));
    server(0).crash(true);
    world.awaitProgress("writes with it", 20);
    server(0).start();
    finish();
  }
}
