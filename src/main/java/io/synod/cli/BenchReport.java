package io.synod.cli;

import io.synod.cli.Measurement.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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

  /** What was measured, in the order of the first round. */
  Set<Subject> subjects() {
    return measurements.stream()
        .map(Measurement::subject)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private List<Measurement> of(Subject subject) {
    return measurements.stream().filter(m -> m.subject().equals(subject)).toList();
  }

  /** The round in the middle by rate. */
  Optional<Measurement> middle(Subject subject) {
    List<Measurement> runs =
        of(subject).stream().sorted(Comparator.comparingDouble(Measurement::perSecond)).toList();
    return runs.isEmpty() ? Optional.empty() : Optional.of(runs.get(runs.size() / 2));
  }

  /** How the echo did beside it. */
  Optional<Measurement> echoOf(Subject subject) {
    return middle(
        new Subject(ECHO, subject.operation(), options.throughs().get(0), subject.pace()));
  }

  /** The lowest and the highest rate of all rounds. */
  String spread(Subject subject) {
    List<Double> rates = of(subject).stream().map(Measurement::perSecond).sorted().toList();
    return String.format(Locale.ROOT, "%,.0f – %,.0f", rates.get(0), rates.get(rates.size() - 1));
  }

  // ---- the table
  // ---------------------------------------------------------------------------------

  /** A line for each subject; of several rounds, the one in the middle by rate. */
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
      Measurement run = middle(subject).orElseThrow();
      table.row(
          subject.system(),
          subject.operation().word(),
          word(subject.through()),
          subject.pace().text(),
          String.format(Locale.ROOT, "%,.0f", run.perSecond()),
          ofEcho(run),
          millis(run.percentileMicros(50)),
          millis(run.percentileMicros(99)),
          millis(run.percentileMicros(99.9)),
          millis(run.maxMicros()),
          Long.toString(run.counts().failures()),
          perOperation(run.serverMicros(), run),
          perOperation(run.clientMicros(), run));
    }
    String rounds =
        options.rounds() > 1
            ? "each line is the middle one of " + options.rounds() + " rounds\n"
            : "";
    return table + rounds;
  }

  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  /** The rate as a part of the echo's. */
  String ofEcho(Measurement run) {
    return echoOf(run.subject())
        .filter(e -> e.operations() > 0)
        .map(e -> String.format(Locale.ROOT, "%.2f", run.perSecond() / e.perSecond()))
        .orElse("-");
  }

  static String millis(double micros) {
    return String.format(Locale.ROOT, "%.2f", micros / 1e3);
  }

  static String perOperation(OptionalLong micros, Measurement run) {
    return micros.isEmpty() || run.operations() == 0
        ? "-"
        : String.format(Locale.ROOT, "%.1f", (double) micros.getAsLong() / run.operations());
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
      chart(charts, kind, "p50", "p50 latency, ms", true, m -> m.percentileMicros(50) / 1e3);
      chart(charts, kind, "p99", "p99 latency, ms", true, m -> m.percentileMicros(99) / 1e3);
      if (measurements.stream().anyMatch(m -> m.serverMicros().isPresent())) {
        chart(
            charts,
            kind,
            "cpu",
            "processor time of all servers, µs per operation",
            false,
            m ->
                m.serverMicros().isEmpty() || m.operations() == 0
                    ? Double.NaN
                    : (double) m.serverMicros().getAsLong() / m.operations());
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
        chart.add(
            subject.pace().text(),
            subject.system(),
            figure.applyAsDouble(middle(subject).orElseThrow()));
      }
    }
    into.add(new Chart(kind + "-" + name, title, chart.svg()));
  }

  String json() {
    String runs =
        measurements.stream().map(BenchReport::json).collect(Collectors.joining(",\n    "));
    return """
        {
          "version": 2,
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
        subject.pace().number(),
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
