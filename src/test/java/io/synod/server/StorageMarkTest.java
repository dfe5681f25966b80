package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.server.Configuration.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StorageMarkTest {
  private final Path directory;

  StorageMarkTest(@TempDir Path directory) {
    this.directory = directory;
  }

  /** As the journal does at the first start. */
  private void start(Storage storage) throws IOException {
    StorageMark.put(directory, storage);
    Path unused = Files.writeString(directory.resolve("identity"), "any");
  }

  @ParameterizedTest
  @EnumSource(names = {"HEAP", "ROCKSDB"})
  void aNewDataDirectoryIsItsOwnersAloneAndOneThatIsThereKeepsItsRights(Storage storage)
      throws IOException {
    Path made = directory.resolve("above/made");
    StorageMark.put(made, storage);
    FileDisk.open(made).close();
    assertEquals(PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(made));

    Set<PosixFilePermission> wide = PosixFilePermissions.fromString("rwxr-x---");
    Path unused = Files.setPosixFilePermissions(made, wide);
    StorageMark.put(made, storage);
    FileDisk.open(made).close();
    assertEquals(wide, Files.getPosixFilePermissions(made));
  }

  @ParameterizedTest
  @EnumSource(names = {"HEAP", "ROCKSDB", "WITNESS"})
  void dataIsNeverLeftAsideForAnotherStorage(Storage held) throws IOException {
    start(held);
    for (Storage wanted : Storage.values()) {
      if (wanted == held) {
        StorageMark.put(directory, wanted);
      } else {
        IOException refused =
            assertThrows(
                IOException.class, () -> StorageMark.checkNoOther(directory, wanted), wanted::name);
        assertTrue(
            String.valueOf(refused.getMessage()).contains("is written with storage " + held),
            refused::getMessage);
      }
    }
    assertEquals(Optional.of(held), StorageMark.of(directory));
  }

  @ParameterizedTest
  @EnumSource
  void anEmptyDirectoryIsForAll(Storage wanted) throws IOException {
    StorageMark.checkNoOther(directory, wanted);
    assertEquals(Optional.empty(), StorageMark.of(directory));
  }

  @Test
  void aMarkOfAnUnknownStorageIsRefusedByName() throws IOException {
    start(Storage.ROCKSDB);
    Path unused = Files.writeString(directory.resolve("storage"), "TAPE\n");
    IOException refused = assertThrows(IOException.class, () -> StorageMark.of(directory));
    assertTrue(String.valueOf(refused.getMessage()).contains("'TAPE'"), refused::getMessage);
  }
}
