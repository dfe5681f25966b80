package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupReaderTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void readsNoDirectoryThatAServerWritesMeanwhile() throws IOException {
    try (FileDisk running = FileDisk.open(folder)) {
      String why = refusal();
      String pid = String.valueOf(ProcessHandle.current().pid());
      assertTrue(why.startsWith(folder + " is in use by process " + pid + ": take "), why);
      assertEquals(0, running.list().size());
    }
    assertEquals(folder + " holds no server's data", refusal());
  }

  private String refusal() {
    return String.valueOf(
        assertThrows(
                IOException.class, () -> BackupReader.directory(folder, folder.resolve("scratch")))
            .getMessage());
  }
}
