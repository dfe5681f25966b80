package io.synod.cli;

import java.util.Locale;

/**
 * How a run sets its pace.
 *
 * @param number of calls under way, or of calls that are meant to begin in a second
 */
record Pace(Kind kind, int number) {

  /** What the number says. */
  enum Kind {
    /** So many calls are under way at any time. */
    CLOSED,
    /** So many begin in a second. */
    OPEN,
    /** Half as many begin in a second as the same system reached at most in a closed loop. */
    HALF
  }

  /** For JSON. */
  String mode() {
    return kind == Kind.CLOSED ? "closed" : "open";
  }

  /** For tables and charts. */
  String text() {
    return switch (kind) {
      case CLOSED -> number + " outstanding";
      case OPEN -> String.format(Locale.ROOT, "%,d/s", number);
      case HALF -> "half load";
    };
  }
}
