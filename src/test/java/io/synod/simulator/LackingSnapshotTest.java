package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Slot;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose snapshots are damaged, and whose logs begin behind them: whole servers. */
class LackingSnapshotTest {
  private static FullCluster cluster(long seed, Clients[] clients) {
    FullCluster world = new FullCluster(Swarm.plainWithSnapshots(seed, 3), /* keepsTrace= */ false);
    clients[0] = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients[0].begin();
    return world;
  }

  /** With its snapshot damaged, and nothing of its state left. */
  private static void restartWithout(FullServer server) throws IOException {
    server.crash(/* power= */ false);
    server.rotSnapshots();
    server.start();
    assertTrue(server.isUp());
  }

  private static void checkAllAgree(FullCluster world, Clients clients) {
    clients.stop();
    world.run(5 * Swarm.SECOND);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
    assertTrue(clients.answered() > 100, () -> clients.answered() + " answers");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void twoOfThreeGetTheirStateFromTheThird(long seed) throws IOException {
    Clients[] clients = new Clients[1];
    FullCluster world = cluster(seed, clients);
    world.run(5 * Swarm.SECOND);
    FullServer first = world.servers().get(0);
    FullServer second = world.servers().get(1);
    restartWithout(first);
    restartWithout(second);
    assertEquals(2, world.coverage.count("snapshot.damaged"), world.coverage::describe);
    assertFalse(first.isCoordinating());
    world.run(10 * Swarm.SECOND);
    checkAllAgree(world, clients[0]);
  }

  @Test
  void nothingIsAppliedToTheStateBeforeADamagedSnapshot() throws IOException {
    Clients[] clients = new Clients[1];
    FullCluster world = cluster(7, clients);
    world.run(5 * Swarm.SECOND);
    FullServer server = world.servers().get(1);
    assertTrue(server.applied().isAfter(Slot.ZERO));
    restartWithout(server);
    assertEquals(1, world.coverage.count("snapshot.damaged"), world.coverage::describe);
    assertEquals(Slot.ZERO, server.applied());
    world.runUntil(
        "its state from another", 5 * Swarm.SECOND, () -> server.applied().isAfter(Slot.ZERO));
    checkAllAgree(world, clients[0]);
  }

  /** The coordinator has enough to do. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whoWasAwayForLongGetsItsStateFromOneThatDoesNotCoordinate(long seed) throws IOException {
    Clients[] clients = new Clients[1];
    FullCluster world = cluster(seed, clients);
    world.run(2 * Swarm.SECOND);
    FullServer away =
        world.servers().stream().filter(each -> !each.isCoordinating()).findFirst().orElseThrow();
    away.crash(/* power= */ false);
    world.run(10 * Swarm.SECOND);
    assertEquals(0, world.coverage.count("snapshot.ofAnother"), world.coverage::describe);
    away.start();
    world.run(5 * Swarm.SECOND);
    assertTrue(world.coverage.count("snapshot.ofAnother") > 0, world.coverage::describe);
    assertEquals(0, world.coverage.count("snapshot.ofCoordinator"), world.coverage::describe);
    checkAllAgree(world, clients[0]);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void othersTakeOneWhenTheirsIsTooOld(long seed) throws IOException {
    Clients[] clients = new Clients[1];
    FullCluster world = cluster(seed, clients);
    world.run(5 * Swarm.SECOND);
    clients[0].stop();
    world.run(Swarm.SECOND);
    // It alone cuts its log behind the snapshots of the others.
    FullServer last = world.servers().get(2);
    last.askForSnapshot();
    world.run(Swarm.SECOND);
    restartWithout(last);
    world.run(10 * Swarm.SECOND);
    assertEquals(world.oracle.log().upTo(), last.applied(), last.describe());
  }
}
