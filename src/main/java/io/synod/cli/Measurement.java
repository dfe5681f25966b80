package io.synod.cli;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What one run showed.
 *
 * @param serverMicros processor time of the servers, if their processes are known
 * @param clientMicros processor time of the load generator
 */
record Measurement(
    Bench.Target target,
    BenchOptions.Operation operation,
    int outstanding,
    int round,
    Duration took,
    ClosedLoop.Counts counts,
    OptionalLong serverMicros,
    OptionalLong clientMicros) {

  long operations() {
    return counts.latencies().getTotalCount();
  }

  double perSecond() {
    return operations() * 1e9 / took.toNanos();
  }

  double percentileMicros(double percentile) {
    return counts.latencies().getValueAtPercentile(percentile) / 1e3;
  }

  double maxMicros() {
    return counts.latencies().getMaxValue() / 1e3;
  }
}
