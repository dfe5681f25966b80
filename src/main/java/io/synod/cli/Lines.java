package io.synod.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Lines of commands, as bytes and as text: no byte of a value may be changed on the way. */
final class Lines {
  private static final char REPLACEMENT = '\ufffd';

  private Lines() {}

  /** The next line without its end, {@code \n} or {@code \r\n}; none behind the last. Blocks. */
  static Optional<byte[]> next(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int read = in.read();
    if (read < 0) {
      return Optional.empty();
    }
    for (; read >= 0 && read != '\n'; read = in.read()) {
      line.write(read);
    }
    byte[] bytes = line.toByteArray();
    boolean returned = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
    return Optional.of(returned ? Arrays.copyOf(bytes, bytes.length - 1) : bytes);
  }

  /** The text of a line. */
  static String text(byte[] line) throws WrongInputException {
    ByteBuffer bytes = ByteBuffer.wrap(line);
    CharBuffer text = CharBuffer.allocate(line.length);
    CoderResult result =
        StandardCharsets.UTF_8.newDecoder().decode(bytes, text, /* endOfInput= */ true);
    if (result.isError()) {
      int place = bytes.position();
      throw new WrongInputException(
          "byte %d of the line is not UTF-8: write \\x%02x, within quotes, for it"
              .formatted(place + 1, line[place]));
    }
    return text.flip().toString();
  }

  /** Refuses what was read elsewhere with something put in place of bytes that were no UTF-8. */
  static void check(String line) throws WrongInputException {
    if (line.indexOf(REPLACEMENT) >= 0) {
      throw new WrongInputException(
          "the line has bytes that are not UTF-8: write each within quotes, as in \"\\xff\" (and"
              + " U+FFFD as \"\\xef\\xbf\\xbd\")");
    }
  }
}
