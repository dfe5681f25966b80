package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real processes, some with their state in memory and some with it in RocksDB. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RocksClusterTest {
  private static final String HEAP = "journal_segment_mib:1 ";
  private static final String ROCKS = "journal_segment_mib:1 storage:ROCKSDB block_cache_mib:8";
  private static final String LARGE = "x".repeat(100_000);

  private static String value(int i) {
    return i + LARGE;
  }

  private static void start(RealCluster cluster, int server, String options)
      throws IOException, InterruptedException {
    cluster.options(options);
    cluster.start(server);
  }

  private static void write(RealCluster cluster, int from, int until) {
    for (int i = from; i < until; i++) {
      long unused = cluster.putSurely("k" + i, value(i));
    }
  }

  private static void assertHolds(RealCluster cluster, int server, int until) {
    for (int i = 0; i < until; i++) {
      assertEquals(Optional.of(value(i)), cluster.getSurely(server, "k" + i), "k" + i);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static boolean says(RealCluster cluster, int server, String what) throws IOException {
    return cluster.log(server).stream().anyMatch(line -> line.contains(what));
  }

  @Test
  void serversOfBothKindsBringEachOtherBack() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      start(cluster, 0, HEAP);
      start(cluster, 1, ROCKS);
      start(cluster, 2, ROCKS);
      write(cluster, 0, 100);

      // Killed, it goes on from what is in its files, and from its log.
      cluster.kill(1);
      write(cluster, 100, 120);
      start(cluster, 1, ROCKS);
      assertHolds(cluster, 1, 120);
      assertFalse(says(cluster, 1, "installed a snapshot"), cluster::logs);

      // With its disk gone, it gets the state of others: from either kind, to either kind.
      for (int wiped : List.of(0, 1)) {
        String before = cluster.awaitVotingIncarnation(wiped, "");
        cluster.kill(wiped);
        delete(cluster.data(wiped));
        start(cluster, wiped, wiped == 0 ? HEAP : ROCKS);
        assertFalse(cluster.awaitVotingIncarnation(wiped, before).isEmpty());
        assertHolds(cluster, wiped, 120);
        assertTrue(says(cluster, wiped, "installed a snapshot"), cluster::logs);
      }

      // All at once.
      cluster.killAll();
      start(cluster, 0, HEAP);
      start(cluster, 1, ROCKS);
      start(cluster, 2, ROCKS);
      write(cluster, 120, 125);
      for (int server = 0; server < 3; server++) {
        assertHolds(cluster, server, 125);
      }
    }
  }

  @Test
  void aDirectoryOfTheOtherKindIsRefused() throws Exception {
    try (RealCluster cluster = new RealCluster(1)) {
      start(cluster, 0, ROCKS);
      long unused = cluster.putSurely("key", "value");
      assertEquals(0, cluster.terminate(0));
      start(cluster, 0, HEAP);
      assertEquals(1, cluster.awaitEnd(0));
      assertTrue(
          says(cluster, 0, "is written with storage ROCKSDB, and this server is to have HEAP"),
          cluster::logs);
      start(cluster, 0, ROCKS);
      assertEquals(Optional.of("value"), cluster.getSurely(0, "key"));
    }
  }
}
