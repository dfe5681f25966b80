package io.synod.server;

import io.synod.server.SynodServer.Failure;
import io.synod.store.EngineFailedException;

/**
 * What a server says that must end at once, in one line: what is wrong, and what a person is to do.
 * All that is needed to look into it stands in a line of its own behind that.
 */
final class EndWords {
  /** A line that can be read at a glance. */
  private static final int MOST_CHARACTERS = 300;

  private EndWords() {}

  static String of(Failure failure) {
    if (failure.diskFull().isPresent()) {
      return failure.diskFull().get() + "; this server ends";
    }
    String cause = shortened(reason(failure.cause()));
    if (failure.cause() instanceof EngineFailedException failed && failed.isDamage()) {
      return "the database is damaged: "
          + cause
          + "; this server ends: start it again, and it sets the database aside and fetches the"
          + " state from the others";
    } else if (failure.ofDisk()) {
      return failure.what()
          + ": "
          + cause
          + "; this server ends: look at the disk, then start it again; nothing that it acknowledged"
          + " is lost";
    }
    return failure.what()
        + ": "
        + cause
        + "; this server ends, by an error of its own: start it again, and report the line that"
        + " follows";
  }

  /** In the words of what the server knows to fail; else with the kind of it. */
  private static String reason(Throwable cause) {
    String message = cause.getMessage();
    return cause instanceof EngineFailedException && message != null ? message : cause.toString();
  }

  private static String shortened(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= MOST_CHARACTERS ? line : line.substring(0, MOST_CHARACTERS) + " ...";
  }
}
