package io.synod.simulator.checker;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Lowe's memory of a search: the configurations (which operations are placed, and the state that
 * results) from which it need not search again.
 *
 * <p>Open operations get a rule of their own. They never have to be placed, so a configuration is
 * no better than one with the same state and the same other operations in which fewer open ones are
 * used up. Only the least sets of open operations are therefore kept, and what contains one of them
 * is known.
 *
 * <p>A set of placed operations is kept as the words between its first gap and its last member. As
 * operations are numbered by invocation, that is a handful of words however long the history is.
 */
final class Configurations<S> {
  private final Map<Configuration<S>, List<long[]>> known = new HashMap<>();

  /**
   * Notes a configuration. The arrays stay the caller's.
   *
   * @return false if it, or one that is at least as good, was noted before
   */
  boolean add(Placed placed, S state, long[] open) {
    List<long[]> leastSets =
        known.computeIfAbsent(new Configuration<>(placed, state), key -> new ArrayList<>(1));
    for (long[] least : leastSets) {
      if (contains(open, least)) {
        return false;
      }
    }
    leastSets.removeIf(least -> contains(least, open));
    leastSets.add(open.clone());
    return true;
  }

  /** Every state that was reached. */
  Set<S> states() {
    Set<S> states = new HashSet<>();
    for (Configuration<S> configuration : known.keySet()) {
      states.add(configuration.state);
    }
    return states;
  }

  private static boolean contains(long[] all, long[] part) {
    for (int i = 0; i < part.length; i++) {
      if ((part[i] & ~all[i]) != 0) {
        return false;
      }
    }
    return true;
  }

  private record Configuration<S>(Placed placed, S state) {}

  /** A set of placed operations: all below word {@code from}, and those in {@code words}. */
  static final class Placed {
    private final int from;
    private final long[] words;

    /**
     * @param bits the whole set
     * @param gap the first number that is not in it
     * @param last the last number that is in it, or less
     */
    Placed(long[] bits, int gap, int last) {
      from = gap / Long.SIZE;
      words = Arrays.copyOfRange(bits, from, Math.max(from, last / Long.SIZE + 1));
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Placed that && from == that.from && Arrays.equals(words, that.words);
    }

    @Override
    public int hashCode() {
      // Mixed well, for neighbouring configurations differ in a bit or two.
      long hash = from;
      for (long word : words) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15L;
        hash ^= hash >>> 32;
      }
      return Long.hashCode(hash);
    }
  }
}
