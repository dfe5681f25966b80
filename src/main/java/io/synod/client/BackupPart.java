package io.synod.client;

import com.google.protobuf.ByteString;
import java.util.Optional;

/**
 * The next bytes of a backup, which is a snapshot file. Its last 32 are the SHA-256 of all but its
 * last 41.
 *
 * @param head in the first part only
 */
public record BackupPart(Optional<Head> head, ByteString bytes) {
  /**
   * What the whole is.
   *
   * @param slot all up to here is in it
   * @param sizeBytes of all parts together
   */
  public record Head(long slot, long sizeBytes) {}
}
