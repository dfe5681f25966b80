package io.synod.simulator.checker;

import io.synod.simulator.checker.Operation.Answer;

/** An operation and what a search has to do about it. */
record Task<I, O>(Operation<I, O> operation, Duty duty) {

  Task {
    if (duty != Duty.OPEN && operation.answer().isEmpty()) {
      throw new IllegalArgumentException("an operation without an answer is open: " + operation);
    }
  }

  /** As the history has it. */
  static <I, O> Task<I, O> of(Operation<I, O> operation) {
    return new Task<>(operation, operation.answer().isPresent() ? Duty.MUST : Duty.OPEN);
  }

  /**
   * The answer of a task that is not open.
   *
   * @throws java.util.NoSuchElementException if it has none
   */
  Answer<O> answer() {
    return operation.answer().orElseThrow();
  }

  /** How an operation may be used. */
  enum Duty {
    /** Takes effect between its invocation and its answer, and the answer must be right. */
    MUST,
    /** The same, or else it is left out. */
    MAY,
    /** Takes effect at any time after its invocation, or never; its answer does not matter. */
    OPEN
  }
}
