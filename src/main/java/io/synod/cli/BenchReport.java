package io.synod.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** What was measured, as a table for a person and as JSON for programs. */
final class BenchReport {
  private final BenchOptions options;
  private final Instant began = Instant.now().truncatedTo(ChronoUnit.SECONDS);
  private final List<Measurement> measurements = new ArrayList<>();

  BenchReport(BenchOptions options) {
    this.options = options;
  }

  void add(Measurement measurement) {
    measurements.add(measurement);
  }

  /** Whether every run had an answer. */
  boolean hasResults() {
    return !measurements.isEmpty() && measurements.stream().allMatch(m -> m.operations() > 0);
  }

  // ---- the table
  // ---------------------------------------------------------------------------------

  /** A line for each number outstanding; of several rounds, the one in the middle by rate. */
  String table() {
    TextTable table =
        new TextTable(
            "target",
            "calls",
            "outstanding",
            "op/s",
            "of echo",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "max ms",
            "failed",
            "server us/op",
            "client us/op");
    for (int outstanding : options.outstanding()) {
      Optional<Measurement> echo = middle(Bench.Target.ECHO, outstanding);
      Optional<Measurement> store = middle(Bench.Target.STORE, outstanding);
      echo.ifPresent(run -> table.row(row(run, echo)));
      store.ifPresent(run -> table.row(row(run, echo)));
    }
    String rounds =
        options.rounds() > 1
            ? "each line is the middle one of " + options.rounds() + " rounds\n"
            : "";
    return table + rounds;
  }

  private Optional<Measurement> middle(Bench.Target target, int outstanding) {
    List<Measurement> runs =
        measurements.stream()
            .filter(m -> m.target() == target && m.outstanding() == outstanding)
            .sorted(Comparator.comparingDouble(Measurement::perSecond))
            .toList();
    return runs.isEmpty() ? Optional.empty() : Optional.of(runs.get(runs.size() / 2));
  }

  private static String[] row(Measurement run, Optional<Measurement> echo) {
    return new String[] {
      run.target().name().toLowerCase(Locale.ROOT),
      run.operation().word(),
      Integer.toString(run.outstanding()),
      String.format(Locale.ROOT, "%,.0f", run.perSecond()),
      echo.filter(e -> e.operations() > 0)
          .map(e -> String.format(Locale.ROOT, "%.2f", run.perSecond() / e.perSecond()))
          .orElse("-"),
      millis(run.percentileMicros(50)),
      millis(run.percentileMicros(99)),
      millis(run.percentileMicros(99.9)),
      millis(run.maxMicros()),
      Long.toString(run.counts().failures()),
      perOperation(run.serverMicros(), run),
      perOperation(run.clientMicros(), run)
    };
  }

  private static String millis(double micros) {
    return String.format(Locale.ROOT, "%.2f", micros / 1e3);
  }

  private static String perOperation(OptionalLong micros, Measurement run) {
    return micros.isEmpty() || run.operations() == 0
        ? "-"
        : String.format(Locale.ROOT, "%.1f", (double) micros.getAsLong() / run.operations());
  }

  // ---- JSON
  // --------------------------------------------------------------------------------------

  /** Writes all runs, of every round. */
  void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, json());
  }

  String json() {
    String runs =
        measurements.stream().map(BenchReport::json).collect(Collectors.joining(",\n    "));
    return """
        {
          "version": 1,
          "began": "%s",
          "java": "%s",
          "processors": %d,
          "servers": %d,
          "through": "%s",
          "channels": %d,
          "keys": %d,
          "valueBytes": %d,
          "readPercent": %d,
          "echo": "%s",
          "runs": [
            %s
          ]
        }
        """
        .formatted(
            began,
            Runtime.version(),
            Runtime.getRuntime().availableProcessors(),
            options.servers().size(),
            options.through().name().toLowerCase(Locale.ROOT),
            options.channels(),
            options.keys(),
            options.valueBytes(),
            options.readPercent(),
            options.echo().name().toLowerCase(Locale.ROOT).replace('_', '-'),
            runs);
  }

  private static String json(Measurement run) {
    return String.format(
        Locale.ROOT,
        "{\"target\": \"%s\", \"operation\": \"%s\", \"mode\": \"closed\", \"outstanding\": %d, \"round\": %d,"
            + " \"seconds\": %.3f, \"operations\": %d, \"perSecond\": %.1f, \"failed\": %d,"
            + " \"latencyMicros\": {\"mean\": %.1f, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f,"
            + " \"p99.9\": %.1f, \"max\": %.1f}, \"serverCpuMicros\": %s, \"clientCpuMicros\": %s}",
        run.target().name().toLowerCase(Locale.ROOT),
        run.operation().word(),
        run.outstanding(),
        run.round(),
        run.took().toNanos() / 1e9,
        run.operations(),
        run.perSecond(),
        run.counts().failures(),
        run.counts().latencies().getMean() / 1e3,
        run.percentileMicros(50),
        run.percentileMicros(90),
        run.percentileMicros(99),
        run.percentileMicros(99.9),
        run.maxMicros(),
        orNull(run.serverMicros()),
        orNull(run.clientMicros()));
  }

  private static String orNull(OptionalLong number) {
    return number.isPresent() ? Long.toString(number.getAsLong()) : "null";
  }
}
