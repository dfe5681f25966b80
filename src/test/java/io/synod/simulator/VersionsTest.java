package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Slot;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers of two releases in one cluster (protocol-rules.md, 15): whole servers. */
class VersionsTest {
  /**
   * The coordinator writes what the other two cannot read: they do not accept it, so that it is not
   * chosen and no state differs; without that server they go on, and with it again as it was.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whatAMajorityCannotReadIsNotChosen(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, 3), /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    FullServer newer =
        world.servers().stream().filter(FullServer::isCoordinating).findFirst().orElseThrow();
    world.upgrade(newer.id());
    // What is under way is still of the old version.
    world.run(100 * Swarm.MILLI);
    Slot before = world.oracle.log().upTo();
    world.run(3 * Swarm.SECOND);
    assertEquals(before, world.oracle.log().upTo(), "chosen by servers that cannot apply it");
    assertTrue(world.coverage.count("notice.PeerMisbehaved") > 0, world.coverage::describe);
    for (FullServer each : world.servers()) {
      assertTrue(each.isUp(), each.describe());
    }
    newer.crash(/* power= */ false);
    long answered = clients.answered();
    world.runUntil(
        "answers without it", 10 * Swarm.SECOND, () -> clients.answered() > answered + 20);
    world.downgrade();
    newer.start();
    world.run(3 * Swarm.SECOND);
    clients.stop();
    world.run(3 * Swarm.SECOND);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
  }
}
