package io.synod.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small file in which a server says how it is, for scripts: {@code
 * state=starting|waiting|serving}, {@code coordinator=N}, {@code waiting_for=TEXT}. Written anew
 * when something changes, never half. One thread.
 */
final class StateFile {
  private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);

  private final Path file;
  private String written = "";

  StateFile(Path file) {
    this.file = file;
  }

  void write(String state, String coordinator, String waitingFor) {
    String text =
        "state="
            + state
            + "\ncoordinator="
            + coordinator
            + "\nwaiting_for="
            + waitingFor.replace('\n', ' ')
            + "\n";
    if (text.equals(written)) {
      return;
    }
    written = text;
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(beside, text);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.warn("the state file {} could not be written: {}", file, e.toString());
    }
  }
}
