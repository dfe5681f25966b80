package io.synod.cli;

import java.util.Optional;
import java.util.stream.DoubleStream;

/** One figure over several rounds. */
record Spread(double lowest, double median, double highest) {

  /**
   * Of these rounds; empty if there are none. Of an even number, the mean of the two in the middle.
   */
  static Optional<Spread> of(DoubleStream rounds) {
    double[] sorted = rounds.sorted().toArray();
    if (sorted.length == 0) {
      return Optional.empty();
    }
    int half = sorted.length / 2;
    double median = sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    return Optional.of(new Spread(sorted[0], median, sorted[sorted.length - 1]));
  }
}
