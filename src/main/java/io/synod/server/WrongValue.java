package io.synod.server;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.TextFormat;
import io.synod.text.Nearest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value in a configuration's text that its field cannot have. Any thread.
 *
 * @param typed as it stands there, up to the next space
 * @param parsers what the parser of the text had to say of it
 */
record WrongValue(Setting setting, String typed, String parsers) {
  /** A field at the end of what the parser has read, also one with a comma in its number. */
  private static final Pattern FIELD_BEFORE =
      Pattern.compile("(\\w+)\\s*(?::\\s*\\[?\\s*)?(?:(\\d+,\\d+)\\s*)?$");

  private static final Pattern WORD = Pattern.compile("[^\\s\\]]+");
  private static final String QUOTES = "['\"\u2018\u2019\u201c\u201d]";

  /** The value before which the parser stopped, if it did before one. */
  static Optional<WrongValue> in(String text, TextFormat.ParseException e) {
    int at = offset(text, e);
    if (at < 0) {
      return Optional.empty();
    }
    Matcher before = FIELD_BEFORE.matcher(text.substring(0, at));
    if (!before.find()) {
      return Optional.empty();
    }
    Matcher word = WORD.matcher(text).region(at, text.length());
    String next = word.lookingAt() ? word.group() : "";
    String typed = before.group(2) == null ? next : before.group(2);
    String reason = String.valueOf(e.getMessage()).replaceFirst("^\\d+:\\d+: ", "");
    return Arrays.stream(Setting.values())
        .filter(setting -> setting.fieldName().equals(before.group(1)))
        .findFirst()
        .map(setting -> new WrongValue(setting, typed, reason));
  }

  /** Where in the text the parser stopped; below 0 if it did not say. */
  private static int offset(String text, TextFormat.ParseException e) {
    int begin = 0;
    for (int line = 1; line < e.getLine(); line++) {
      begin = text.indexOf('\n', begin) + 1;
    }
    int at = begin + e.getColumn() - 1;
    return e.getLine() < 1 || at > text.length() ? -1 : at;
  }

  /** What is wrong with it, and what would be right: one line. */
  String why() {
    return setting.fieldName() + ": " + wrong();
  }

  private String wrong() {
    if (parsers.startsWith("Expected \":\"")) {
      return "a colon is missing behind it: write " + example();
    }
    if (typed.isEmpty()) {
      return "its value is missing: write " + example();
    }
    String instead = ": write " + example();
    return switch (setting.field().getJavaType()) {
      case STRING -> ofText();
      case ENUM -> ofChoice();
      case BOOLEAN -> "'" + plain() + "' is neither true nor false" + instead;
      case DOUBLE -> "'" + plain() + "' is not a number" + instead + " (" + setting.help() + ")";
      case INT ->
          "'%s' is not a whole number from 0 to 4294967295%s (%s)"
              .formatted(plain(), instead, setting.help());
      case LONG, FLOAT, BYTE_STRING, MESSAGE ->
          throw new IllegalStateException("no field of type " + setting.field().getJavaType());
    };
  }

  private String plain() {
    return typed.replaceAll(QUOTES, "");
  }

  private String ofText() {
    if (parsers.startsWith("String missing ending quote")) {
      return "the quote before " + typed.substring(1) + " is not closed: write " + example();
    } else if (parsers.startsWith("Invalid escape")) {
      return "a backslash in quotes is written twice";
    }
    return "its value stands in straight quotes: write %s:'%s'"
        .formatted(setting.fieldName(), plain());
  }

  private String ofChoice() {
    List<String> known =
        setting.field().getEnumType().getValues().stream()
            .map(EnumValueDescriptor::getName)
            .toList();
    if (known.contains(plain())) {
      return "its value stands without quotes: write " + setting.fieldName() + ":" + plain();
    }
    return "there is no '%s'%s; there are %s"
        .formatted(plain(), Nearest.question(plain(), known), String.join(", ", known));
  }

  /** The field as it could stand there. */
  private String example() {
    String value =
        switch (setting.field().getJavaType()) {
          case STRING -> "'" + setting.argument() + "'";
          case ENUM -> setting.field().getEnumType().getValues().get(0).getName();
          case BOOLEAN -> "true";
          case DOUBLE -> "0.3";
          case INT, LONG, FLOAT, BYTE_STRING, MESSAGE -> "N";
        };
    return setting.fieldName() + ":" + value;
  }
}
