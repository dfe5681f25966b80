package io.synod.store;

import io.synod.journal.DiskFile;
import java.io.IOException;

/**
 * Makes a growing file durable a part at a time. One sync at the end of a large one would have the
 * disk write all of it at once, and hold up the journal's syncs meanwhile.
 */
final class SteadySync {
  private static final long PART_BYTES = 1 << 20;

  private final DiskFile file;
  private long durable;

  SteadySync(DiskFile file) {
    this.file = file;
  }

  /** So much is written. Blocks for the disk when a part of it is not durable yet. */
  void onWritten(long sizeBytes) throws IOException {
    if (sizeBytes - durable >= PART_BYTES) {
      file.sync();
      durable = sizeBytes;
    }
  }
}
