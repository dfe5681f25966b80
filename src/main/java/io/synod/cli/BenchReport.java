package io.synod.cli;

import io.synod.cli.Measurement.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What was measured: as a table for a person, as JSON for programs, and as charts. */
final class BenchReport {
  private static final String ECHO = "echo";

  private final BenchOptions options;
  private final Instant began = Instant.now().truncatedTo(ChronoUnit.SECONDS);
  private final List<Measurement> measurements = new ArrayList<>();
  private int lost;

  BenchReport(BenchOptions options) {
    this.options = options;
  }

  void add(Measurement measurement) {
    measurements.add(measurement);
  }

  /** A run could not be made, or does not count. */
  void addLost() {
    lost++;
  }

  /** Whether every run had an answer. */
  boolean hasResults() {
    return lost == 0
        && !measurements.isEmpty()
        && measurements.stream().allMatch(m -> m.operations() > 0);
  }

  /** What was measured, in the order of the first round. */
  Set<Subject> subjects() {
    return measurements.stream()
        .map(Measurement::subject)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private List<Measurement> of(Subject subject) {
    return measurements.stream().filter(m -> m.subject().equals(subject)).toList();
  }

  /** What the rounds of a subject showed together. */
  BenchSummary summary(Subject subject) {
    return BenchSummary.of(of(subject), this::echoBeside);
  }

  /** What the echo reached in the same round. */
  private OptionalDouble echoBeside(Measurement run) {
    Subject echo = echo(run.subject());
    return measurements.stream()
        .filter(other -> other.subject().equals(echo) && other.round() == run.round())
        .mapToDouble(Measurement::perSecond)
        .findFirst();
  }

  private Subject echo(Subject beside) {
    return new Subject(ECHO, beside.operation(), options.throughs().get(0), beside.pace());
  }

  /** How the echo did beside a subject. */
  Optional<BenchSummary> echoOf(Subject subject) {
    Subject echo = echo(subject);
    return of(echo).isEmpty() ? Optional.empty() : Optional.of(summary(echo));
  }

  // ---- the table
  // ---------------------------------------------------------------------------------

  /** A line for each subject; of several rounds, the median of each figure. */
  String table() {
    TextTable table =
        new TextTable(
            "target",
            "calls",
            "through",
            "pace",
            "op/s",
            "of echo",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "max ms",
            "failed",
            "server us/op",
            "client us/op");
    for (Subject subject : subjects()) {
      BenchSummary all = summary(subject);
      table.row(
          subject.system(),
          subject.operation().word(),
          word(subject.through()),
          subject.pace().text(),
          all.rate(),
          all.partOfEcho(),
          BenchSummary.millis(all.p50Micros()),
          BenchSummary.millis(all.p99Micros()),
          BenchSummary.millis(all.p999Micros()),
          BenchSummary.millis(all.maxMicros()),
          Long.toString(all.failed()),
          all.serverTime(),
          all.clientTime());
    }
    String rounds =
        options.rounds() > 1
            ? "medians of " + options.rounds() + " rounds; max and failed are of all\n"
            : "";
    return table + rounds;
  }

  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  // ---- files
  // -------------------------------------------------------------------------------------

  /** Writes all runs, of every round, and draws the charts beside them. */
  void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, json());
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.json$", "");
    for (Chart chart : charts()) {
      Files.writeString(file.resolveSibling(name + "-" + chart.name() + ".svg"), chart.svg());
    }
  }

  /**
   * A picture of some of the figures.
   *
   * @param name for its file
   * @param title what it shows
   */
  record Chart(String name, String title, String svg) {}

  /** Rates, latencies and processor time: a chart for each kind of call and way through. */
  List<Chart> charts() {
    List<Chart> charts = new ArrayList<>();
    Set<String> kinds =
        subjects().stream()
            .map(BenchReport::kind)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    for (String kind : kinds) {
      if (subjects().stream().allMatch(s -> !kind(s).equals(kind) || s.system().equals(ECHO))
          && !options.systems().isEmpty()) {
        continue;
      }
      chart(charts, kind, "rate", "operations per second", false, Measurement::perSecond);
      chart(charts, kind, "p50", "p50 latency, ms", true, run -> run.percentileMicros(50) / 1e3);
      chart(charts, kind, "p99", "p99 latency, ms", true, run -> run.percentileMicros(99) / 1e3);
      if (measurements.stream().anyMatch(m -> m.serverMicros().isPresent())) {
        chart(
            charts,
            kind,
            "cpu",
            "processor time of all servers, µs per operation",
            false,
            run -> run.perOperation(run.serverMicros()).orElse(Double.NaN));
      }
    }
    return charts;
  }

  private static String kind(Subject subject) {
    return subject.operation().word() + "-" + word(subject.through());
  }

  private void chart(
      List<Chart> into,
      String kind,
      String name,
      String unit,
      boolean logarithmic,
      ToDoubleFunction<Measurement> figure) {
    String calls = kind.substring(0, kind.indexOf('-')).toUpperCase(Locale.ROOT);
    String through = kind.endsWith("-all") ? "all servers" : "the coordinator";
    String title = calls + " through " + through + ": " + unit;
    BarChart chart = new BarChart(title, logarithmic);
    for (Subject subject : subjects()) {
      boolean own = kind(subject).equals(kind);
      // The echo is one server, and stands beside both ways through.
      boolean echo =
          subject.system().equals(ECHO) && kind.startsWith(subject.operation().word() + "-");
      if (own || echo) {
        Spread.of(of(subject).stream().mapToDouble(figure).filter(Double::isFinite))
            .ifPresent(spread -> chart.add(subject.pace().text(), subject.system(), spread));
      }
    }
    into.add(new Chart(kind + "-" + name, title, chart.svg()));
  }

  String json() {
    String runs =
        measurements.stream().map(BenchReport::json).collect(Collectors.joining(",\n    "));
    return """
        {
          "version": 3,
          "began": "%s",
          "java": "%s",
          "processors": %d,
          "channels": %d,
          "keys": %d,
          "distribution": "%s",
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
            options.channels(),
            options.keys().count(),
            word(options.keys().distribution()),
            options.keys().valueBytes(),
            options.readPercent(),
            word(options.echo()).replace('_', '-'),
            runs);
  }

  private static String json(Measurement run) {
    Subject subject = run.subject();
    return String.format(
        Locale.ROOT,
        "{\"target\": \"%s\", \"operation\": \"%s\", \"mode\": \"%s\", \"%s\": %d, \"through\": \"%s\","
            + " \"round\": %d, \"seconds\": %.3f, \"operations\": %d, \"perSecond\": %.1f,"
            + " \"failed\": %d, \"latencyMicros\": {\"mean\": %.1f, \"p50\": %.1f, \"p90\": %.1f,"
            + " \"p99\": %.1f, \"p99.9\": %.1f, \"max\": %.1f}, \"serverCpuMicros\": %s,"
            + " \"clientCpuMicros\": %s}",
        subject.system(),
        subject.operation().word(),
        subject.pace().mode(),
        subject.pace().kind() == Pace.Kind.CLOSED ? "outstanding" : "rate",
        run.offered(),
        word(subject.through()),
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
