package io.synod.simulator.checker;

import java.util.Optional;

/**
 * One operation of one client.
 *
 * @param answer when it ended and what it was told; empty if that is unknown: then it may take
 *     effect at any time after its invocation, or never
 */
public record Operation<I, O>(String client, I input, Moment invoked, Optional<Answer<O>> answer) {

  public Operation {
    if (answer.isPresent() && !invoked.isBefore(answer.get().at())) {
      throw new IllegalArgumentException("answered before it was invoked: " + input);
    }
  }

  /** What an operation was told, and when. */
  public record Answer<O>(O output, Moment at) {}

  /** Whether its answer is known and came no later than {@code line}. */
  boolean answeredBy(int line) {
    return answer.isPresent() && answer.get().at().line() <= line;
  }
}
