package io.synod.simulator.checker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Judges histories against a model. Keys are checked one by one. Keeps nothing between two calls;
 * the same history takes the same steps and gets the same report, unless time ran out.
 */
public final class LinearizabilityChecker<S, I, O> {
  /** Which part of the budget each key gets at first. */
  private static final int QUICK_PASS = 50;

  private final Model<S, I, O> model;
  private final Budget budget;

  /**
   * @param budget for the search of each key, and for each of the three stages in which the failing
   *     window of a key is sought
   */
  public LinearizabilityChecker(Model<S, I, O> model, Budget budget) {
    this.model = model;
    this.budget = budget;
  }

  /**
   * Judges a history. Not linearizable if some key is not; undecided if no key is known to fail and
   * the budget of one ran out. Once a key is known to fail, expensive ones may stay undecided.
   *
   * @param operations each with its own lines; operations that failed are not among them
   */
  public Report<S, I, O> check(List<Operation<I, O>> operations) {
    Map<Object, List<Operation<I, O>>> byKey = new LinkedHashMap<>();
    for (Operation<I, O> operation : operations) {
      byKey.computeIfAbsent(model.key(operation.input()), key -> new ArrayList<>()).add(operation);
    }
    List<FailingWindow<S, I, O>> windows = new ArrayList<>();
    List<Object> undecided = new ArrayList<>(byKey.keySet());
    long steps = 0;
    // A key that fails at little cost spares the search for those that cost much.
    for (Budget pass : List.of(budget.part(QUICK_PASS), budget)) {
      List<Object> keys = windows.isEmpty() ? List.copyOf(undecided) : List.of();
      for (Object key : keys) {
        List<Operation<I, O>> part = byKey.getOrDefault(key, List.of());
        Budget.Allowance allowance = pass.start();
        Verdict verdict = search(part, allowance);
        steps += allowance.taken();
        if (verdict != Verdict.UNDECIDED) {
          undecided.remove(key);
        }
        if (verdict == Verdict.NOT_LINEARIZABLE) {
          windows.add(new WindowFinder<>(model, part, budget).find(key));
        }
      }
    }
    return new Report<>(Counts.of(operations, byKey.size(), steps), undecided, windows);
  }

  private Verdict search(List<Operation<I, O>> operations, Budget.Allowance allowance) {
    List<Task<I, O>> tasks = operations.stream().map(Task::of).toList();
    return new Search<>(model, tasks, model.initial(), allowance).run();
  }

  /**
   * What was checked.
   *
   * @param unknown how many of the operations had no known answer
   * @param steps what the searches took, without the search for failing windows
   */
  public record Counts(int operations, int unknown, int keys, long steps) {
    private static <I, O> Counts of(List<Operation<I, O>> operations, int keys, long steps) {
      long unknown = operations.stream().filter(o -> o.answer().isEmpty()).count();
      return new Counts(operations.size(), Math.toIntExact(unknown), keys, steps);
    }
  }
}
