package io.synod.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * A table of text: columns as wide as their widest cell; those of numbers to the right, but for the
 * first, which names the row.
 */
final class TextTable {
  private final List<List<String>> rows = new ArrayList<>();

  TextTable(String... heads) {
    this(List.of(heads));
  }

  TextTable(List<String> heads) {
    rows.add(List.copyOf(heads));
  }

  /** Adds a row with as many cells as there are heads. */
  void row(String... cells) {
    row(List.of(cells));
  }

  /** Adds a row with as many cells as there are heads. */
  void row(List<String> cells) {
    if (cells.size() != rows.get(0).size()) {
      throw new IllegalArgumentException(
          cells.size() + " cells under " + rows.get(0).size() + " heads");
    }
    rows.add(List.copyOf(cells));
  }

  /** All rows, each with a line end. */
  @Override
  public String toString() {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    boolean[] numbers = new boolean[columns];
    for (int column = 0; column < columns; column++) {
      int at = column;
      widths[column] = rows.stream().mapToInt(row -> row.get(at).length()).max().orElse(0);
      numbers[column] =
          column > 0
              && rows.stream().skip(1).map(row -> row.get(at)).allMatch(TextTable::isNumber)
              && rows.stream().skip(1).anyMatch(row -> !row.get(at).equals("-"));
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        String cell = row.get(column);
        String padding = " ".repeat(widths[column] - cell.length());
        line.append(numbers[column] ? padding + cell : cell + padding).append("  ");
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  private static boolean isNumber(String cell) {
    return cell.equals("-")
        || (!cell.isEmpty()
            && Character.isDigit(cell.charAt(0))
            && cell.indexOf('*') < 0
            && cell.indexOf(':') < 0);
  }
}
