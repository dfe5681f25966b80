package io.synod.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/protocol.md and docs/protocol-rules.md name is there. */
class DocumentedNamesTest {
  private static final Path PROTOCOL = Path.of("docs", "protocol.md");

  private static final Path RULES = Path.of("docs", "protocol-rules.md");

  /** How a rule begins. */
  private static final Pattern RULE = Pattern.compile("^(\\d+)\\. \\*\\*[^*]+\\*\\*");

  /** A class, or a method of one; three dots end a name of which only the beginning is said. */
  private static final Pattern NAME = Pattern.compile("`([A-Z]\\w+)(?:\\.([a-z]\\w*)(…?))?`");

  @Test
  void whatTheTablesNameIsThere() throws IOException {
    Map<String, String> sources = sources();
    List<String> missing = new ArrayList<>();
    int checked = 0;
    for (Cell cell : cells()) {
      Matcher name = NAME.matcher(cell.text);
      while (name.find()) {
        String method = name.group(2);
        if (cell.column.equals("code") || method != null) {
          checked++;
          String source = sources.getOrDefault(name.group(1), "");
          if (source.isEmpty() || (method != null && !has(source, method, name.group(3)))) {
            missing.add(name.group());
          }
        }
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(checked > 80, () -> "the tables were not found");
  }

  @Test
  void everyRuleHasAScenarioByItsNumber() throws IOException {
    String scenarios = String.join("\n", sources().values());
    List<String> missing = new ArrayList<>();
    int rules = 0;
    for (String line : Files.readAllLines(RULES)) {
      Matcher rule = RULE.matcher(line);
      if (rule.find()) {
        rules++;
        String number = String.format("%02d", Integer.parseInt(rule.group(1)));
        if (!Pattern.compile("\\bvoid rule" + number + "[a-z]?[A-Z]\\w*\\(")
            .matcher(scenarios)
            .find()) {
          missing.add(rule.group());
        }
      }
    }
    assertEquals(List.of(), missing);
    assertEquals(24, rules);
  }

  private static boolean has(String source, String method, String dots) {
    String end = dots.isEmpty() ? "\\(" : "\\w*\\(";
    return Pattern.compile("\\b" + method + end).matcher(source).find();
  }

  private static Map<String, String> sources() throws IOException {
    Map<String, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
        String name = file.getFileName().toString().replace(".java", "");
        sources.merge(name, Files.readString(file), String::concat);
      }
    }
    return sources;
  }

  /** Of a column that names code or tests. */
  private record Cell(String column, String text) {}

  private static List<Cell> cells() throws IOException {
    List<Cell> cells = new ArrayList<>();
    List<String> columns = List.of();
    for (String line : Files.readAllLines(PROTOCOL)) {
      if (!line.startsWith("|")) {
        columns = List.of();
        continue;
      }
      List<String> row = Stream.of(line.split("\\|", -1)).map(String::strip).toList();
      if (columns.isEmpty()) {
        columns = row;
      }
      for (int i = 0; i < Math.min(row.size(), columns.size()); i++) {
        if (columns.get(i).equals("code") || columns.get(i).equals("tests")) {
          cells.add(new Cell(columns.get(i), row.get(i)));
        }
      }
    }
    return cells;
  }
}
