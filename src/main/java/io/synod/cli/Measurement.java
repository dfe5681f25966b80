package io.synod.cli;

import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What one run showed.
 *
 * @param offered how many calls were under way, or were meant to begin in a second
 * @param serverMicros processor time of the servers, if their processes are known
 * @param clientMicros processor time of the load generator
 */
record Measurement(
    Subject subject,
    int round,
    long offered,
    Duration took,
    Tally.Counts counts,
    OptionalLong serverMicros,
    OptionalLong clientMicros) {

  /**
   * What was measured. Runs of one subject may be compared with each other.
   *
   * @param system its name
   */
  record Subject(
      String system, BenchOptions.Operation operation, BenchOptions.Through through, Pace pace) {}

  long operations() {
    return counts.latencies().getTotalCount();
  }

  double perSecond() {
    return operations() * 1e9 / took.toNanos();
  }

  /** So much of a processor's time for each operation, if it is known. */
  OptionalDouble perOperation(OptionalLong micros) {
    return micros.isEmpty() || operations() == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((double) micros.getAsLong() / operations());
  }

  double percentileMicros(double percentile) {
    return counts.latencies().getValueAtPercentile(percentile) / 1e3;
  }

  double maxMicros() {
    return counts.latencies().getMaxValue() / 1e3;
  }
}
