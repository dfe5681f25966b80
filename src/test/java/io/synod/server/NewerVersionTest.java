package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.NewerJournal;
import io.synod.store.KeyValueStore;
import io.synod.store.NewerFormats;
import io.synod.store.RocksFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data of a newer release is no damage: it is refused by name, and stays as it is (rule 15). */
class NewerVersionTest {
  private static final String SNAPSHOT = "snapshot/0000000000000000010.snapshot";

  private final Path directory;

  NewerVersionTest(@TempDir Path folder) {
    directory = folder.resolve("data");
  }

  /** What a start does with the directory, as far as it gets. */
  private void start(String storage) throws IOException, BadConfigurationException {
    KeptState kept = DataDirectories.kept(directory, storage);
    try {
      KeptState.Opened opened = kept.open(() -> {});
      KeptState.State unused = kept.openState(opened.recovered());
    } finally {
      kept.close();
    }
  }

  private void assertRefused(String storage, String... parts) throws IOException {
    Map<String, String> before = contents();
    for (int attempt = 0; attempt < 2; attempt++) {
      IOException refused = assertThrows(IOException.class, () -> start(storage));
      String said = String.valueOf(refused.getMessage());
      for (String part : parts) {
        assertTrue(said.contains(part), said);
      }
      assertEquals(before, contents(), "nothing is touched");
    }
    Inspector.Report report = new Inspector(directory).inspect();
    assertFalse(report.whole(), report::text);
    for (String part : parts) {
      assertTrue(report.text().contains(part), report::text);
    }
    assertEquals(before, contents(), "nothing is touched");
  }

  /** But for the lock, which says who has the directory. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = DataDirectories.contents(directory);
    contents.remove("lock");
    contents.keySet().removeIf(name -> name.startsWith("rocksdb/LOG"));
    return contents;
  }

  private void rewrite(String name, byte[] bytes) throws IOException {
    Files.write(directory.resolve(name), bytes);
  }

  private byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(directory.resolve(name));
  }

  @Test
  void ofAFileOfTheJournal() throws Exception {
    DataDirectories.heap(directory);
    for (String name :
        List.of(
            "identity",
            "identity.copy",
            "promise.a",
            "promise.b",
            "journal/segment-000001.log",
            "journal/segment-000002.log")) {
      byte[] known = bytes(name);
      rewrite(name, NewerJournal.of(name, known, 7));
      assertRefused(
          "HEAP", name + " has journal format 7; this program knows 1: start a newer one");
      rewrite(name, known);
    }
    start("HEAP");
  }

  @Test
  void ofASnapshot() throws Exception {
    DataDirectories.heap(directory);
    byte[] known = bytes(SNAPSHOT);
    rewrite(SNAPSHOT, NewerFormats.snapshotOfVersion(99, known));
    assertRefused(
        "HEAP", SNAPSHOT + " is of version 99; this server knows 4: start a newer release");
    rewrite(SNAPSHOT, known);
    start("HEAP");
  }

  /** They show only when all of it is read: the journal was opened by then, and is what it was. */
  @Test
  void ofAPartOfASnapshot() throws Exception {
    DataDirectories.heap(directory);
    byte[] known = bytes(SNAPSHOT);
    Map<String, byte[]> newer =
        Map.of(
            "a chunk of kind 9, written by a newer version; this server knows kinds up to 7",
            NewerFormats.snapshotWithChunk(9, known),
            "a row of form 1, written by a newer version; this server knows form 0",
            NewerFormats.snapshotWithRowOfForm(1, known));
    for (Map.Entry<String, byte[]> each : newer.entrySet()) {
      rewrite(SNAPSHOT, each.getValue());
      IOException refused = assertThrows(IOException.class, () -> start("HEAP"));
      String said = String.valueOf(refused.getMessage());
      assertTrue(said.startsWith(SNAPSHOT + " at byte ") && said.contains(each.getKey()), said);
      assertTrue(Arrays.equals(each.getValue(), bytes(SNAPSHOT)), "it is left alone");
      Inspector.Report report = new Inspector(directory).inspect();
      assertTrue(report.text().contains(each.getKey()), report::text);
      assertFalse(report.whole(), report::text);
    }
    rewrite(SNAPSHOT, known);
    start("HEAP");
  }

  @Test
  void ofADatabase() throws Exception {
    DataDirectories.rocks(directory);
    RocksFiles.bearVersion(directory, 99);
    assertRefused(
        "ROCKSDB", "rocksdb is of version 99; this server knows 1: start a newer release");
  }

  @Test
  void ofASnapshotBesideADatabase() throws Exception {
    DataDirectories.rocks(directory);
    rewrite(SNAPSHOT, NewerFormats.snapshotOfVersion(99, bytes(SNAPSHOT)));
    assertRefused("ROCKSDB", SNAPSHOT + " is of version 99; this server knows 4");
  }

  @Test
  void ofABackup() throws Exception {
    DataDirectories.heap(directory);
    Path backup = directory.resolveSibling("backup");
    byte[] known = bytes(SNAPSHOT);
    Files.write(backup, known);
    assertTrue(new Inspector(backup).inspect().whole());
    Map<String, byte[]> newer =
        Map.of(
            "backup is of version 99; this server knows 4: start a newer release",
            NewerFormats.snapshotOfVersion(99, known),
            "a chunk of kind 8, written by a newer version",
            NewerFormats.snapshotWithChunk(8, known),
            "a row of form 2, written by a newer version",
            NewerFormats.snapshotWithRowOfForm(2, known));
    for (Map.Entry<String, byte[]> each : newer.entrySet()) {
      Files.write(backup, each.getValue());
      IOException refused =
          assertThrows(
              IOException.class, () -> BackupReader.file(backup, KeyValueStore.inMemory()));
      assertTrue(refused.toString().contains(each.getKey()), refused::toString);
      Inspector.Report report = new Inspector(backup).inspect();
      assertFalse(report.whole(), report::text);
      assertTrue(report.text().contains(each.getKey()), report::text);
      assertTrue(Arrays.equals(each.getValue(), Files.readAllBytes(backup)));
    }
  }
}
