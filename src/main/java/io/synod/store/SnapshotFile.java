package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A whole snapshot, read by pieces to send it to a peer. May block; one thread at a time. */
public final class SnapshotFile implements AutoCloseable {
  private final Snapshots snapshots;
  private final DiskFile file;
  private final SnapshotOffer offer;
  private boolean closed;

  private SnapshotFile(Snapshots snapshots, DiskFile file, SnapshotOffer offer) {
    this.snapshots = snapshots;
    this.file = file;
    this.offer = offer;
  }

  static SnapshotFile open(Snapshots snapshots, String name, Slot slot) throws IOException {
    DiskFile file = snapshots.disk().open(name);
    try {
      long sizeBytes = file.sizeBytes();
      long at = sizeBytes - SnapshotFormat.SHA256_BYTES;
      ByteBuffer sha256 = ByteBuffer.allocate(SnapshotFormat.SHA256_BYTES);
      if (sizeBytes < SnapshotFormat.END_BYTES
          || file.read(at, sha256) < SnapshotFormat.SHA256_BYTES) {
        throw SnapshotRefusedException.damaged(name, sizeBytes, "ends too early");
      }
      SnapshotOffer offer = new SnapshotOffer(slot, sizeBytes, Bytes.copyOf(sha256.flip()));
      return new SnapshotFile(snapshots, file, offer);
    } catch (IOException | RuntimeException e) {
      try (file) {
        throw e;
      }
    }
  }

  /** What a receiver needs to know beforehand. */
  public SnapshotOffer offer() {
    return offer;
  }

  /** The bytes at {@code offset}, {@code mostBytes} or fewer; none at or behind the end. */
  public Bytes read(long offset, int mostBytes) throws IOException {
    if (offset < 0 || offset >= offer.sizeBytes()) {
      return Bytes.EMPTY;
    }
    int size = (int) Math.min(mostBytes, offer.sizeBytes() - offset);
    ByteBuffer bytes = ByteBuffer.allocate(size);
    file.read(offset, bytes);
    return Bytes.copyOf(bytes.flip());
  }

  /** Lets it be deleted when a newer one is there. */
  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      snapshots.release(offer.slot());
      file.close();
    }
  }
}
