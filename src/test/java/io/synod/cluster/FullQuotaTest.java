package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.synod.proto.StatusResponse;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Servers that hold as much as they may, as real processes. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class FullQuotaTest {
  private static final String VALUE = "x".repeat(100_000);

  private static String warning(RealCluster cluster, int server) {
    return cluster.status(server).map(StatusResponse::getWarning).orElse("no answer");
  }

  /** A server that has not applied the last write yet is asked again. */
  private static void awaitWarning(RealCluster cluster, int server, String what)
      throws InterruptedException {
    for (int i = 0; i < 1_000 && !warning(cluster, server).contains(what); i++) {
      Thread.sleep(10);
    }
    assertTrue(
        warning(cluster, server).contains(what),
        () -> warning(cluster, server) + " is not: " + what + cluster.logs());
  }

  @Test
  void putsAreRefusedDeletesAreNotAndPutsGoOnByThemselves() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.options("journal_segment_mib:1 quota_mib:1");
      cluster.startAll();
      cluster.awaitAnswers(3);
      // Ten of them are in the quota.
      for (int i = 0; i < 10; i++) {
        cluster.putSurely("k" + i, VALUE);
      }
      for (int server = 0; server < 3; server++) {
        // It counts what it has applied.
        assertEquals(Optional.of(VALUE), cluster.getSurely(server, "k9"));
        Status refused = cluster.put(server, "more" + server, VALUE, 5_000);
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.getCode(), refused::toString);
        String why = String.valueOf(refused.getDescription());
        assertTrue(why.contains("the store is full: 10 keys of 1,000,020 bytes"), why);
        assertTrue(why.contains("delete keys, or raise quota_mib on all servers"), why);
        awaitWarning(cluster, server, "the quota is reached, puts are refused: 10 keys");
        assertEquals(Optional.of(VALUE), cluster.getSurely(server, "k1"));
      }

      assertEquals(Status.OK, cluster.delete(0, "k0", 5_000), cluster::logs);
      assertEquals(Status.OK, cluster.delete(1, "k1", 5_000), cluster::logs);
      for (int server = 0; server < 3; server++) {
        assertEquals(Optional.empty(), cluster.getSurely(server, "k1"));
        awaitWarning(cluster, server, "the store is 7");
      }
      assertEquals(Status.OK, cluster.put(2, "k0", VALUE, 5_000), cluster::logs);
      assertEquals(Optional.of(VALUE), cluster.getSurely(0, "k0"));
    }
  }
}
