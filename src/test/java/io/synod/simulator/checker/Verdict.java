package io.synod.simulator.checker;

/** What the checker says of a history. */
public enum Verdict {
  /** An order of the operations exists that explains every answer. */
  LINEARIZABLE,
  /** No such order exists. */
  NOT_LINEARIZABLE,
  /** The budget ran out before either was shown. Whoever asked must treat this as a failure. */
  UNDECIDED
}
