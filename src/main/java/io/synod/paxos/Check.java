package io.synod.paxos;

import com.google.errorprone.annotations.FormatMethod;

/**
 * Safety checks that are always on. A violated one ends the process with its state printed; nothing
 * catches it.
 */
public final class Check {
  private Check() {}

  /**
   * Throws unless {@code condition} holds.
   *
   * @throws InvariantViolation with {@code message} if it does not
   */
  public static void that(boolean condition, String message) {
    if (!condition) {
      throw new InvariantViolation(message);
    }
  }

  /** As {@link #that(boolean, String)}; the message is formatted only when the check fails. */
  @FormatMethod
  public static void that(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new InvariantViolation(String.format(format, arguments));
    }
  }

  /** An invariant of this server's own state does not hold: a defect, and the process must stop. */
  public static final class InvariantViolation extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    InvariantViolation(String message) {
      super(message);
    }
  }
}
