package io.synod.cli;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What the rounds of one subject showed: the median of each figure by itself.
 *
 * @param failed calls of all rounds
 * @param maxMicros the longest of all rounds
 * @param ofEcho the rate as a part of the echo's in the same round, if that was measured
 * @param serverMicros processor time of all servers an operation, if it is known
 * @param clientMicros the same of the load generator
 */
record BenchSummary(
    Spread perSecond,
    double p50Micros,
    double p99Micros,
    double p999Micros,
    double maxMicros,
    long failed,
    OptionalDouble ofEcho,
    OptionalDouble serverMicros,
    OptionalDouble clientMicros) {

  /**
   * @param runs of one subject, at least one
   * @param echo what the echo reached beside a run, if it was measured
   */
  static BenchSummary of(List<Measurement> runs, Function<Measurement, OptionalDouble> echo) {
    return new BenchSummary(
        Spread.of(runs.stream().mapToDouble(Measurement::perSecond)).orElseThrow(),
        median(runs, run -> run.percentileMicros(50)),
        median(runs, run -> run.percentileMicros(99)),
        median(runs, run -> run.percentileMicros(99.9)),
        runs.stream().mapToDouble(Measurement::maxMicros).max().orElseThrow(),
        runs.stream().mapToLong(run -> run.counts().failures()).sum(),
        medianOf(
            runs,
            run -> {
              OptionalDouble beside = echo.apply(run);
              return beside.isPresent() && beside.getAsDouble() > 0
                  ? OptionalDouble.of(run.perSecond() / beside.getAsDouble())
                  : OptionalDouble.empty();
            }),
        medianOf(runs, run -> run.perOperation(run.serverMicros())),
        medianOf(runs, run -> run.perOperation(run.clientMicros())));
  }

  private static double median(List<Measurement> runs, Function<Measurement, Double> figure) {
    return medianOf(runs, run -> OptionalDouble.of(figure.apply(run))).orElseThrow();
  }

  /** Of those that have the figure. */
  private static OptionalDouble medianOf(
      List<Measurement> runs, Function<Measurement, OptionalDouble> figure) {
    return Spread.of(runs.stream().map(figure).flatMapToDouble(OptionalDouble::stream))
        .map(spread -> OptionalDouble.of(spread.median()))
        .orElse(OptionalDouble.empty());
  }

  // ---- as words of a table

  String rate() {
    return whole(perSecond.median());
  }

  String spread() {
    return whole(perSecond.lowest()) + " – " + whole(perSecond.highest());
  }

  String partOfEcho() {
    return orDash("%.2f", ofEcho);
  }

  String serverTime() {
    return orDash("%.1f", serverMicros);
  }

  String clientTime() {
    return orDash("%.1f", clientMicros);
  }

  /** Microseconds as milliseconds. */
  static String millis(double micros) {
    return String.format(Locale.ROOT, "%.2f", micros / 1e3);
  }

  private static String whole(double number) {
    return String.format(Locale.ROOT, "%,.0f", number);
  }

  private static String orDash(String format, OptionalDouble figure) {
    return figure.isPresent() ? String.format(Locale.ROOT, format, figure.getAsDouble()) : "-";
  }
}
