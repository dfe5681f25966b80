package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import java.io.IOException;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Receives a snapshot in pieces, from one peer or from several that have the same: a file of one
 * slot is the same on all. Reads its rows as they come, verifies it as a whole, and makes it this
 * server's newest. May block; one thread at a time.
 */
public final class SnapshotReceiver {
  private enum Step {
    RECEIVE,
    SYNC,
    VERIFY,
    PUBLISH,
    DONE
  }

  private final Snapshots snapshots;
  private final KeyValueStore store;
  private final Optional<ClusterId> cluster;
  private final SnapshotOffer offer;
  private final String name;
  private final DiskFile file;
  private final Publication publication;
  private final SteadySync sync;
  private Step step = Step.RECEIVE;
  private long offset;
  private final Engine.Loader loader;
  private final SnapshotReader reader;
  private @Nullable RestoredState restored;

  private SnapshotReceiver(
      Snapshots snapshots,
      KeyValueStore store,
      Optional<ClusterId> cluster,
      SnapshotOffer offer,
      boolean loads)
      throws IOException {
    this.snapshots = snapshots;
    this.store = store;
    this.cluster = cluster;
    this.offer = offer;
    this.name = SnapshotNames.receiving(offer.slot());
    checkRoom();
    this.loader = loads ? store.loader() : new NoLoader();
    try {
      // Last: nothing that fails leaves a file.
      this.file = snapshots.disk().open(name);
    } catch (IOException e) {
      Snapshots.giveUp(loader, e);
      throw e;
    }
    this.publication = new Publication(snapshots, name, offer.slot(), file);
    this.sync = new SteadySync(file);
    this.reader = new SnapshotReader(name, file, offer.sizeBytes(), loader);
  }

  /**
   * Begins to receive one.
   *
   * @throws IOException if the disk fails or has no room, or the store cannot take rows
   */
  static SnapshotReceiver begin(
      Snapshots snapshots,
      KeyValueStore store,
      Optional<ClusterId> cluster,
      SnapshotOffer offer,
      boolean loads)
      throws IOException {
    try {
      return new SnapshotReceiver(snapshots, store, cluster, offer, loads);
    } catch (EngineFailedException e) {
      // It is this snapshot that fails; whoever applies meets what is wrong by itself.
      throw new IOException("the state of a snapshot cannot be kept: " + e.getMessage(), e);
    }
  }

  /** Which snapshot it is. */
  public SnapshotOffer offer() {
    return offer;
  }

  /** Where the next piece must begin. */
  public long offset() {
    return offset;
  }

  /** Whether all pieces are there, so that {@link #installSome} may be called. */
  public boolean isReceived() {
    return offset == offer.sizeBytes();
  }

  /**
   * Takes a piece.
   *
   * @param crc CRC32C of {@code bytes}, by the sender
   * @return false if it is not the next one, or was damaged on the way: {@link #offset} says what
   *     to ask for
   */
  public boolean receive(long at, int crc, Bytes bytes) throws IOException {
    if (at != offset || bytes.isEmpty() || bytes.size() > offer.sizeBytes() - offset) {
      return false;
    }
    if (crc(bytes) != crc) {
      return false;
    }
    try {
      // Others write to the disk meanwhile.
      checkRoom();
      if (offset == 0) {
        file.truncate(0);
      }
      file.write(offset, bytes.asByteBuffer());
      offset += bytes.size();
      sync.onWritten(offset);
      // The end of it waits until all is durable.
      while (!isReceived() && reader.isWithin(offset)) {
        boolean unused = reader.readSome();
      }
    } catch (IOException | RuntimeException e) {
      giveUp(e);
      throw e;
    }
    return true;
  }

  /** For what is to come, and its rows. */
  private void checkRoom() throws IOException {
    long left = offer.sizeBytes() - offset;
    snapshots.checkRoom(name, left, store.loadBytes(left), store.setAside());
  }

  /** The CRC32C that goes with a piece. */
  public static int crc(Bytes bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.asByteBuffer());
    return (int) crc.getValue();
  }

  /**
   * Does the next piece of work; false if that was the last: the snapshot is whole and durable, and
   * {@link #restored} is to be installed in the store.
   *
   * @throws SnapshotRefusedException if it is not what was offered: begin anew, with another peer
   * @throws IOException if the disk fails; like the other, it leaves what was there before
   */
  public boolean installSome() throws IOException {
    try {
      installStep();
      return step != Step.DONE;
    } catch (IOException | RuntimeException e) {
      giveUp(e);
      throw e;
    }
  }

  /** The state, once {@link #installSome} returned false. */
  public RestoredState restored() {
    if (restored == null || step != Step.DONE) {
      throw new IllegalStateException(name + " is not installed");
    }
    return restored;
  }

  /** Stops before the end; what was there before stays. */
  public void abandon() throws IOException {
    loader.abandon();
    file.close();
    if (!publication.isNamed()) {
      snapshots.disk().delete(name);
    }
  }

  private void installStep() throws IOException {
    switch (step) {
      case RECEIVE -> {
        if (!isReceived()) {
          throw new IllegalStateException(name + " has " + offset + " bytes of " + offer);
        }
        step = Step.SYNC;
      }
      case SYNC -> {
        publication.sync();
        step = Step.VERIFY;
      }
      case VERIFY -> verifySome();
      case PUBLISH -> {
        if (!publication.publishSome()) {
          step = Step.DONE;
        }
      }
      case DONE -> {}
    }
  }

  private void verifySome() throws IOException {
    if (reader.readSome()) {
      return;
    }
    RestoredState state = reader.restored();
    Snapshots.checkIsOf(name, state.info(), offer.slot(), cluster);
    if (!reader.sha256().equals(offer.sha256())) {
      throw SnapshotRefusedException.damaged(
          name,
          offer.sizeBytes() - SnapshotFormat.SHA256_BYTES,
          "not the SHA-256 that was offered");
    }
    restored = state;
    step = Step.PUBLISH;
  }

  private void giveUp(Exception why) {
    Snapshots.giveUp(loader, why);
    snapshots.giveUp(name, file, publication.isNamed(), why);
  }
}
