package io.synod.simulator.checker;

import io.synod.simulator.checker.LinearizabilityChecker.Counts;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What the checker found.
 *
 * @param undecided the keys whose search ended before its verdict
 * @param windows the evidence, one for each key that is not linearizable
 */
public record Report<S, I, O>(
    Counts counts, List<Object> undecided, List<FailingWindow<S, I, O>> windows) {

  public Report {
    undecided = List.copyOf(undecided);
    windows = List.copyOf(windows);
  }

  /** The verdict on the whole history. */
  public Verdict verdict() {
    if (!windows.isEmpty()) {
      return Verdict.NOT_LINEARIZABLE;
    }
    return undecided.isEmpty() ? Verdict.LINEARIZABLE : Verdict.UNDECIDED;
  }

  /** The smallest failing window of all keys; empty unless the history is not linearizable. */
  public Optional<FailingWindow<S, I, O>> smallestWindow() {
    return windows.stream().min(Comparator.comparingInt(window -> window.operations().size()));
  }

  /** The verdict, what was checked, and the smallest failing window, in lines of text. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    text.append(
        switch (verdict()) {
          case LINEARIZABLE -> "linearizable";
          case NOT_LINEARIZABLE -> "NOT LINEARIZABLE";
          case UNDECIDED -> "UNDECIDED: the budget ran out";
        });
    text.append(
        String.format(
            ": %,d operations (%,d of unknown outcome) on %,d keys, %,d steps%n",
            counts.operations(), counts.unknown(), counts.keys(), counts.steps()));
    if (!undecided.isEmpty()) {
      text.append(String.format("undecided keys: %s%n", undecided));
    }
    if (windows.size() > 1) {
      List<Object> failing = windows.stream().<Object>map(FailingWindow::key).toList();
      text.append(String.format("failing keys: %s%n", failing));
    }
    smallestWindow().ifPresent(window -> text.append(window.describe()));
    return text.toString();
  }
}
