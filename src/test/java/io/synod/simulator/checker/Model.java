package io.synod.simulator.checker;

import java.util.Collection;
import java.util.Optional;

/**
 * A sequential object: what answers a single copy may give, one operation after the other. It is
 * deterministic, has no state of its own, and may be used by any thread.
 *
 * @param <S> its states: immutable, with {@code equals} and {@code hashCode}
 * @param <I> what an operation asks for, with {@code equals}
 * @param <O> what it is told
 */
public interface Model<S, I, O> {

  /**
   * Which part of the object an operation is about. Parts are independent of each other, so that
   * each is checked on its own: a history is linearizable if and only if the history of each of its
   * parts is.
   */
  Object key(I input);

  /** The state of a part that no operation has touched. */
  S initial();

  /** The state after an operation that finds {@code state}. */
  S apply(S state, I input);

  /** Whether an operation that finds {@code state} may be told {@code output}. */
  boolean explains(S state, I input, O output);

  /**
   * Whether an operation that was told {@code output} leaves every state in which that answer is
   * right as it is. Such an operation is placed at the first chance, which saves most of the
   * search. False is always a correct answer.
   */
  default boolean onlyObserves(I input, O output) {
    return false;
  }

  /**
   * What it knows of what can become of a state, which makes searches short. None is always
   * correct.
   *
   * @param inputs of all operations on one part
   */
  default Optional<Foresight<S, I, O>> foresight(Collection<I> inputs) {
    return Optional.empty();
  }

  /** A request, for a person to read. */
  default String describe(I input) {
    return input.toString();
  }

  /** The answer to a request, for a person to read. */
  default String describe(I input, O output) {
    return output.toString();
  }

  /** A state, for a person to read. */
  default String describeState(S state) {
    return state.toString();
  }
}
