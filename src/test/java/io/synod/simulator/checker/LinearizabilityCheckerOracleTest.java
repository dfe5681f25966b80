package io.synod.simulator.checker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The verdicts on histories of other people's stores, as other people's checkers gave them. */
class LinearizabilityCheckerOracleTest {
  private static final Path HISTORIES = Path.of("src/test/resources/histories");

  @ParameterizedTest
  @MethodSource("verdicts")
  void agreesWithTheKnownVerdict(String line) throws UnreadableHistoryException {
    List<String> columns = List.of(line.split(",", -1));
    Verdict expected =
        Boolean.parseBoolean(columns.get(1)) ? Verdict.LINEARIZABLE : Verdict.NOT_LINEARIZABLE;
    var report = HistoryFile.read(HISTORIES.resolve(columns.get(0))).check(Budget.STANDARD);
    assertEquals(expected, report.verdict(), report::describe);
    assertEquals(expected == Verdict.NOT_LINEARIZABLE, report.smallestWindow().isPresent(), line);
    assertTrue(report.counts().steps() < 1_000_000, report::describe);
  }

  @Test
  void knowsAsManyHistoriesAsThereAreFiles() throws IOException {
    try (var files = Files.walk(HISTORIES)) {
      long histories =
          files.filter(file -> file.toString().matches(".*(\\.log|[0-9]+-\\w+\\.txt)")).count();
      assertEquals(72, histories);
      assertEquals(72, verdicts().size());
    }
  }

  static List<String> verdicts() throws IOException {
    return Files.readAllLines(HISTORIES.resolve("verdicts.csv"));
  }
}
