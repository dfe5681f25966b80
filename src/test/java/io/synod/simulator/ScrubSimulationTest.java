package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage to all that one server has on its disk, found while it runs: whole servers. */
class ScrubSimulationTest {
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16})
  void whatAScrubFindsIsReplacedBeforeARestartNeedsIt(long seed) throws IOException {
    FullCluster world = new FullCluster(Swarm.plain(seed, 3), /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    FullServer server = world.servers().get(1);
    world.startAll();
    clients.begin();
    world.run(10 * Swarm.SECOND);
    assertTrue(server.rotAll().size() >= 2);
    server.scrub();
    assertTrue(world.coverage.count("scrub.journal") >= 1, world.coverage::describe);
    for (int i = 0; i < 4; i++) {
      world.run(3 * Swarm.SECOND);
      server.scrub();
    }
    long before = world.coverage.count("journal.DAMAGED");
    ServerLife life = server.life();
    // The segment in use then is not read again while it is written: it is left behind by now.
    server.crash(/* power= */ false);
    server.start();
    world.run(3 * Swarm.SECOND);
    assertEquals(before, world.coverage.count("journal.DAMAGED"), world.coverage::describe);
    assertEquals(life, server.life());
    clients.stop();
    world.run(3 * Swarm.SECOND);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
  }
}
