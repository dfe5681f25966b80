package io.synod.simulator.checker;

import io.synod.simulator.checker.Task.Duty;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * For a plain key ({@link Foresight#isPlain}): how many answers still ask for each state, and how
 * many operations can still bring it about. Follows a search as it places operations and takes them
 * back.
 */
final class Demand<S, I, O> {
  private final Model<S, I, O> model;
  private final Foresight<S, I, O> foresight;
  private final Map<S, Counts> counts = new HashMap<>();

  Demand(Model<S, I, O> model, Foresight<S, I, O> foresight) {
    this.model = model;
    this.foresight = foresight;
  }

  /** Notes that an operation is not placed. */
  void add(Task<I, O> task) {
    change(task, 1);
  }

  /** Notes that an operation is placed, or left out. */
  void remove(Task<I, O> task) {
    change(task, -1);
  }

  /** Whether an answer that must be explained asks for a state that will not come back. */
  boolean isLost(S state) {
    Counts found = counts.get(state);
    return found != null && found.needed > 0 && found.sources == 0;
  }

  /** Whether no answer asks for a state any more. */
  boolean isUnwanted(S state) {
    Counts found = counts.get(state);
    return found == null || found.wanted == 0;
  }

  /** Whether what an operation brings about will be seen by none. */
  boolean isUnseen(Task<I, O> task) {
    return replaces(task) && isUnwanted(result(task));
  }

  private void change(Task<I, O> task, int by) {
    if (replaces(task)) {
      of(result(task)).sources += by;
    } else if (task.duty() != Duty.OPEN) {
      Optional<S> read = foresight.stateRead(task.operation().input(), task.answer().output());
      Counts counted = of(read.orElseThrow());
      counted.wanted += by;
      counted.needed += task.duty() == Duty.MUST ? by : 0;
    }
  }

  private boolean replaces(Task<I, O> task) {
    return foresight.replaces(task.operation().input());
  }

  private S result(Task<I, O> task) {
    return model.apply(model.initial(), task.operation().input());
  }

  private Counts of(S state) {
    return counts.computeIfAbsent(state, key -> new Counts());
  }

  private static final class Counts {
    /** Operations not placed that lead to the state. */
    private int sources;

    /** Answers not placed that are right in this state only. */
    private int wanted;

    /** Those of them that may not be left out. */
    private int needed;
  }
}
