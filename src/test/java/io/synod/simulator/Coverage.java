package io.synod.simulator;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often each fault, each notice, each reason to ignore and each way of recovery was met. A run
 * that did nothing must not be green: tests demand counts of these.
 */
final class Coverage {
  private final TreeMap<String, long[]> counts = new TreeMap<>();
  private final HashMap<String, long[]> index = new HashMap<>();

  void hit(String what) {
    add(what, 1);
  }

  void add(String what, long times) {
    long[] count = index.get(what);
    if (count == null) {
      count = new long[1];
      index.put(what, count);
      counts.put(what, count);
    }
    count[0] += times;
  }

  long count(String what) {
    long[] count = index.get(what);
    return count == null ? 0 : count[0];
  }

  /** Adds another run's. */
  void addAll(Coverage other) {
    other.counts.forEach((what, count) -> add(what, count[0]));
  }

  /** All counts, by name. */
  Map<String, Long> counts() {
    TreeMap<String, Long> all = new TreeMap<>();
    counts.forEach((what, count) -> all.put(what, count[0]));
    return Collections.unmodifiableMap(all);
  }

  /** One line each. */
  String describe() {
    StringBuilder text = new StringBuilder();
    counts.forEach((what, count) -> text.append(String.format("%,12d  %s%n", count[0], what)));
    return text.toString();
  }
}
