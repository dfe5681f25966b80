package io.synod.cli;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes a line apart into words. A word may stand in double or single quotes; within them a
 * backslash begins an escape ({@code \n}, {@code \r}, {@code \t}, {@code \0}, {@code \\}, {@code
 * \"}, {@code \'}, or {@code \x} and two hexadecimal digits for any byte). Outside of quotes every
 * character stands for itself.
 */
final class Words {
  private final String line;
  private int at;

  private Words(String line) {
    this.line = line;
  }

  static List<ByteString> of(String line) throws WrongInputException {
    return new Words(line).all();
  }

  private List<ByteString> all() throws WrongInputException {
    List<ByteString> words = new ArrayList<>();
    skipSpace();
    while (at < line.length()) {
      char first = line.charAt(at);
      words.add(first == '"' || first == '\'' ? quoted(first) : bare());
      skipSpace();
    }
    return words;
  }

  private void skipSpace() {
    while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
      at++;
    }
  }

  private ByteString bare() {
    int start = at;
    while (at < line.length() && !Character.isWhitespace(line.charAt(at))) {
      at++;
    }
    return ByteString.copyFromUtf8(line.substring(start, at));
  }

  private ByteString quoted(char quote) throws WrongInputException {
    int start = at++;
    ByteString.Output word = ByteString.newOutput();
    while (true) {
      if (at >= line.length()) {
        throw new WrongInputException(
            "the quote " + quote + " is not closed: " + line.substring(start));
      }
      int character = line.codePointAt(at);
      at += Character.charCount(character);
      if (character == quote) {
        break;
      } else if (character == '\\') {
        word.write(escaped());
      } else {
        byte[] bytes = Character.toString(character).getBytes(StandardCharsets.UTF_8);
        word.write(bytes, 0, bytes.length);
      }
    }
    if (at < line.length() && !Character.isWhitespace(line.charAt(at))) {
      throw new WrongInputException(
          "a space is missing after "
              + line.substring(start, at)
              + "; a quote within quotes is written \\"
              + quote);
    }
    return word.toByteString();
  }

  private int escaped() throws WrongInputException {
    if (at >= line.length()) {
      throw new WrongInputException("the line ends with a backslash: write \\\\ for one");
    }
    char escape = line.charAt(at++);
    return switch (escape) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '0' -> 0;
      case '\\', '"', '\'' -> escape;
      case 'x' -> hexadecimal();
      default ->
          throw new WrongInputException(
              "\\" + escape + " is no escape: there are \\n \\r \\t \\0 \\\\ \\\" \\' and \\xHH");
    };
  }

  private int hexadecimal() throws WrongInputException {
    int end = Math.min(at + 2, line.length());
    String digits = line.substring(at, end);
    if (digits.length() < 2 || !digits.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
      throw new WrongInputException(
          "\\x" + digits + ": two hexadecimal digits follow \\x, as in \\xff");
    }
    at = end;
    return Integer.parseInt(digits, 16);
  }
}
