package io.synod.journal;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file of a {@link Disk}. */
public interface DiskFile extends AutoCloseable {

  /**
   * Writes all that remains in {@code source} at this place; readable at once, durable after {@link
   * #sync}.
   */
  void write(long offset, ByteBuffer source) throws IOException;

  /** Reads until {@code target} is full or the file ends; returns how many bytes. */
  int read(long offset, ByteBuffer target) throws IOException;

  /**
   * Makes what was written durable. A failure is final: what was not durable may be lost although
   * it is still readable, and no later call may be believed (protocol-rules.md, 2).
   */
  void sync() throws IOException;

  long sizeBytes() throws IOException;

  /** Makes the file this long; durable after {@link #sync}. */
  void truncate(long sizeBytes) throws IOException;

  @Override
  void close() throws IOException;
}
