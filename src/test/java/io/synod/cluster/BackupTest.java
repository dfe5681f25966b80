package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.proto.BackupChunk;
import io.synod.proto.BackupRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backups of real servers, and new clusters started from them. */
@Tag("long")
class BackupTest {
  private static final int KEYS = 40;
  private static final long MOST_GAP_MILLIS = 5_000;

  @TempDir private Path folder = Path.of("");

  @Test
  void aNewClusterStartsFromWhatWasCopiedWhileWritesWentOn() throws Exception {
    Path backup = folder.resolve("copied");
    Path left = folder.resolve("left");
    StatusResponse before;
    try (RealCluster old = new RealCluster(3)) {
      old.startAll();
      for (int i = 0; i < KEYS; i++) {
        old.putSurely("key" + i, "value" + i);
      }
      old.putSurely("key0", "again");
      old.awaitAnswers(3);
      before = status(old, 1);
      try (Writers writers = new Writers(old, 2, List.of(0, 2))) {
        copy(old, 1, backup);
        assertTrue(writers.longestGapMillis() < MOST_GAP_MILLIS, "writes went on");
      }
      old.killAll();
      assertEquals(0, offline("--backup-of", old.data(2).toString(), "--to", left.toString()));
    }
    for (Path each : List.of(backup, left)) {
      restoreAndCheck(each, before);
    }
  }

  private void restoreAndCheck(Path backup, StatusResponse before) throws Exception {
    Path into = folder.resolve(backup.getFileName() + "-restored");
    try (RealCluster restored = new RealCluster(5)) {
      List<RealCluster.Seat> seats = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        seats.add(restored.seat(i));
      }
      String members =
          seats.stream()
              .map(seat -> seat.consensus() + "/" + seat.client())
              .collect(Collectors.joining(","));
      String[] command = {
        "--restore", backup.toString(), "--into", into.toString(), "--members", members
      };
      assertEquals(0, offline(command));
      assertEquals(1, offline(command), "nothing is overwritten");
      for (int i = 0; i < 5; i++) {
        Files.move(into.resolve(String.valueOf(seats.get(i).client().port())), restored.data(i));
      }
      // The first two come last: any quorum of the new cluster has all of it.
      for (int i = 4; i >= 0; i--) {
        restored.start(i);
      }
      assertEquals(Optional.of("again"), restored.getSurely(4, "key0"));
      for (int i = 1; i < KEYS; i++) {
        assertEquals(Optional.of("value" + i), restored.getSurely(i % 5, "key" + i));
      }
      restored.putSurely("new", "thing");
      assertEquals(Optional.of("thing"), restored.getSurely(2, "new"));
      StatusResponse now = status(restored, 3);
      assertFalse(now.getClusterId().equals(before.getClusterId()), "another cluster");
      assertTrue(now.getRevision() > before.getRevision(), "revisions go on");
    }
  }

  /** The one that is left of three; what it had accepted last it does not know to be chosen. */
  @Test
  void whatIsLeftOfAServerOnRocksDbIsCopiedWithTheEndOfItsLog() throws Exception {
    Path left = folder.resolve("left");
    StatusResponse before;
    try (RealCluster old = new RealCluster(3)) {
      old.options("journal_segment_mib:1 storage:ROCKSDB block_cache_mib:8");
      old.startAll();
      // More than a segment, so that the log is cut behind what the database holds.
      String large = "x".repeat(100_000);
      for (int i = 0; i < 2 * KEYS; i++) {
        old.putSurely("large" + i, i + large);
      }
      old.putSurely("large0", "small");
      for (int i = 0; i < KEYS; i++) {
        old.putSurely("key" + i, "value" + i);
      }
      old.putSurely("key0", "again");
      old.awaitAnswers(3);
      before = status(old, 1);
      old.killAll();
      Map<String, byte[]> files = contents(old.data(2));
      assertEquals(0, offline("--backup-of", old.data(2).toString(), "--to", left.toString()));
      assertEquals(files.keySet(), contents(old.data(2)).keySet(), "nothing is changed");
      for (Map.Entry<String, byte[]> each : contents(old.data(2)).entrySet()) {
        assertArrayEquals(files.get(each.getKey()), each.getValue(), each.getKey());
      }
      try (Stream<Path> beside = Files.list(folder)) {
        assertEquals(List.of(left), beside.toList());
      }
      // And it starts again as if nothing had been.
      old.startAll();
      assertEquals(Optional.of("again"), old.getSurely(2, "key0"));
      old.killAll();
      Files.writeString(old.data(2).resolve("rocksdb-distrusted"), "why");
      Path other = folder.resolve("other");
      assertEquals(1, offline("--backup-of", old.data(2).toString(), "--to", other.toString()));
      assertFalse(Files.exists(other));
    }
    restoreAndCheck(left, before);
  }

  private static Map<String, byte[]> contents(Path directory) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(directory.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  @Test
  void aBackupThatIsDamagedMakesNothing() throws Exception {
    Path backup = folder.resolve("backup");
    try (RealCluster old = new RealCluster(1)) {
      old.startAll();
      old.putSurely("key", "value");
      copy(old, 0, backup);
    }
    byte[] whole = Files.readAllBytes(backup);
    byte[] damaged = whole.clone();
    damaged[damaged.length / 2] ^= 4;
    Files.write(backup, damaged);
    Path into = folder.resolve("into");
    assertEquals(1, offline("--restore", backup.toString(), "--into", into.toString()));
    assertEquals(1, offline("--inspect", backup.toString()));
    assertFalse(Files.exists(into));
    Files.write(backup, whole);
    assertEquals(0, offline("--inspect", backup.toString()));
    assertArrayEquals(whole, Files.readAllBytes(backup));
  }

  private static StatusResponse status(RealCluster cluster, int server) {
    return cluster.operators(server).status(StatusRequest.getDefaultInstance());
  }

  private static void copy(RealCluster cluster, int server, Path to) throws IOException {
    Iterator<BackupChunk> chunks =
        cluster.operators(server).backup(BackupRequest.getDefaultInstance());
    try (OutputStream out = Files.newOutputStream(to)) {
      while (chunks.hasNext()) {
        chunks.next().getBytes().writeTo(out);
      }
    }
  }

  /** What a server's program does without serving; returns its exit status. */
  private static int offline(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(ClassArchive.serverCommand());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
