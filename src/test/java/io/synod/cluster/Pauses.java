package io.synod.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a JVM stood still, as its own log says ({@code -Xlog:gc,safepoint}).
 *
 * @param collections how many there were, the longest of {@code longestMillis}
 * @param stops at which all threads were halted, for whatever reason, the longest of {@code
 *     longestStopMillis}
 */
record Pauses(long collections, double longestMillis, long stops, double longestStopMillis) {
  private static final Pattern COLLECTION = Pattern.compile("Pause .* ([0-9.]+)ms$");
  private static final Pattern STOP = Pattern.compile("Safepoint .*Total: +(\\d+) ns");

  static Pauses in(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    List<Double> collections = values(lines, COLLECTION, Double::parseDouble);
    List<Double> stops = values(lines, STOP, nanos -> Long.parseLong(nanos) / 1e6);
    return new Pauses(collections.size(), most(collections), stops.size(), most(stops));
  }

  private static List<Double> values(
      List<String> lines, Pattern pattern, Function<String, Double> read) {
    return lines.stream()
        .map(pattern::matcher)
        .filter(Matcher::find)
        .map(found -> read.apply(found.group(1)))
        .toList();
  }

  private static double most(List<Double> values) {
    OptionalDouble most = values.stream().mapToDouble(Double::doubleValue).max();
    return most.orElse(0);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d collections, the longest %.0f ms; %d stops of all threads, the longest %.0f ms",
        collections,
        longestMillis,
        stops,
        longestStopMillis);
  }
}
