package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.synod.paxos.Bytes;
import io.synod.server.Main;
import io.synod.store.RocksFiles;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real processes, some with their state in memory and some with it in RocksDB. */
@Tag("long")
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

  private static void startAll(RealCluster cluster, String... options)
      throws IOException, InterruptedException {
    for (int i = 0; i < options.length; i++) {
      start(cluster, i, options[i]);
    }
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

  private static boolean says(RealCluster cluster, int server, String what) throws IOException {
    return cluster.log(server).stream().anyMatch(line -> line.contains(what));
  }

  @Test
  void serversOfBothKindsBringEachOtherBack() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      startAll(cluster, HEAP, ROCKS, ROCKS);
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
        RealCluster.delete(cluster.data(wiped));
        start(cluster, wiped, wiped == 0 ? HEAP : ROCKS);
        assertFalse(cluster.awaitVotingIncarnation(wiped, before).isEmpty());
        assertHolds(cluster, wiped, 120);
        assertTrue(says(cluster, wiped, "installed a snapshot"), cluster::logs);
      }

      // All at once.
      cluster.killAll();
      startAll(cluster, HEAP, ROCKS, ROCKS);
      write(cluster, 120, 125);
      for (int server = 0; server < 3; server++) {
        assertHolds(cluster, server, 125);
      }
    }
  }

  @Test
  void damageInADatabaseIsMendedFromTheOthers() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      startAll(cluster, HEAP, HEAP, ROCKS);
      write(cluster, 0, 100);
      String before = cluster.awaitVotingIncarnation(2, "");
      assertEquals(0, cluster.terminate(2));
      // In the largest file, among its values: a start does not read them.
      try (Stream<Path> all = Files.list(cluster.data(2).resolve("rocksdb"))) {
        Path largest =
            all.filter(file -> file.toString().endsWith(".sst"))
                .max(Comparator.comparingLong(file -> file.toFile().length()))
                .orElseThrow();
        byte[] bytes = Files.readAllBytes(largest);
        bytes[bytes.length / 3] ^= 1;
        Files.write(largest, bytes);
      }
      start(cluster, 2, ROCKS);
      // Whoever reads it ends the process: a client's read here, if RocksDB itself was not first.
      for (int i = 0; cluster.isRunning(2); i++) {
        readOnce(cluster, i % 100);
      }
      assertEquals(74, cluster.awaitEnd(2), cluster::logs);
      assertTrue(Files.exists(cluster.data(2).resolve("rocksdb-distrusted")));
      start(cluster, 2, ROCKS);
      assertHolds(cluster, 2, 100);
      assertTrue(says(cluster, 2, "the database is set aside"), cluster::logs);
      assertTrue(says(cluster, 2, "installed a snapshot"), cluster::logs);
      assertEquals(before, cluster.awaitVotingIncarnation(2, ""), "its vote is not touched");
    }
  }

  /** Of a start on: its rows and its hash fit each other, and differ from the others'. */
  @Test
  void aDatabaseThatDivergedIsThrownAwayAndFetchedAnew() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      startAll(cluster, HEAP, HEAP, ROCKS);
      write(cluster, 0, 100);
      assertHolds(cluster, 2, 100);
      String before = cluster.awaitVotingIncarnation(2, "");
      assertEquals(0, cluster.terminate(2));
      RocksFiles.corruptRow(cluster.data(2), Bytes.utf8("k7"));
      start(cluster, 2, ROCKS);
      Optional<String> first = cluster.getSurely(2, "k7");
      assertNotEquals(Optional.of(value(7)), first, "nobody can know better yet");

      // Each 64th slot is compared.
      for (int i = 0; i < 200 && !says(cluster, 2, "the database is set aside"); i++) {
        long unused = cluster.putSurely("more", "value" + i);
      }
      awaitSays(cluster, 2, "the database is set aside");
      assertHolds(cluster, 2, 100);
      assertEquals(Optional.of(value(7)), cluster.localSurely(2, "k7"));
      assertTrue(says(cluster, 2, "diverged"), cluster::logs);
      assertTrue(says(cluster, 2, "installed a snapshot"), cluster::logs);
      assertTrue(cluster.isRunning(2), "in the same process");
      assertEquals(before, cluster.awaitVotingIncarnation(2, ""), "its vote is not touched");
    }
  }

  private static void awaitSays(RealCluster cluster, int server, String what)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!says(cluster, server, what)) {
      assertTrue(System.nanoTime() < end, cluster::logs);
      Thread.sleep(5);
    }
  }

  private static void readOnce(RealCluster cluster, int i) {
    try {
      assertEquals(Optional.of(value(i)), cluster.get(2, "k" + i, 5_000));
    } catch (StatusRuntimeException e) {
      // It starts, or ends.
      assertTrue(
          e.getStatus().getCode() == Status.Code.UNAVAILABLE
              || e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED,
          e::toString);
    }
  }

  @Test
  void withoutTheLibraryItSaysWhatToAddAndTouchesNothing() throws Exception {
    Path data = Files.createTempDirectory("synod-library").resolve("data");
    String main = Main.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    List<String> jars = new ArrayList<>(List.of(main));
    try (Stream<Path> all = Files.list(Path.of("target/lib"))) {
      all.map(Path::toString).filter(jar -> !jar.contains("rocksdb")).forEach(jars::add);
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                String.join(File.pathSeparator, jars),
                "io.synod.server.Main",
                "my_addr:'127.0.0.1:1' my_paxos:'127.0.0.1:2' replica:'127.0.0.1:2' storage:ROCKSDB"
                    + " data_dir:'"
                    + data
                    + "'")
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(2, process.waitFor(), said);
    assertTrue(said.contains("add rocksdbjni-11.8.1.jar"), said);
    assertFalse(Files.exists(data));
    Files.delete(data.resolveSibling(".").normalize());
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
          says(cluster, 0, "is written with storage rocksdb, and this server is to have heap"),
          cluster::logs);
      start(cluster, 0, ROCKS);
      assertEquals(Optional.of("value"), cluster.getSurely(0, "key"));
    }
    try (RealCluster cluster = new RealCluster(1)) {
      start(cluster, 0, HEAP);
      long unused = cluster.putSurely("key", "value");
      cluster.kill(0);
      start(cluster, 0, ROCKS);
      assertEquals(1, cluster.awaitEnd(0));
      assertTrue(
          says(cluster, 0, "is written with storage heap, and this server is to have rocksdb"),
          cluster::logs);
      assertFalse(Files.exists(cluster.data(0).resolve("rocksdb")));
    }
  }
}
