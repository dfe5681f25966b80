package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that somebody else fills, though not to the brim: whole servers. */
class NearlyFullDiskTest {
  private static final long FLOOR = 12 << 16;

  /** Whether their logs are cut meanwhile or not. */
  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24, 25, 26})
  void noServerEndsForLackOfRoomAndAllGoOnWhenThereIsRoom(long seed) {
    Swarm swarm = seed % 2 == 0 ? Swarm.plain(seed, 3) : Swarm.plainWithSnapshots(seed, 3);
    FullCluster world = new FullCluster(swarm, /* keepsTrace= */ false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.servers().forEach(server -> server.diskFloor(FLOOR));
    world.startAll();
    clients.begin();
    world.run(5 * Swarm.SECOND);
    assertEquals(0, world.coverage.count("client.failed"), world.coverage::describe);

    for (long left : new long[] {FLOOR / 2, FLOOR / 4, FLOOR / 8}) {
      long failed = world.coverage.count("client.failed");
      world.servers().forEach(server -> server.leaveOnDisk(left));
      world.run(15 * Swarm.SECOND);
      assertTrue(world.coverage.count("client.failed") > failed, "nothing was refused");
    }
    for (FullServer each : world.servers()) {
      assertTrue(each.isUp(), each.describe());
    }
    assertEquals(
        0, world.coverage.count("process.stopped: the journal failed"), world.coverage::describe);

    world.servers().forEach(server -> server.leaveOnDisk(1L << 30));
    long answered = clients.answered();
    world.run(5 * Swarm.SECOND);
    assertTrue(clients.answered() > answered + 100, () -> clients.answered() + " were answered");
    clients.stop();
    world.run(3 * Swarm.SECOND);
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
  }
}
