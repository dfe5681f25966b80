package io.synod.simulator;

import java.util.EnumSet;
import java.util.function.Function;

/**
 * Makes a failing run smaller: leaves out classes of faults and ends the faults earlier, as long as
 * the same invariant fails.
 */
final class Shrinker {
  private Shrinker() {}

  /** The smallest run found that fails alike; {@code run} itself if none is smaller. */
  static Simulate.Run shrink(Simulate.Run run, Throwable failure) {
    return shrink(run, failure, smaller -> smaller.result(/* keepsTrace= */ false));
  }

  /**
   * As {@link #shrink(Simulate.Run, Throwable)}.
   *
   * @param harness what comes of a run
   */
  static Simulate.Run shrink(
      Simulate.Run run, Throwable failure, Function<Simulate.Run, Simulate.Run.Result> harness) {
    String name = nameOf(failure);
    Simulate.Run small = run;
    for (Fault fault : Fault.values()) {
      if (small.swarm().has(fault)) {
        Simulate.Run smaller =
            new Simulate.Run(small.swarm().without(EnumSet.of(fault)), run.light());
        small = failsAlike(harness.apply(smaller), name) ? smaller : small;
      }
    }
    long until = small.swarm().faultsEndNanos;
    for (int halvings = 0; halvings < 6; halvings++) {
      until = until / 2 / Swarm.MILLI * Swarm.MILLI;
      Simulate.Run smaller = new Simulate.Run(small.swarm().endingAt(until), run.light());
      if (until < 100 * Swarm.MILLI || !failsAlike(harness.apply(smaller), name)) {
        break;
      }
      small = smaller;
    }
    return small;
  }

  private static boolean failsAlike(Simulate.Run.Result result, String name) {
    return result.failure().map(Shrinker::nameOf).map(name::equals).orElse(false);
  }

  /** What failed: the invariant, or the kind of throwable. */
  static String nameOf(Throwable failure) {
    return failure instanceof Violation violation
        ? violation.invariant()
        : failure.getClass().getSimpleName();
  }
}
