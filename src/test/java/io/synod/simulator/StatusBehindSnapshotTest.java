package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.NodeStatus;
import io.synod.paxos.Ballot;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says whose snapshot covers the slot in which the coordinator was elected. */
class StatusBehindSnapshotTest {
  /** Found by the fault matrix: it knew no coordinator until the next election. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void itNamesTheCoordinator(long seed) throws IOException {
    FullCluster world = new FullCluster(Swarm.plainWithSnapshots(seed, 3), /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(5 * Swarm.SECOND);
    FullServer restarted =
        world.servers().stream().filter(each -> !each.isCoordinating()).findFirst().orElseThrow();
    FullServer other =
        world.servers().stream().filter(each -> !each.equals(restarted)).findFirst().orElseThrow();
    restarted.askForSnapshot();
    world.run(Swarm.SECOND);
    Optional<Ballot> before = other.status().map(NodeStatus::ballot);
    restarted.crash(/* power= */ false);
    restarted.start();
    world.run(2 * Swarm.SECOND);
    assertEquals(before, other.status().map(NodeStatus::ballot), "nobody else was elected");
    assertTrue(restarted.status().flatMap(NodeStatus::coordinator).isPresent());
    assertEquals(before, restarted.status().map(NodeStatus::ballot));
  }
}
