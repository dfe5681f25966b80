package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Disks whose syncs do not end (protocol-rules.md, 17): whole servers. */
class HungDiskTest {
  private static FullServer coordinator(FullCluster world) {
    return world.servers().stream().filter(FullServer::isCoordinating).findFirst().orElseThrow();
  }

  @Test
  void aCoordinatorWhoseDiskHangsIsReplaced() {
    FullCluster world = new FullCluster(Swarm.plain(1, 3), /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    FullServer hung = coordinator(world);
    hung.stuckSync(20 * Swarm.SECOND);
    world.runUntil(
        "another coordinator",
        3 * world.swarm.electionTimeoutNanos,
        () -> world.servers().stream().anyMatch(each -> each != hung && each.isCoordinating()));
    long answered = clients.answered();
    world.run(5 * Swarm.SECOND);
    assertFalse(hung.isCoordinating());
    assertTrue(clients.answered() > answered + 20, () -> clients.answered() + " answers");
    world.run(20 * Swarm.SECOND);
    clients.stop();
    world.run(3 * Swarm.SECOND);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
  }

  /** It could not even take a ballot. */
  @Test
  void aServerWhoseDiskHangsStandsInNobodysWay() {
    FullCluster world = new FullCluster(Swarm.plain(1, 5), /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    FullServer old = coordinator(world);
    List<FullServer> others = world.servers().stream().filter(each -> each != old).toList();
    // The one that would go first.
    FullServer hung = others.get(0);
    hung.stuckSync(60 * Swarm.SECOND);
    world.run(Swarm.SECOND);
    old.crash(/* power= */ true);
    world.runUntil(
        "a coordinator",
        2 * world.swarm.electionTimeoutNanos,
        () -> others.stream().anyMatch(FullServer::isCoordinating));
    assertFalse(hung.isCoordinating());
  }
}
