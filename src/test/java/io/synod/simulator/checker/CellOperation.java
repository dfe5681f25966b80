package io.synod.simulator.checker;

import java.util.List;
import java.util.Optional;

/**
 * A kind of operation on what one key holds. Everything that the checker, the recorder and the text
 * of a history need to know about it is here; meant for enums, one constant a kind.
 */
public interface CellOperation {

  /** Its name in the text of a history: one word. */
  String name();

  /** How many arguments follow the key. */
  int argumentCount();

  /** How many results it gives at most. */
  int maximumResultCount();

  /** What it can do to the key. */
  Effect effect();

  /**
   * What the key holds afterwards.
   *
   * @param cell what it holds before; empty if it is absent
   */
  Optional<String> apply(Optional<String> cell, List<String> arguments);

  /** Whether an operation that finds {@code cell} may give {@code results}. */
  boolean explains(Optional<String> cell, List<String> arguments, List<String> results);

  /**
   * Whether an operation that gave {@code results} changed nothing for sure.
   *
   * @see Model#onlyObserves
   */
  default boolean onlyObserves(List<String> results) {
    return effect() == Effect.READS;
  }

  /** What an operation can do to what a key holds. When in doubt, {@link #ANY}. */
  enum Effect {
    /**
     * Leaves it as it is; its one result is what the key holds, and it has none if that is absent.
     */
    READS,
    /** Replaces it by something that does not depend on it, and its results do not either. */
    REPLACES,
    /** Appends to it, with results that do not depend on it. */
    EXTENDS,
    /** None of these. Always right; the checker searches longer. */
    ANY
  }

  /** The operation on a key. */
  default Request on(String key, String... arguments) {
    return new Request(this, key, List.of(arguments));
  }
}
