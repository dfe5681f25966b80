package io.synod.server;

import io.synod.node.NodeStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small file in which a server says how it is, for scripts: {@code
 * state=starting|waiting|serving}, {@code coordinator=N}, {@code waiting_for=TEXT}, {@code
 * members=SLOT:ID,ID,...} for the membership of that slot. Written anew when something changes,
 * never half. One thread.
 */
final class StateFile {
  private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);

  private final Path file;
  private String written = "";

  StateFile(Path file) {
    this.file = file;
  }

  /**
   * @param state as {@link Readiness} calls it
   */
  void write(String state, NodeStatus status) {
    String coordinator =
        status.coordinator().map(server -> String.valueOf(server.number())).orElse("");
    String waitingFor = !state.equals("waiting") ? "" : Readiness.why(status).replace('\n', ' ');
    String text =
        "state="
            + state
            + "\ncoordinator="
            + coordinator
            + "\nwaiting_for="
            + waitingFor
            + "\nmembers="
            + members(status)
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

  private static String members(NodeStatus status) {
    return status.members().isEmpty()
        ? ""
        : status.members().stream()
            .map(each -> String.valueOf(each.member().server().number()))
            .collect(Collectors.joining(",", status.membershipAt().number() + ":", ""));
  }
}
