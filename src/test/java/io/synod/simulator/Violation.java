package io.synod.simulator;

/** An invariant does not hold: what the simulator is there to find. */
public final class Violation extends AssertionError {
  private static final long serialVersionUID = 1L;
  private final String invariant;

  /**
   * @param invariant its name, as in the design
   */
  Violation(String invariant, String what) {
    super(invariant + ": " + what);
    this.invariant = invariant;
  }

  String invariant() {
    return invariant;
  }
}
