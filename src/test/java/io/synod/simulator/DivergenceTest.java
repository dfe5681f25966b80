package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A replica whose state differs (protocol-rules.md, 14): whole servers. */
class DivergenceTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aReplicaThatDivergesGetsItsStateFromTheOthers(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, seed % 2 == 0 ? 3 : 5), false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    // Half of the seeds: the coordinator.
    FullServer server =
        world.servers().stream()
            .filter(each -> each.isCoordinating() == (seed % 4 < 2))
            .findFirst()
            .orElseThrow();
    ServerLife life = server.life();
    server.diverge(17);
    world.runUntil("divergence to be noticed", 30 * Swarm.SECOND, () -> !server.isDiverged());
    assertTrue(world.coverage.count("notice.StateDiverged") >= 1, world.coverage::describe);
    world.run(5 * Swarm.SECOND);
    clients.stop();
    world.run(3 * Swarm.SECOND);
    assertEquals(life, server.life());
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
    assertTrue(clients.answered() > 100, () -> clients.answered() + " answers");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void withoutAQuorumOfOneStateNobodyServes(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, 3), false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    List<FullServer> servers = world.servers();
    servers.get(0).diverge(17);
    servers.get(1).diverge(18);
    world.runUntil(
        "all to stop serving",
        30 * Swarm.SECOND,
        () -> servers.stream().allMatch(FullServer::isStateDisputed));
    long answered = clients.answered();
    world.run(3 * Swarm.SECOND);
    assertEquals(answered, clients.answered());
  }
}
