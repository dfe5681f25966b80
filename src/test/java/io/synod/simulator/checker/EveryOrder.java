package io.synod.simulator.checker;

import io.synod.simulator.checker.Task.Duty;
import java.util.ArrayList;
import java.util.List;

/** Linearizability by its definition: tries every order of every choice of operations. */
final class EveryOrder {
  private EveryOrder() {}

  static <S, I, O> boolean explains(Model<S, I, O> model, List<Task<I, O>> tasks) {
    return explains(model, tasks, model.initial());
  }

  private static <S, I, O> boolean explains(Model<S, I, O> model, List<Task<I, O>> left, S state) {
    if (left.stream().noneMatch(task -> task.duty() == Duty.MUST)) {
      return true;
    }
    for (Task<I, O> task : left) {
      I input = task.operation().input();
      if (left.stream().noneMatch(other -> precedes(other, task))
          && (task.duty() == Duty.OPEN || model.explains(state, input, task.answer().output()))) {
        List<Task<I, O>> rest = new ArrayList<>(left);
        rest.remove(task);
        if (explains(model, rest, model.apply(state, input))) {
          return true;
        }
      }
    }
    return false;
  }

  private static <I, O> boolean precedes(Task<I, O> first, Task<I, O> second) {
    return first.duty() == Duty.MUST
        && first.answer().at().line() < second.operation().invoked().line();
  }
}
