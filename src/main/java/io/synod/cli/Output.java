package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.SynodException;
import io.synod.client.UnknownOutcomeException;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.Locale;

/** Where results and errors go, and how they look. */
final class Output {
  private static final String DIM = "\u001b[2m";
  private static final String RED = "\u001b[31m";
  private static final String PLAIN = "\u001b[0m";

  private final PrintStream results;
  private final PrintStream errors;
  private final Style style;

  /** How results look. */
  enum Style {
    /** A line for each, with the time it took. */
    LINES,
    /** The same, with colours. */
    COLOURS,
    /** The bytes of values and nothing else. */
    RAW
  }

  Output(PrintStream results, PrintStream errors, Style style) {
    this.results = results;
    this.errors = errors;
    this.style = style;
  }

  /** A value that was found. */
  void value(ByteString value, String note, long tookNanos) {
    if (style == Style.RAW) {
      try {
        value.writeTo(results);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      results.println();
    } else {
      timed(Printable.of(value), note, tookNanos);
    }
  }

  /** A pair of a listing. */
  void row(ByteString key, ByteString value) {
    if (style == Style.RAW) {
      value(key, "", 0);
    } else {
      results.println(Printable.of(key) + "  " + Printable.of(value));
    }
  }

  /** How many there are. */
  void count(long count, long tookNanos) {
    if (style == Style.RAW) {
      results.println(count);
    } else {
      timed(count == 1 ? "1 key" : count + " keys", "", tookNanos);
    }
  }

  /** Who belongs to the cluster. */
  void members(StatusResponse status) {
    results.println(style == Style.RAW ? MembersTable.raw(status) : MembersTable.of(status));
  }

  /** Who coordinates. */
  void coordinator(int server, long tookNanos) {
    if (style == Style.RAW) {
      results.println(server);
    } else {
      timed("server " + server, "", tookNanos);
    }
  }

  /** What a change of the membership makes of it. */
  void plan(String text) {
    if (style != Style.RAW) {
      results.println(text);
    }
  }

  /** The one line of a result that is no value. */
  void result(String text, String note, long tookNanos) {
    if (style != Style.RAW) {
      timed(text, note, tookNanos);
    }
  }

  private void timed(String text, String note, long tookNanos) {
    String time = "(" + note + milliseconds(tookNanos) + ")";
    results.println(text + "  " + (style == Style.COLOURS ? DIM + time + PLAIN : time));
  }

  static String milliseconds(long nanos) {
    double millis = nanos / 1e6;
    return millis < 9.95
        ? String.format(Locale.ROOT, "%.1f ms", millis)
        : millis < 9_999.5
            ? String.format(Locale.ROOT, "%.0f ms", millis)
            : String.format(Locale.ROOT, "%.1f s", millis / 1e3);
  }

  /** Text of several lines. */
  void text(String text) {
    results.println(text);
  }

  /** A call that did not succeed. */
  void failure(SynodException failure, long tookNanos) {
    String kind = failure instanceof UnknownOutcomeException ? "outcome unknown" : "failed";
    error(kind + " after " + milliseconds(tookNanos) + ": " + failure.getMessage());
  }

  void error(String text) {
    // What was said before must not appear after it.
    results.flush();
    errors.println(style == Style.COLOURS ? RED + text + PLAIN : text);
    errors.flush();
  }

  void flush() {
    results.flush();
  }
}
