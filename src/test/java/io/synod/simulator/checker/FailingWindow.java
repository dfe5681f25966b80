package io.synod.simulator.checker;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The smallest part of a key's history that already fails.
 *
 * @param operations those that touch the window, by invocation
 * @param needed those without which it would not fail
 * @param inexplicable the operation whose answer ends the window: up to just before it, the history
 *     can be explained
 * @param before the state at the start of the window; empty if it fails from whatever state
 * @param longest an order that explains what was answered before that
 */
public record FailingWindow<S, I, O>(
    Object key,
    List<Operation<I, O>> operations,
    Set<Operation<I, O>> needed,
    Operation<I, O> inexplicable,
    Optional<S> before,
    Order<S, I, O> longest,
    Model<S, I, O> model) {

  private static final int PICTURE_WIDTH = 40;
  private static final int ORDER_SHOWN = 8;
  private static final int OPERATIONS_SHOWN = 80;

  public FailingWindow {
    operations = List.copyOf(operations);
  }

  /**
   * An order of operations that a single copy could have carried out.
   *
   * @param after the state that it leads to
   * @param answered how many operations there were to explain
   */
  public record Order<S, I, O>(List<Operation<I, O>> operations, S after, int answered) {
    public Order {
      operations = List.copyOf(operations);
    }
  }

  /** The window as a table with a picture of time, then the longest order, in lines of text. */
  public String describe() {
    int start = operations.stream().mapToInt(o -> o.invoked().line()).min().orElse(0);
    int end = answerLine(inexplicable);
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "%nThe smallest window that already fails: key %s, lines %d to %d, %d operations%s%n",
            key,
            start,
            end,
            operations.size(),
            before
                .map(state -> ", from " + model.describeState(state) + " at the beginning")
                .orElse(", whatever came before")));
    text.append(
        "(! no order explains this answer, * needed for the failure, > answered later)\n\n");
    text.append(
        String.format(
            "  %9s %13s %13s  %-8s %-" + PICTURE_WIDTH + "s  %s%n",
            "lines",
            "invoked",
            "answered",
            "client",
            "time",
            "operation"));
    int hidden = Math.max(0, operations.size() - OPERATIONS_SHOWN);
    if (hidden > 0) {
      text.append(String.format("  ... %,d operations before these%n", hidden));
    }
    for (Operation<I, O> operation : operations.subList(hidden, operations.size())) {
      text.append(row(operation, new Scale(start, end)));
    }
    text.append(describeLongest(end));
    return text.toString();
  }

  private String row(Operation<I, O> operation, Scale scale) {
    boolean answered = operation.answeredBy(scale.end);
    String answer =
        answered
            ? " -> " + model.describe(operation.input(), answer(operation).output())
            : operation.answer().isPresent() ? " -> (answered later)" : " -> (unknown)";
    String mark = operation.equals(inexplicable) ? "!" : needed.contains(operation) ? "*" : " ";
    return String.format(
        "%s %9s %13s %13s  %-8s %s  %s%s%n",
        mark,
        operation.invoked().line() + "-" + (answered ? answer(operation).at().line() : ""),
        millis(operation.invoked().nanos()),
        answered ? millis(answer(operation).at().nanos()) : "",
        operation.client(),
        scale.bar(operation),
        model.describe(operation.input()),
        answer);
  }

  private String describeLongest(int end) {
    List<Operation<I, O>> order = longest.operations;
    StringBuilder text = new StringBuilder();
    long explained = order.stream().filter(operation -> operation.answeredBy(end)).count();
    text.append(
        String.format(
            "%nThe longest linearizable prefix ends before line %d: an order explains %,d of its %,d"
                + " answers%s:%n",
            end,
            explained,
            longest.answered,
            order.size() > ORDER_SHOWN ? "; its last " + ORDER_SHOWN + " operations" : ""));
    for (Operation<I, O> operation :
        order.subList(Math.max(0, order.size() - ORDER_SHOWN), order.size())) {
      text.append(String.format("    %s%n", brief(operation, end)));
    }
    text.append(String.format("  which leads to %s%n", model.describeState(longest.after)));
    text.append(String.format("Neither this order nor another explains%n"));
    text.append(String.format("    %s%n", brief(inexplicable, end)));
    return text.toString();
  }

  private String brief(Operation<I, O> operation, int end) {
    return String.format(
        "%-8s %s%s",
        operation.client(),
        model.describe(operation.input()),
        operation.answeredBy(end)
            ? " -> " + model.describe(operation.input(), answer(operation).output())
            : " (not answered by then)");
  }

  private static <I, O> Operation.Answer<O> answer(Operation<I, O> operation) {
    return operation.answer().orElseThrow();
  }

  private static <I, O> int answerLine(Operation<I, O> operation) {
    return answer(operation).at().line();
  }

  private static String millis(OptionalLong nanos) {
    return nanos.isPresent() ? String.format(Locale.ROOT, "%.3f ms", nanos.getAsLong() / 1e6) : "";
  }

  /** Draws the time between two lines. */
  private record Scale(int start, int end) {
    private String bar(Operation<?, ?> operation) {
      StringBuilder bar = new StringBuilder(" ".repeat(PICTURE_WIDTH));
      boolean answered = operation.answeredBy(end);
      int from = column(operation.invoked().line());
      int to = answered ? column(answerLine(operation)) : PICTURE_WIDTH - 1;
      for (int i = from; i <= to; i++) {
        bar.setCharAt(i, '-');
      }
      bar.setCharAt(from, '|');
      bar.setCharAt(to, answered ? '|' : '>');
      return bar.toString();
    }

    private int column(int line) {
      long lines = Math.max(1, end - start);
      return (int) ((long) (line - start) * (PICTURE_WIDTH - 1) / lines);
    }
  }
}
