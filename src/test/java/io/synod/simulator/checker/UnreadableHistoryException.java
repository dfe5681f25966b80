package io.synod.simulator.checker;

/** A file is not a history: the message names the file, the line, and what was expected there. */
public final class UnreadableHistoryException extends Exception {
  private static final long serialVersionUID = 1L;

  UnreadableHistoryException(String message, Throwable cause) {
    super(message, cause);
  }

  UnreadableHistoryException(String message) {
    super(message);
  }
}
