package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.journal.JournalRefusedException;
import io.synod.paxos.Slot;
import io.synod.store.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A snapshot is believed only of the directory that it was written or installed in. */
class SnapshotWithoutIdentityTest {
  private static final String SNAPSHOT = "snapshot/0000000000000000010";

  private final Path directory;

  SnapshotWithoutIdentityTest(@TempDir Path folder) {
    directory = folder.resolve("data");
  }

  @BeforeEach
  void aSnapshotAlone() throws IOException {
    try (FileDisk disk = FileDisk.open(directory)) {
      DataDirectories.snapshot(disk, DataDirectories.CUT);
    }
  }

  /** How far the state goes that a start finds. */
  private Slot started(String storage) throws IOException, BadConfigurationException {
    KeptState kept = DataDirectories.kept(directory, storage);
    try {
      KeptState.Opened opened = kept.open(() -> {});
      KeptState.State state = kept.openState(opened.recovered());
      assertEquals(state.store().applied(), state.snapshots().newest());
      return state.store().applied();
    } finally {
      kept.close();
    }
  }

  private boolean isThere(String end) {
    return Files.exists(directory.resolve(SNAPSHOT + end));
  }

  @ParameterizedTest
  @ValueSource(strings = {"HEAP", "ROCKSDB"})
  void itIsNobodysAndSetAside(String storage) throws IOException, BadConfigurationException {
    assertEquals(Slot.ZERO, started(storage));
    assertTrue(isThere(".damaged"), "for a person to look at");
    assertFalse(isThere(".snapshot"));
    assertEquals(Slot.ZERO, started(storage));
  }

  /** One that was installed may be all that a server knows of its cluster so far. */
  @Test
  void besideAnIdentityItIsBelievedThoughTheLogIsEmpty()
      throws IOException, BadConfigurationException {
    try (FileDisk disk = FileDisk.open(directory)) {
      DataDirectories.journal(disk).close();
    }
    assertEquals(Slot.of(DataDirectories.CUT), started("HEAP"));
    assertTrue(isThere(".snapshot"));
  }

  @Test
  void besideAJournalWithoutIdentityItStaysAsItIs() throws IOException {
    Folders.delete(directory);
    DataDirectories.heap(directory);
    Files.delete(directory.resolve("identity"));
    Files.delete(directory.resolve("identity.copy"));
    assertThrows(JournalRefusedException.class, () -> started("HEAP"));
    assertTrue(isThere(".snapshot"));
  }
}
