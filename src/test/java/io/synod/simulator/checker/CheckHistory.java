package io.synod.simulator.checker;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** The program behind {@code scripts/check_history}. */
public final class CheckHistory {
  static final int LINEARIZABLE = 0;
  static final int NOT_LINEARIZABLE = 1;
  static final int UNREADABLE = 2;
  static final int UNDECIDED = 3;

  private CheckHistory() {}

  /** Judges the history in the file that is the only argument, and exits with its status. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), Budget.STANDARD, System.out, System.err));
  }

  /** As {@link #main}, but returns the exit status. */
  static int run(List<String> arguments, Budget budget, PrintStream out, PrintStream err) {
    if (arguments.size() != 1) {
      err.println("usage: check_history FILE");
      return UNREADABLE;
    }
    try {
      var report = HistoryFile.read(Path.of(arguments.get(0))).check(budget);
      out.print(report.describe());
      return switch (report.verdict()) {
        case LINEARIZABLE -> LINEARIZABLE;
        case NOT_LINEARIZABLE -> NOT_LINEARIZABLE;
        case UNDECIDED -> UNDECIDED;
      };
    } catch (UnreadableHistoryException e) {
      err.println(e.getMessage());
      return UNREADABLE;
    }
  }
}
