package io.synod.journal;

import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** The names of the journal's files, and how they are read when a disk may be damaged. */
final class LogFiles {
  static final String IDENTITY = "identity";
  static final String IDENTITY_COPY = "identity.copy";
  static final String IDENTITY_NEW = "identity.new";
  static final String PROMISE_A = "promise.a";
  static final String PROMISE_B = "promise.b";

  private static final String SEGMENT_PREFIX = "journal/segment-";
  private static final String DAMAGED_PREFIX = "journal/damaged-";
  private static final String SUFFIX = ".log";

  /** What a disk can lose or fail to read on its own. */
  private static final int SECTOR_BYTES = 512;

  private static final int CHUNK_BYTES = 1 << 20;

  /** Stands for what cannot be read: never zero, so that it is not taken for the log's end. */
  private static final byte UNREADABLE = (byte) 0xff;

  private LogFiles() {}

  static String segment(int number) {
    return String.format(Locale.ROOT, "%s%06d%s", SEGMENT_PREFIX, number, SUFFIX);
  }

  static boolean isSegment(String name) {
    return name.startsWith(SEGMENT_PREFIX) && name.endsWith(SUFFIX) && number(name) > 0;
  }

  static boolean isJournal(String name) {
    return isSegment(name) || name.equals(PROMISE_A) || name.equals(PROMISE_B);
  }

  /** What a damaged segment is renamed to, so that it is neither used again nor lost. */
  static String damaged(String segment) {
    return DAMAGED_PREFIX + segment.substring(SEGMENT_PREFIX.length());
  }

  /** The number in a segment's name; 0 if it has none. */
  static int number(String name) {
    String digits = name.substring(SEGMENT_PREFIX.length(), name.length() - SUFFIX.length());
    if (digits.isEmpty() || digits.length() > 9 || !digits.chars().allMatch(Character::isDigit)) {
      return 0;
    }
    return Integer.parseInt(digits);
  }

  /** All segments, by number. */
  static List<String> segments(Disk disk) throws IOException {
    List<String> names = new ArrayList<>();
    for (String name : disk.list()) {
      if (name.startsWith(SEGMENT_PREFIX) && isSegment(name)) {
        names.add(name);
      }
    }
    Collections.sort(names);
    return names;
  }

  /**
   * Reads a file, or its first {@code mostBytes}. Where the disk cannot read, the sectors that fail
   * become bytes that are no frame, and a finding.
   */
  static ByteBuffer load(Disk disk, String name, long mostBytes, List<Finding> findings)
      throws IOException {
    try (DiskFile file = disk.open(name)) {
      long size = Math.min(file.sizeBytes(), mostBytes);
      if (size > Integer.MAX_VALUE - 8) {
        throw new JournalRefusedException(name + " is too large for a journal file: " + size);
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      for (int at = 0; at < size; at += CHUNK_BYTES) {
        int end = (int) Math.min(size, at + (long) CHUNK_BYTES);
        try {
          readExactly(file, name, bytes, at, end);
        } catch (JournalRefusedException e) {
          throw e;
        } catch (IOException e) {
          readSectors(file, name, bytes, new int[] {at, end}, findings);
        }
      }
      return bytes.limit((int) size).position(0);
    }
  }

  private static void readSectors(
      DiskFile file, String name, ByteBuffer bytes, int[] range, List<Finding> findings) {
    for (int at = range[0]; at < range[1]; at += SECTOR_BYTES) {
      int end = Math.min(range[1], at + SECTOR_BYTES);
      try {
        readExactly(file, name, bytes, at, end);
      } catch (IOException e) {
        for (int i = at; i < end; i++) {
          bytes.put(i, UNREADABLE);
        }
        findings.add(
            new Finding(Finding.Kind.DAMAGED, name, at, "cannot be read: " + e.getMessage()));
      }
    }
  }

  private static void readExactly(DiskFile file, String name, ByteBuffer bytes, int from, int to)
      throws IOException {
    bytes.limit(to).position(from);
    int read = file.read(from, bytes);
    if (read < to - from) {
      throw new JournalRefusedException(
          name + " became shorter while it was read; is another process using it?");
    }
  }

  /** Writes a small file and syncs it. */
  static void store(Disk disk, String name, Bytes content) throws IOException {
    try (DiskFile file = disk.open(name)) {
      file.truncate(content.size());
      file.write(0, content.asByteBuffer());
      file.sync();
    }
  }
}
