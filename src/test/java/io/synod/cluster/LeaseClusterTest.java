package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads under the coordinator's lease, as real processes. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LeaseClusterTest {
  private static final int KILLS = Integer.getInteger("synod.survive.leaseKills", 2);
  private static final long CALL_MILLIS = 10_000;

  /** Five ping intervals. */
  private static final long LONG_LEASE_MILLIS = 10_000;

  private static void readEverywhere(RealCluster cluster, String expected) {
    for (int i = 0; i < cluster.size(); i++) {
      if (cluster.isRunning(i)) {
        assertEquals(Optional.of(expected), cluster.getSurely(i, "key"), cluster::logs);
      }
    }
  }

  @Test
  void aKilledCoordinatorIsReplacedAndNoReadIsOld() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.options("read_mode:LEASE");
      cluster.startAll();
      cluster.putSurely("key", "0");
      cluster.awaitAnswers(3);
      for (int kill = 1; kill <= KILLS; kill++) {
        readEverywhere(cluster, Integer.toString(kill - 1));
        readEverywhere(cluster, Integer.toString(kill - 1));
        int coordinator = cluster.coordinator().orElseThrow();
        cluster.kill(coordinator);
        long began = System.nanoTime();
        cluster.putSurely("key", Integer.toString(kill));
        System.out.println(
            "survive: a coordinator with a lease killed; next PUT after ms "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
        readEverywhere(cluster, Integer.toString(kill));
        cluster.start(coordinator);
        cluster.awaitAnswers(3);
        readEverywhere(cluster, Integer.toString(kill));
      }
    }
  }

  /** The acceptors have promised to vote for no other for longer than the test waits. */
  @Test
  void aHandOverDoesNotWaitForTheLease() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.options("read_mode:LEASE ping_interval_millis:2000 election_timeout_millis:20000");
      cluster.startAll();
      cluster.putSurely("key", "0");
      cluster.awaitAnswers(3);
      readEverywhere(cluster, "0");
      readEverywhere(cluster, "0");
      int coordinator = cluster.coordinator().orElseThrow();
      long began = System.nanoTime();
      assertEquals(0, cluster.terminate(coordinator), cluster::logs);
      int other = (coordinator + 1) % 3;
      assertTrue(cluster.put(other, "key", "1", CALL_MILLIS).isOk(), cluster::logs);
      long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
      assertTrue(tookMillis < LONG_LEASE_MILLIS / 2, () -> tookMillis + " ms\n" + cluster.logs());
      readEverywhere(cluster, "1");
    }
  }
}
