package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SIGTERM to the coordinator, as a real process, under load. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class OrderlyStopTest {
  private static final int STOPS = Integer.getInteger("synod.survive.stops", 2);

  /** An election would take longer than this; a hand-over takes a few round trips. */
  private static final long ELECTION_TIMEOUT_MILLIS = 20_000;

  @Test
  void theCoordinatorHandsOverBeforeItEndsAndNoWriteWaitsForAnElection() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.options("election_timeout_millis:" + ELECTION_TIMEOUT_MILLIS);
      cluster.startAll();
      cluster.putSurely("first", "1");
      cluster.awaitAnswers(3);
      List<Long> gapsMillis = new ArrayList<>();
      for (int stop = 0; stop < STOPS; stop++) {
        gapsMillis.add(stop(cluster, stop));
      }
      System.out.println(
          "survive: the coordinator stopped in order "
              + STOPS
              + " times; longest ms between two acknowledged PUTs through the others: "
              + gapsMillis);
    }
  }

  private static long stop(RealCluster cluster, int stop) throws Exception {
    int coordinator = cluster.coordinator().orElseThrow();
    AtomicLong longestNanos = new AtomicLong();
    AtomicLong acknowledged = new AtomicLong();
    ConcurrentLinkedQueue<Status> failed = new ConcurrentLinkedQueue<>();
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < cluster.size(); i++) {
      int server = i;
      if (server != coordinator) {
        Thread writer =
            new Thread(
                () -> {
                  long last = System.nanoTime();
                  for (int k = 0; acknowledged.get() >= 0; k++) {
                    Status status = cluster.put(server, "k" + server, stop + "." + k, 10_000);
                    long now = System.nanoTime();
                    if (!status.isOk()) {
                      failed.add(status);
                    }
                    longestNanos.accumulateAndGet(now - last, Math::max);
                    last = now;
                    acknowledged.updateAndGet(count -> count < 0 ? count : count + 1);
                  }
                });
        writers.add(writer);
        writer.start();
      }
    }
    await(cluster, acknowledged, 100);
    longestNanos.set(0);
    long began = System.nanoTime();
    int status = cluster.terminate(coordinator);
    long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    await(cluster, acknowledged, acknowledged.get() + 100);
    acknowledged.set(-1);
    for (Thread writer : writers) {
      writer.join();
    }

    assertEquals(0, status, cluster::logs);
    assertTrue(tookMillis < 5_000, "it took " + tookMillis + " ms to end\n" + cluster.logs());
    assertEquals(List.of(), List.copyOf(failed), cluster::logs);
    long gapMillis = TimeUnit.NANOSECONDS.toMillis(longestNanos.get());
    assertTrue(
        gapMillis < ELECTION_TIMEOUT_MILLIS / 4,
        "writes waited for " + gapMillis + " ms\n" + cluster.logs());
    assertNotEquals(Optional.of(coordinator), cluster.coordinator());
    assertTrue(
        cluster.log(coordinator).stream().anyMatch(line -> line.contains("handed over to server")),
        cluster::logs);
    cluster.start(coordinator);
    cluster.getSurely(coordinator, "first");
    return gapMillis;
  }

  private static void await(RealCluster cluster, AtomicLong acknowledged, long count) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (acknowledged.get() < count) {
      assertTrue(System.nanoTime() < end, cluster::logs);
      LockSupport.parkNanos(5_000_000);
    }
  }
}
