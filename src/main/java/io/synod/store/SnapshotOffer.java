package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;

/**
 * Which snapshot a peer sends.
 *
 * @param sha256 that its end bears; the same on every server that has one of this slot
 */
public record SnapshotOffer(Slot slot, long sizeBytes, Bytes sha256) {
  public SnapshotOffer {
    if (slot.equals(Slot.ZERO) || !isPossible(sizeBytes)) {
      throw new IllegalArgumentException(
          "a snapshot of slot " + slot + " and " + sizeBytes + " bytes");
    }
    if (sha256.size() != SnapshotFormat.SHA256_BYTES) {
      throw new IllegalArgumentException("a SHA-256 of " + sha256.size() + " bytes");
    }
  }

  /** Whether a snapshot may have this size. */
  public static boolean isPossible(long sizeBytes) {
    return sizeBytes >= SnapshotFormat.END_BYTES;
  }
}
