package io.synod.simulator.checker;

import java.util.Optional;

/**
 * What a model knows of what can still become of a state. It lets a search turn back as soon as an
 * answer ahead is out of reach: when a value that is yet to be read is overwritten, or texts were
 * appended in another order than the one that is read later.
 */
public interface Foresight<S, I, O> {

  /**
   * Whether an operation leads to the same state from every state, and gets the same answer in
   * every state.
   */
  boolean replaces(I input);

  /**
   * Whether {@code output} can be right in {@code state}, or after some operations none of which
   * {@link #replaces}.
   *
   * @param input of an operation that only observes
   */
  boolean mayLeadTo(S state, I input, O output);

  /** Whether each operation of the part either {@link #replaces}, or reads the whole state. */
  boolean isPlain();

  /** The only state in which {@code output} is right; there is one if the part is plain. */
  Optional<S> stateRead(I input, O output);
}
