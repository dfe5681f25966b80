package io.synod.journal;

/**
 * A segment file, open to be written.
 *
 * @param sizeBytes how long the file is
 * @param filled whether every byte was written and synced ahead of use, so that a sync of it is one
 *     disk write
 */
record Segment(String name, DiskFile file, long sizeBytes, boolean filled) {

  /** A segment of the log that is written no more: its use, where it ends, its highest slot. */
  record Full(String name, boolean filled, long use, long end, long lastSlot) {
    SegmentHeader.Extent extent() {
      return new SegmentHeader.Extent(use, end);
    }
  }
}
