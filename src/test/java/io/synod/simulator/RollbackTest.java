package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.simulator.disk.SimulatedDisk;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server whose directory was replaced by an older image of itself (protocol-rules.md, 12): whole
 * servers on simulated disks.
 */
class RollbackTest {
  private static final int ROLLED_BACK = 1;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void joinsAgainAsANewIncarnationAndNothingIsLost(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, 3), /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    FullServer server = world.servers().get(ROLLED_BACK);
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    server.crash(/* power= */ false);
    SimulatedDisk image = server.image();
    world.run(seed % 3 * 100 * Swarm.MILLI);
    server.start();
    world.run(3 * Swarm.SECOND);
    server.crash(/* power= */ true);
    ServerLife before = server.life();
    server.restore(image);
    if (seed % 2 == 0) {
      // The others remember across a restart of their own.
      for (FullServer other : world.servers()) {
        other.crash(/* power= */ true);
        other.start();
      }
    } else {
      server.start();
    }
    world.runUntil(
        "vote for the new incarnation",
        20 * Swarm.SECOND,
        () -> !server.life().equals(before) && isVoter(world, server));
    assertTrue(world.coverage.count("votes.forgotten") >= 1);
    assertEquals(1, world.coverage.count("journal.renewed"));
    assertNotEquals(before, server.life());
    clients.stop();
    world.run(3 * Swarm.SECOND);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
    assertTrue(clients.answered() > 100, () -> clients.answered() + " answers");
  }

  private static boolean isVoter(FullCluster world, FullServer server) {
    Membership newest = world.oracle.log().membership().membership();
    return newest
        .member(server.id())
        .filter(member -> member.role() == Member.Role.VOTER)
        .map(Member::incarnation)
        .filter(server.life().incarnation()::equals)
        .isPresent();
  }
}
