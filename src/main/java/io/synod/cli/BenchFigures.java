package io.synod.cli;

import io.synod.cli.Measurement.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The tables and charts of a page of Markdown, put between two marks in it. */
final class BenchFigures {
  private final BenchReport report;
  private final BenchOptions options;

  BenchFigures(BenchReport report, BenchOptions options) {
    this.report = report;
    this.options = options;
  }

  /**
   * Replaces what lies between the marks, and draws the charts in a folder named after the page.
   *
   * @throws IOException if the page cannot be changed, or has no such marks
   */
  void replaceIn(Path page) throws IOException {
    String text = Files.readString(page);
    String opening = mark("begin");
    String closing = mark("end");
    int begin = text.indexOf(opening);
    int end = text.indexOf(closing);
    if (begin < 0 || end < begin) {
      throw new IOException(page + " lacks the marks " + opening + " and " + closing);
    }
    String name = String.valueOf(page.getFileName()).replaceFirst("\\.md$", "");
    Path folder = page.resolveSibling(name);
    Files.createDirectories(folder);
    StringBuilder figures = new StringBuilder(opening).append("\n\n");
    if (options.conditions().isPresent()) {
      figures.append(Files.readString(options.conditions().get())).append('\n');
    }
    figures.append(tables());
    for (BenchReport.Chart chart : report.charts()) {
      String file = options.section().map(section -> section + "-").orElse("") + chart.name();
      Files.writeString(folder.resolve(file + ".svg"), chart.svg());
      figures
          .append("![")
          .append(chart.title())
          .append("](")
          .append(name)
          .append('/')
          .append(file)
          .append(".svg)\n");
    }
    Files.writeString(page, text.substring(0, begin) + figures + "\n" + text.substring(end));
  }

  private String mark(String which) {
    return "<!-- figures"
        + options.section().map(section -> " of " + section).orElse("")
        + ": "
        + which
        + " -->";
  }

  private String tables() {
    Map<String, StringBuilder> tables = new LinkedHashMap<>();
    for (Subject subject : report.subjects()) {
      if (subject.system().equals("echo")) {
        continue;
      }
      StringBuilder table =
          tables.computeIfAbsent(
              subject.operation().word().toUpperCase(Locale.ROOT)
                  + " through "
                  + (subject.through() == BenchOptions.Through.ALL
                      ? "all servers"
                      : "the coordinator"),
              unused ->
                  new StringBuilder(
                      "| | pace | op/s | lowest – highest | of echo | p50 ms | p99 ms | p99.9 ms |"
                          + " server µs/op | client µs/op | failed |\n"
                          + "|---|---|---|---|---|---|---|---|---|---|---|\n"));
      table.append(row(subject));
    }
    StringBuilder all = new StringBuilder();
    tables.forEach(
        (title, table) ->
            all.append("#### ").append(title).append("\n\n").append(table).append('\n'));
    all.append(
        "Medians of "
            + options.rounds()
            + " rounds, each figure by itself; failed calls are of all rounds");
    if (options.echo() == BenchOptions.Echo.NONE) {
      return all.append(".\n\n").toString();
    }
    all.append("; the echo was measured in the same rounds:");
    for (Pace pace : options.paces()) {
      for (BenchOptions.Operation operation : options.operations()) {
        Optional<BenchSummary> echo =
            report.echoOf(new Subject("echo", operation, options.throughs().get(0), pace));
        echo.ifPresent(
            beside ->
                all.append(
                    String.format(
                        Locale.ROOT,
                        " %s %s %s op/s;",
                        operation.word().toUpperCase(Locale.ROOT),
                        pace.text(),
                        beside.rate())));
      }
    }
    return all.append("\n\n").toString();
  }

  private String row(Subject subject) {
    BenchSummary all = report.summary(subject);
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d |%n",
        subject.system(),
        subject.pace().text(),
        all.rate(),
        all.spread(),
        all.partOfEcho(),
        BenchSummary.millis(all.p50Micros()),
        BenchSummary.millis(all.p99Micros()),
        BenchSummary.millis(all.p999Micros()),
        all.serverTime(),
        all.clientTime(),
        all.failed());
  }
}
