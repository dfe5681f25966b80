package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies beside a database that is whole. */
class RocksDirectoryTest {
  private final Path folder;
  private final Path aside;
  private final List<String> reports = new ArrayList<>();

  RocksDirectoryTest(@TempDir Path folder) {
    this.folder = folder;
    this.aside = folder.resolve("rocksdb-damaged");
  }

  @BeforeEach
  void aDatabaseWithAStateInIt() throws IOException {
    KeyValueStore store = open(RocksDirectory.of(folder));
    store.belongTo(RocksFiles.BELONGING);
    store.skip(Slot.of(1));
    store.close();
    Path inside = Files.createDirectories(aside.resolve("moved").resolve("here"));
    Files.writeString(inside.resolve("000001.sst"), "rows");
  }

  private KeyValueStore open(RocksDirectory directory) throws IOException {
    return RocksStorage.open(
        directory, Optional.of(RocksFiles.BELONGING.cluster()), 8 << 20, reports::add);
  }

  private void assertStarts(RocksDirectory directory) throws IOException {
    KeyValueStore store = open(directory);
    assertEquals(Slot.of(1), store.applied());
    store.close();
  }

  /** A person may have put it there. */
  @Test
  void aFolderInADatabaseThatWasSetAsideIsDeletedWithIt() throws IOException {
    assertStarts(RocksDirectory.of(folder));
    assertFalse(Files.exists(aside));
    assertEquals(List.of(), reports);
  }

  @Test
  void aLinkIsDeletedAndNotWhatItNames() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path file = Files.writeString(elsewhere.resolve("file"), "stays");
    Path link = Files.createSymbolicLink(folder.resolve("rocksdb-damaged-2"), elsewhere);
    Files.createSymbolicLink(aside.resolve("link"), elsewhere);
    assertStarts(RocksDirectory.of(folder));
    assertFalse(Files.isSymbolicLink(link));
    assertFalse(Files.exists(aside));
    assertTrue(Files.exists(file));
  }

  @Test
  void whatCannotBeDeletedIsSaidAndTheServerStarts() throws IOException {
    RocksDirectory failing =
        new RocksDirectory(
            folder,
            directory -> {
              throw new IOException("the disk says no");
            });
    assertStarts(failing);
    assertEquals(1, reports.size(), reports::toString);
    assertTrue(reports.get(0).contains("could not be deleted: "), reports::toString);
    assertTrue(reports.get(0).contains("the disk says no"), reports::toString);
  }

  @Test
  void theLastReasonForDistrustIsSaidAndNoMore() throws IOException {
    RocksDirectory directory = new RocksDirectory(folder, FileDisk::sync);
    directory.distrust("a long reason, and much more than that");
    directory.distrust("short");
    assertEquals(Optional.of("short"), directory.distrusted());
  }
}
