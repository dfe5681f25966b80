package io.synod.simulator.checker;

import java.time.Duration;

/**
 * How much the search for one key may cost. The steps bound the memory as well: a step remembers at
 * most one configuration.
 *
 * @param steps moves tried; the same history takes the same steps each time
 * @param time on the clock of the machine: where a verdict must be reproducible, let the steps run
 *     out first
 */
public record Budget(long steps, Duration time) {

  /** Ample for 10,000 operations on one key by 20 clients; fits a heap of 2 GB. */
  public static final Budget STANDARD = new Budget(5_000_000, Duration.ofSeconds(60));

  public Budget {
    if (steps < 1 || time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("a budget must allow something: " + steps + ", " + time);
    }
  }

  /** An n-th of it. */
  Budget part(int n) {
    return new Budget(Math.max(1, steps / n), time);
  }

  Allowance start() {
    return new Allowance(this);
  }

  /** What is left of a budget. */
  static final class Allowance {
    /** How many steps go by between two looks at the clock. */
    private static final int STEPS_A_LOOK = 1024;

    private final Budget budget;
    private final long startNanos = System.nanoTime();
    private long taken;
    private boolean late;

    private Allowance(Budget budget) {
      this.budget = budget;
    }

    /** Takes a step; false if there is none left. */
    boolean take() {
      if (taken % STEPS_A_LOOK == 0) {
        late |= System.nanoTime() - startNanos > budget.time.toNanos();
      }
      if (late || taken >= budget.steps) {
        return false;
      }
      taken++;
      return true;
    }

    long taken() {
      return taken;
    }
  }
}
