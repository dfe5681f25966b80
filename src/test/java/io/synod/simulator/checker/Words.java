package io.synod.simulator.checker;

import java.util.ArrayList;
import java.util.List;

/** The words of a line of text: separated by blanks, in double quotes where they need it. */
final class Words {
  private Words() {}

  static String join(List<String> words) {
    return String.join(" ", words.stream().map(Words::quote).toList());
  }

  static String join(String first, List<String> rest) {
    List<String> words = new ArrayList<>(List.of(first));
    words.addAll(rest);
    return join(words);
  }

  /**
   * The reverse of {@link #join(List)}.
   *
   * @throws IllegalArgumentException if a quoted word does not end, or an escape is not one
   */
  static List<String> split(String line) {
    List<String> words = new ArrayList<>();
    int at = 0;
    while (at < line.length()) {
      char first = line.charAt(at);
      if (first == ' ' || first == '\t') {
        at++;
      } else if (first == '"') {
        StringBuilder word = new StringBuilder();
        at = readQuoted(line, at + 1, word);
        if (at < line.length() && !isBlank(line.charAt(at))) {
          throw new IllegalArgumentException("a blank after a closing quote");
        }
        words.add(word.toString());
      } else {
        int end = at;
        while (end < line.length() && !isBlank(line.charAt(end))) {
          end++;
        }
        words.add(line.substring(at, end));
        at = end;
      }
    }
    return words;
  }

  /** Reads up to the closing quote and returns the place after it. */
  static int readQuoted(String line, int start, StringBuilder word) {
    int at = start;
    while (at < line.length()) {
      char c = line.charAt(at++);
      if (c == '"') {
        return at;
      }
      if (c != '\\') {
        word.append(c);
      } else if (at < line.length() && (line.charAt(at) == '"' || line.charAt(at) == '\\')) {
        word.append(line.charAt(at++));
      } else if (line.substring(at).matches("u[0-9a-fA-F]{4}.*")) {
        word.append((char) Integer.parseInt(line.substring(at + 1, at + 5), 16));
        at += 5;
      } else {
        throw new IllegalArgumentException("\\\", \\\\ or \\uXXXX after a backslash");
      }
    }
    throw new IllegalArgumentException("a closing quote");
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  private static String quote(String word) {
    boolean plain =
        !word.isEmpty()
            && word.chars().noneMatch(c -> c <= ' ' || c >= 0x7f || "\"\\#".indexOf(c) >= 0);
    if (plain) {
      return word;
    }
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ' || c >= 0x7f) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
