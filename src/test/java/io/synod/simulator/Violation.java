package io.synod.simulator;

/** An invariant does not hold: what the simulator is there to find. */
public final class Violation extends AssertionError {
  private static final long serialVersionUID = 1L;
  private final String invariant;

  /** The part of the run that shows it; from 0 to 0 if that is not known. */
  private final long fromNanos;

  private final long toNanos;

  /**
   * @param invariant its name, as in the design
   */
  Violation(String invariant, String what) {
    this(invariant, what, 0, 0);
  }

  Violation(String invariant, String what, long fromNanos, long toNanos) {
    super(invariant + ": " + what);
    this.invariant = invariant;
    this.fromNanos = fromNanos;
    this.toNanos = toNanos;
  }

  long fromNanos() {
    return fromNanos;
  }

  long toNanos() {
    return toNanos;
  }

  String invariant() {
    return invariant;
  }
}
