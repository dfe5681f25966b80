package io.synod.journal;

/**
 * How a journal is laid out and how much it does at once.
 *
 * @param segmentBytes how long a segment is, but for one whose only frame is larger
 * @param recordsPerSync at most so many records are written before they are synced; also bounds the
 *     slots that a torn tail can hide
 * @param prepareBytes how much of the next segment one {@link Journal#prepare} fills and syncs
 * @param directBuffer whether frames are gathered outside the heap, which saves a copy when a real
 *     file is written
 */
public record JournalSettings(
    long segmentBytes, int recordsPerSync, int prepareBytes, boolean directBuffer) {

  /** For a real disk. */
  public static final JournalSettings DEFAULT =
      new JournalSettings(16L << 20, 256, 1 << 20, /* directBuffer= */ true);

  public JournalSettings {
    if (segmentBytes < 1024 || segmentBytes % Frame.ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "a segment is 1 KiB or more, in steps of 8 bytes, not " + segmentBytes);
    }
    if (recordsPerSync < 1) {
      throw new IllegalArgumentException("1 or more records a sync, not " + recordsPerSync);
    }
    if (prepareBytes < 512) {
      throw new IllegalArgumentException("512 bytes or more at once, not " + prepareBytes);
    }
  }

  /** With segments of another length. */
  public JournalSettings withSegmentBytes(long bytes) {
    return new JournalSettings(bytes, recordsPerSync, prepareBytes, directBuffer);
  }
}
