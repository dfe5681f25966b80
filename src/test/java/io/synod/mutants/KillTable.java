package io.synod.mutants;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which seeds kill which mutant: {@code mutants.csv}, which {@code scripts/hunt_mutants} writes.
 */
final class KillTable {
  static final Path FILE =
      Path.of("src", "test", "resources", "io", "synod", "mutants", "mutants.csv");

  private static final String HEADER = "mutant,harness,invariant,killing seeds,mean seeds to kill";

  private KillTable() {}

  /**
   * How a mutant is killed.
   *
   * @param invariant what the first of the seeds finds violated
   * @param seeds that kill it while production passes them, the quickest first
   * @param meanSeeds how many seeds it takes on average
   */
  record Kill(Mutant.Harness harness, String invariant, List<Long> seeds, double meanSeeds) {}

  /** As it was built in. */
  static Map<String, Kill> read() throws IOException {
    try (InputStream in = KillTable.class.getResourceAsStream("mutants.csv")) {
      return in == null
          ? new TreeMap<>()
          : parse(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines());
    }
  }

  /** As it is in the sources. */
  static Map<String, Kill> readSource() throws IOException {
    return Files.exists(FILE) ? parse(Files.readAllLines(FILE).stream()) : new TreeMap<>();
  }

  private static Map<String, Kill> parse(Stream<String> lines) {
    TreeMap<String, Kill> kills = new TreeMap<>();
    lines
        .skip(1)
        .map(line -> line.split(",", -1))
        .forEach(
            row -> {
              List<Long> seeds = Stream.of(row[3].split(" ", -1)).map(Long::valueOf).toList();
              Mutant.Harness harness = Mutant.Harness.valueOf(row[1].toUpperCase(Locale.ROOT));
              kills.put(row[0], new Kill(harness, row[2], seeds, Double.parseDouble(row[4])));
            });
    return kills;
  }

  static void write(Map<String, Kill> kills) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(HEADER);
    new TreeMap<>(kills).forEach((name, kill) -> lines.add(row(name, kill)));
    Files.createDirectories(FILE.getParent());
    Files.write(FILE, lines);
  }

  private static String row(String name, Kill kill) {
    String seeds = kill.seeds().stream().map(String::valueOf).collect(Collectors.joining(" "));
    return String.join(
        ",",
        name,
        kill.harness().name().toLowerCase(Locale.ROOT),
        kill.invariant(),
        seeds,
        String.format(Locale.ROOT, "%.1f", kill.meanSeeds()));
  }
}
