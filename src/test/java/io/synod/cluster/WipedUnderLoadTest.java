package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that lost its disk comes back while the others are written to. */
@Tag("long")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class WipedUnderLoadTest {
  private static final int KEYS = 14_000;
  private static final int VALUE_BYTES = 1 << 10;
  private static final int PUTS_A_SECOND = 2_000;

  /**
   * The snapshot takes some seconds on its way, and in these the others write several of their own:
   * they keep the log behind the one that is on its way, so that no second one is needed.
   */
  @Test
  void oneSnapshotIsEnough() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.options("log_mib:24 snapshot_mib_per_second:5");
      cluster.startAll();
      cluster.awaitAnswers(3);
      int coordinator = cluster.coordinator().orElseThrow();
      int victim = coordinator == 1 ? 2 : 1;
      AtomicLong next = new AtomicLong();
      try (PutLoad load =
          new PutLoad(
              cluster.seat(coordinator).client(),
              16,
              VALUE_BYTES,
              () -> next.getAndIncrement() % KEYS,
              PUTS_A_SECOND)) {
        while (next.get() < KEYS) {
          Thread.onSpinWait();
        }
        cluster.kill(victim);
        RealCluster.delete(cluster.data(victim));
        int before = snapshots(cluster, coordinator);
        cluster.start(victim);
        cluster.awaitOwnVote(victim);
        assertTrue(snapshots(cluster, coordinator) > before, "another was written meanwhile");
        assertEquals(1, installed(cluster, victim), () -> "installed: " + cluster.logs());
        assertEquals(0, load.take().failures());
      }
    }
  }

  private static int snapshots(RealCluster cluster, int server) throws IOException {
    return (int)
        cluster.log(server).stream().filter(line -> line.contains("snapshot of slot")).count();
  }

  private static int installed(RealCluster cluster, int server) throws IOException {
    return (int)
        cluster.log(server).stream().filter(line -> line.contains("installed a snapshot")).count();
  }
}
