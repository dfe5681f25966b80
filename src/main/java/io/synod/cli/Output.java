package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.ClusterStatus;
import io.synod.client.Row;
import io.synod.client.SynodException;
import io.synod.client.UnknownOutcomeException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where results and errors go, and how they look. */
final class Output {
  private static final String DIM = "\u001b[2m";
  private static final String RED = "\u001b[31m";
  private static final String PLAIN = "\u001b[0m";

  /** How many rows of a list share the width of their keys. */
  static final int ROWS_TOGETHER = 100;

  private static final int MOST_KEY_WIDTH = 40;
  private static final int SHOWN_CHARACTERS = 300;

  private final PrintStream results;
  private final PrintStream errors;
  private final Style style;
  private String place = "";

  /** How results look. */
  enum Style {
    /** For programs: a line for each, whole. */
    LINES,
    /**
     * For a person: long keys and values shortened, keys of a list below each other, and the time
     * it took.
     */
    TERMINAL,
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

  /** To the same places, as bytes only. */
  Output raw() {
    Output raw = new Output(results, errors, Style.RAW);
    raw.place = place;
    return raw;
  }

  /** What stands in front of errors from now on: where the command is from. */
  void place(String now) {
    place = now;
  }

  /** Whether it is for a program. */
  boolean isRaw() {
    return style == Style.RAW;
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
      timed(shown(value), note, tookNanos);
    }
  }

  /** Whether it is for a person at a terminal. */
  boolean isForPerson() {
    return style == Style.TERMINAL || style == Style.COLOURS;
  }

  private String shown(ByteString value) {
    return isForPerson() ? Printable.shortened(value, SHOWN_CHARACTERS) : Printable.of(value);
  }

  /** Pairs of a listing that belong together, at most {@link #ROWS_TOGETHER}. */
  void rows(List<Row> rows) {
    int width = 0;
    if (isForPerson()) {
      for (Row row : rows) {
        int length = shown(row.key()).length();
        width = length > MOST_KEY_WIDTH ? width : Math.max(width, length);
      }
    }
    for (Row row : rows) {
      if (style == Style.RAW) {
        value(row.key(), "", 0);
      } else {
        String key = shown(row.key());
        String gap = " ".repeat(Math.max(0, width - key.length()) + 2);
        results.println(key + gap + shown(row.value()));
      }
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
  void members(ClusterStatus status) {
    results.println(style == Style.RAW ? MembersTable.raw(status) : MembersTable.of(status));
  }

  /**
   * Who coordinates.
   *
   * @param address what a person reads behind its id
   */
  void coordinator(int server, String address, long tookNanos) {
    if (style == Style.RAW) {
      results.println(server);
    } else {
      timed("server " + server + address, "", tookNanos);
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
    if (!isForPerson()) {
      results.println(text);
      if (!note.isEmpty()) {
        results.flush();
        errors.println("(" + note + ")");
        errors.flush();
      }
      return;
    }
    String time = "(" + (note.isEmpty() ? "" : note + ", ") + milliseconds(tookNanos) + ")";
    results.println(text + "  " + (style == Style.COLOURS ? DIM + time + PLAIN : time));
  }

  /** Servers by their ids, in words. */
  static String servers(List<Integer> ids) {
    String all = ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return (ids.size() == 1 ? "server " : "servers ") + all;
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
    boolean unknown = failure instanceof UnknownOutcomeException;
    if (failure.getCause() instanceof InterruptedException) {
      String outcome = unknown ? "; outcome unknown: it may take effect, now or later" : "";
      error("cancelled after " + milliseconds(tookNanos) + outcome);
      return;
    }
    String kind = unknown ? "outcome unknown" : "failed";
    error(kind + " after " + milliseconds(tookNanos) + ": " + failure.getMessage());
  }

  /** What is said while a command waits. Any thread. */
  void aside(String text) {
    errors.println(style == Style.COLOURS ? DIM + text + PLAIN : text);
    errors.flush();
  }

  void error(String text) {
    // What was said before must not appear after it.
    results.flush();
    errors.println(place + (style == Style.COLOURS ? RED + text + PLAIN : text));
    errors.flush();
  }

  void flush() {
    results.flush();
  }
}
