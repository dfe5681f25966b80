package io.synod.cli;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Bytes as one line that a person can read, and type in again. Plain text stands as it is; anything
 * else stands in double quotes, with the escapes that {@link Words} reads.
 */
final class Printable {
  /** Values that would read like a message of ours. */
  private static final Set<String> MESSAGES = Set.of("done", "not found");

  /** How the time ends that stands behind a value on a terminal. */
  private static final Pattern TIME = Pattern.compile(".*\\(.*\\d m?s\\)");

  private Printable() {}

  /**
   * As {@link #of}, and at most so many characters of it, with a word on how many more there are.
   */
  static String shortened(ByteString bytes, int characters) {
    String text = of(bytes);
    if (text.codePointCount(0, text.length()) <= characters) {
      return text;
    }
    return text.substring(0, text.offsetByCodePoints(0, characters))
        + " ... (%,d bytes; --raw prints all)".formatted(bytes.size());
  }

  static String of(ByteString bytes) {
    StringBuilder out = new StringBuilder(bytes.size() + 2);
    boolean plain = escape(bytes.asReadOnlyByteBuffer(), out);
    String text = out.toString();
    boolean quotes =
        !plain
            || text.isEmpty()
            || MESSAGES.contains(text)
            || TIME.matcher(text).matches()
            || text.startsWith("'")
            || text.startsWith("\\\"")
            || text.charAt(0) == ' '
            || text.charAt(text.length() - 1) == ' ';
    return quotes ? '"' + text + '"' : bytes.toStringUtf8();
  }

  /** Writes the text between double quotes; returns whether it needs none. */
  private static boolean escape(ByteBuffer in, StringBuilder out) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer text = CharBuffer.allocate(Math.max(16, in.remaining()));
    boolean plain = true;
    while (true) {
      CoderResult result = decoder.decode(in, text, /* endOfInput= */ true);
      plain &= escape(text.flip().toString(), out);
      text.clear();
      if (result.isUnderflow()) {
        return plain;
      }
      plain = false;
      for (int i = 0; i < result.length(); i++) {
        hexadecimal(in.get(), out);
      }
      decoder.reset();
    }
  }

  private static boolean escape(String text, StringBuilder out) {
    boolean plain = true;
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      i += Character.charCount(character);
      switch (character) {
        case '\n', '\r', '\t' -> {
          out.append('\\').append(character == '\n' ? 'n' : character == '\r' ? 'r' : 't');
          plain = false;
        }
        case '\\' -> out.append("\\\\");
        case '"' -> out.append("\\\"");
        default -> {
          if (isShown(character)) {
            out.appendCodePoint(character);
          } else {
            for (byte b : Character.toString(character).getBytes(StandardCharsets.UTF_8)) {
              hexadecimal(b, out);
            }
            plain = false;
          }
        }
      }
    }
    return plain;
  }

  private static boolean isShown(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      // Stands in text for bytes that were lost: it is not read back.
      default -> character != '\ufffd';
    };
  }

  private static void hexadecimal(byte b, StringBuilder out) {
    out.append("\\x")
        .append(Character.forDigit((b >> 4) & 0xf, 16))
        .append(Character.forDigit(b & 0xf, 16));
  }
}
