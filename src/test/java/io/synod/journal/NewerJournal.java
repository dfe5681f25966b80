package io.synod.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** What a newer release would write, with checksums that are right. */
public final class NewerJournal {
  private NewerJournal() {}

  /** A file of the journal as one of another format. */
  public static byte[] of(String name, byte[] file, int version) {
    return name.startsWith(LogFiles.IDENTITY)
        ? identity(file, version)
        // Behind the sequence number, in a promise file.
        : frame(file, LogFiles.isSegment(name) ? 0 : 8, version);
  }

  private static byte[] identity(byte[] file, int version) {
    String text = new String(file, StandardCharsets.UTF_8);
    String body =
        text.substring(0, text.indexOf("checksum "))
            .replaceFirst("format \\d+", "format " + version);
    byte[] newer = body.getBytes(StandardCharsets.UTF_8);
    long checksum = Integer.toUnsignedLong(crc(newer, 0, newer.length)) | 1L << 32;
    String line = "checksum " + Long.toHexString(checksum) + "\n";
    return (body + line).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] frame(byte[] file, int offset, int version) {
    byte[] newer = file.clone();
    ByteBuffer content = ByteBuffer.wrap(newer);
    content.putInt(Frame.HEADER_BYTES + offset, version);
    content.putInt(0, crc(newer, 4, content.getInt(4)));
    return newer;
  }

  private static int crc(byte[] bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, to - from);
    return (int) crc.getValue();
  }
}
