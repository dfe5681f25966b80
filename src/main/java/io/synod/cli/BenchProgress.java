package io.synod.cli;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Says how far a run has come: on a terminal by a bar that is drawn anew in place, elsewhere by one
 * line at its begin.
 */
final class BenchProgress {
  private static final int BAR_WIDTH = 24;
  private static final long REDRAW_MILLIS = 200;

  private final PrintStream out;
  private final boolean terminal;
  private final int runs;
  private int run;

  /**
   * @param runs how many there will be
   */
  BenchProgress(PrintStream out, boolean terminal, int runs) {
    this.out = out;
    this.terminal = terminal;
    this.runs = runs;
  }

  /** Something worth a line of its own. */
  void say(String line) {
    if (terminal) {
      out.print("\r\u001b[K");
    }
    out.println(line);
  }

  /** The next run begins. */
  void begin(String what) {
    run++;
    if (!terminal) {
      out.println(run + "/" + runs + "  " + what + " ...");
    }
  }

  /** Waits for so long, and shows meanwhile how far the run has come and what it reaches. */
  void await(String what, Tally tally, Span span) throws InterruptedException {
    long began = System.nanoTime();
    long answeredBefore = tally.answered();
    long left = span.millis();
    while (left > 0) {
      Thread.sleep(terminal ? Math.min(left, REDRAW_MILLIS) : left);
      long passed = (System.nanoTime() - began) / 1_000_000;
      left = span.millis() - passed;
      if (terminal) {
        long rate = (tally.answered() - answeredBefore) * 1_000 / Math.max(1, passed);
        draw(what, span.from() + (span.to() - span.from()) * passed / span.millis(), rate);
      }
    }
  }

  /**
   * A part of a run.
   *
   * @param from which share of the run lies before it
   * @param to which share has passed at its end
   */
  record Span(long millis, double from, double to) {}

  private void draw(String what, double share, long perSecond) {
    double all = (run - 1 + Math.min(share, 1)) / runs;
    int filled = (int) (all * BAR_WIDTH);
    out.printf(
        Locale.ROOT,
        "\r\u001b[K[%s%s] %3.0f%%  %d/%d  %s  %,d op/s",
        "#".repeat(filled),
        "-".repeat(BAR_WIDTH - filled),
        all * 100,
        run,
        runs,
        what,
        perSecond);
    out.flush();
  }

  /** All runs are over. */
  void end() {
    if (terminal) {
      out.print("\r\u001b[K");
      out.flush();
    }
  }
}
