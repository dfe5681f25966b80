package io.synod.simulator.checker;

import io.synod.simulator.checker.FailingWindow.Order;
import io.synod.simulator.checker.Task.Duty;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the smallest window of a failing key's history that already fails.
 *
 * <p>Its end is the first answer up to which no order explains what happened: the beginning of a
 * linearizable history is linearizable, so this is a binary search. Its start is the latest one
 * from which the rest fails whatever came before: from every state that the key can ever have had
 * by then, with the operations that were under way at the start used or not. That, too, is a binary
 * search. At last, each operation of the window that is not needed for it to fail is found out by
 * making it open.
 *
 * <p>Where the budget runs out, the window stays larger than it need be; it fails all the same.
 */
final class WindowFinder<S, I, O> {
  /** In windows of more operations than this, nobody looks for what is spare. */
  private static final int SPARE_SOUGHT = 200;

  private final Model<S, I, O> model;
  private final List<Operation<I, O>> operations;
  private final Budget budget;

  /** Of the stage under way. */
  private Budget.Allowance allowance;

  /**
   * @param operations of one key, for which no order was found
   * @param budget for each of the stages: end, start, and what is spare
   */
  WindowFinder(Model<S, I, O> model, List<Operation<I, O>> operations, Budget budget) {
    this.model = model;
    this.operations = operations;
    this.budget = budget;
    this.allowance = budget.start();
  }

  FailingWindow<S, I, O> find(Object key) {
    Operation<I, O> inexplicable = inexplicable();
    int end = line(inexplicable);
    allowance = budget.start();
    Search<S, I, O> beginning =
        new Search<>(model, tasks(new Span(0, end), Set.of()), model.initial(), allowance);
    boolean decided = beginning.run() == Verdict.NOT_LINEARIZABLE;
    Set<S> states = states(beginning);
    allowance = budget.start();
    Search<S, I, O> explained =
        new Search<>(model, tasks(new Span(0, end - 1), Set.of()), model.initial(), allowance);
    explained.run();
    allowance = budget.start();
    Span span = new Span(decided ? latestStart(inexplicable, states) : 0, end);
    Set<S> before = span.start == 0 ? Set.of(model.initial()) : states;
    allowance = budget.start();
    Set<Operation<I, O>> spare = spare(span, before, inexplicable);
    List<Operation<I, O>> shown = new ArrayList<>();
    Set<Operation<I, O>> needed = new HashSet<>();
    for (Task<I, O> task : tasks(span, Set.of())) {
      Operation<I, O> operation = task.operation();
      boolean isNeeded = task.duty() != Duty.OPEN && !spare.contains(operation);
      if (isNeeded) {
        needed.add(operation);
      }
      if (isNeeded || operation.invoked().line() >= span.start || task.duty() == Duty.MAY) {
        shown.add(operation);
      }
    }
    return new FailingWindow<>(
        key,
        shown,
        needed,
        inexplicable,
        span.start == 0 ? Optional.of(model.initial()) : Optional.empty(),
        new Order<>(explained.longest(), explained.stateAfterLongest(), answered(end - 1)),
        model);
  }

  /**
   * The states that the key can have had: those that the search reached, and, as it turns back
   * where it sees no hope, what each operation makes of a new key.
   */
  private Set<S> states(Search<S, I, O> search) {
    Set<S> states = new LinkedHashSet<>(search.states());
    for (Operation<I, O> operation : operations) {
      states.add(model.apply(model.initial(), operation.input()));
    }
    return states;
  }

  /** The operation whose answer is the first that no order explains. */
  private Operation<I, O> inexplicable() {
    List<Operation<I, O>> answered = new ArrayList<>();
    for (Operation<I, O> operation : operations) {
      if (operation.answer().isPresent()) {
        answered.add(operation);
      }
    }
    answered.sort((a, b) -> Integer.compare(line(a), line(b)));
    int low = 0;
    int high = answered.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      Span span = new Span(0, line(answered.get(middle)));
      if (fails(span, Set.of(), Set.of(model.initial()))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return answered.get(high);
  }

  /** The line at which the window starts; 0 if it must start with the history. */
  private int latestStart(Operation<I, O> inexplicable, Set<S> states) {
    List<Integer> starts = new ArrayList<>();
    for (Operation<I, O> operation : operations) {
      if (!inexplicable.invoked().isBefore(operation.invoked())) {
        starts.add(operation.invoked().line());
      }
    }
    starts.sort(null);
    Collections.reverse(starts);
    int end = line(inexplicable);
    // The window is mostly short, and a short one is cheap to check: doubled until it fails.
    int low = 0;
    int high = 1;
    while (high < starts.size() && !fails(new Span(starts.get(high - 1), end), Set.of(), states)) {
      low = high;
      high *= 2;
    }
    high = Math.min(high, starts.size());
    if (!fails(new Span(starts.get(high - 1), end), Set.of(), states)) {
      return 0;
    }
    while (high - low > 1) { // with low operations it does not fail, with high it does
      int middle = (low + high) >>> 1;
      if (fails(new Span(starts.get(middle - 1), end), Set.of(), states)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return starts.get(high - 1);
  }

  /** Operations of the window without whose answers and limits it fails as well. */
  private Set<Operation<I, O>> spare(Span span, Set<S> before, Operation<I, O> inexplicable) {
    Set<Operation<I, O>> spare = new HashSet<>();
    List<Task<I, O>> tasks = tasks(span, Set.of());
    if (tasks.stream().filter(task -> task.duty() != Duty.OPEN).count() > SPARE_SOUGHT) {
      return spare;
    }
    for (Task<I, O> task : tasks) {
      Operation<I, O> operation = task.operation();
      if (task.duty() != Duty.OPEN && !operation.equals(inexplicable)) {
        spare.add(operation);
        if (!fails(span, spare, before)) {
          spare.remove(operation);
        }
      }
    }
    return spare;
  }

  private boolean fails(Span span, Set<Operation<I, O>> spare, Set<S> before) {
    List<Task<I, O>> tasks = tasks(span, spare);
    for (S state : different(before, tasks)) {
      Search<S, I, O> search = new Search<>(model, tasks, state, allowance);
      if (search.run() != Verdict.NOT_LINEARIZABLE) {
        return false;
      }
    }
    return true;
  }

  /** One of each kind of states that the operations cannot tell from each other. */
  private Collection<S> different(Set<S> states, List<Task<I, O>> tasks) {
    List<I> inputs = tasks.stream().map(task -> task.operation().input()).toList();
    Optional<Foresight<S, I, O>> plain = model.foresight(inputs).filter(Foresight::isPlain);
    if (plain.isEmpty()) {
      return states;
    }
    Set<S> read = new HashSet<>();
    for (Task<I, O> task : tasks) {
      if (task.duty() != Duty.OPEN) {
        I input = task.operation().input();
        plain.get().stateRead(input, task.answer().output()).ifPresent(read::add);
      }
    }
    List<S> different = new ArrayList<>(states);
    different.removeIf(state -> !read.contains(state));
    states.stream().filter(state -> !read.contains(state)).findFirst().ifPresent(different::add);
    return different;
  }

  /** What the history is between two lines, if all that one knows is what happened there. */
  private List<Task<I, O>> tasks(Span span, Set<Operation<I, O>> spare) {
    List<Task<I, O>> tasks = new ArrayList<>();
    for (Operation<I, O> operation : operations) {
      int invoked = operation.invoked().line();
      if (invoked > span.end) {
        continue;
      }
      if (!operation.answeredBy(span.end) || spare.contains(operation)) {
        tasks.add(new Task<>(operation, Duty.OPEN));
      } else if (line(operation) >= span.start) {
        tasks.add(new Task<>(operation, invoked < span.start ? Duty.MAY : Duty.MUST));
      }
    }
    return tasks;
  }

  private int answered(int end) {
    return (int) operations.stream().filter(operation -> operation.answeredBy(end)).count();
  }

  private int line(Operation<I, O> answered) {
    return answered.answer().orElseThrow().at().line();
  }

  /**
   * A part of the history, both lines in it.
   *
   * @param start 0: the beginning, where the key is in its initial state
   */
  private record Span(int start, int end) {}
}
