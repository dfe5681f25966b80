package io.synod.journal;

import java.io.IOException;

/**
 * The directory cannot be used by this server: it belongs to another, is in use, was written by a
 * newer program, or has lost what tells whose it is. The message is for the operator. Nothing was
 * changed.
 */
public final class JournalRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  public JournalRefusedException(String message) {
    super(message);
  }

  public JournalRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
