package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Writes a snapshot file, a piece at a time: off the driver's thread, as fast as the caller likes.
 * One thread at a time.
 */
public final class SnapshotWriter {
  /** About how large a chunk is; one row alone may exceed it. */
  static final int CHUNK_BYTES = 256 << 10;

  private static final int ROW_HEAD_BYTES = 8;
  private static final int CHANGE_HEAD_BYTES = 8 + 4 + ROW_HEAD_BYTES;

  private enum Step {
    INFO,
    SESSIONS,
    SESSION,
    ROWS,
    CHANGES,
    END,
    PUBLISH,
    DONE
  }

  private final Snapshots snapshots;
  private final SnapshotInfo info;
  private final StoreView view;
  private final String name;
  private final DiskFile file;
  private final Publication publication;
  private final SteadySync sync;
  private final Iterator<Session> sessions;
  private final Engine.Rows rows;
  private final Iterator<Engine.Change> changes;
  private final MessageDigest digest = Sha256.start();
  private Step step = Step.INFO;

  /** Whether {@link #rows} is at a row that is to be written next. */
  private boolean atRow;

  /** Taken from {@link #changes}, and to be written next. */
  private Engine.@Nullable Change nextChange;

  private long offset;
  private ByteBuffer chunk = ByteBuffer.allocate(SnapshotFormat.CHUNK_HEAD_BYTES + CHUNK_BYTES);

  private SnapshotWriter(Snapshots snapshots, SnapshotInfo info, StoreView view)
      throws IOException {
    this.snapshots = snapshots;
    this.info = info;
    this.view = view;
    this.name = SnapshotNames.writing(info.slot());
    // At least: what it holds of history comes to that.
    snapshots.checkRoom(name, info.liveBytes() + info.keys() * ROW_HEAD_BYTES);
    this.sessions = view.openSessions().iterator();
    this.rows = view.rows();
    this.changes = view.changes();
    // Last: nothing that fails leaves a file.
    this.file = snapshots.disk().open(name);
    this.publication = new Publication(snapshots, name, info.slot(), file);
    this.sync = new SteadySync(file);
  }

  /**
   * Begins to write one.
   *
   * @throws IOException if the disk fails or has no room, or the state cannot be read: the view is
   *     closed
   */
  static SnapshotWriter begin(Snapshots snapshots, SnapshotInfo info, StoreView view)
      throws IOException {
    try {
      return new SnapshotWriter(snapshots, info, view);
    } catch (EngineFailedException e) {
      view.close();
      throw unreadable(e);
    } catch (IOException | RuntimeException e) {
      view.close();
      throw e;
    }
  }

  /** It is this snapshot that fails; whoever applies meets the damage by itself. */
  private static IOException unreadable(EngineFailedException e) {
    return new IOException("the state cannot be read: " + e.getMessage(), e);
  }

  /** What the snapshot is of. */
  public SnapshotInfo info() {
    return info;
  }

  /** So much of it is written. */
  public long writtenBytes() {
    return offset;
  }

  /**
   * Does the next piece of work, about {@link #CHUNK_BYTES} or one call of the disk; false if that
   * was the last, and the snapshot is durable.
   *
   * @throws IOException if the disk fails: the snapshot is given up, what was there before stays
   */
  public boolean writeSome() throws IOException {
    try {
      writeStep();
      return step != Step.DONE;
    } catch (IOException | RuntimeException e) {
      snapshots.giveUp(name, file, publication.isNamed(), e);
      view.close();
      if (e instanceof EngineFailedException failed) {
        throw unreadable(failed);
      }
      throw e;
    }
  }

  /** Stops before the end; what was there before stays. */
  public void abandon() throws IOException {
    view.close();
    file.close();
    if (!publication.isNamed()) {
      snapshots.disk().delete(name);
    }
    step = Step.DONE;
  }

  private void writeStep() throws IOException {
    switch (step) {
      case INFO -> {
        file.truncate(0);
        append(SnapshotFormat.fileHead(info));
        appendChunk(SnapshotFormat.INFO, SnapshotFormat.info(info));
        step = Step.SESSIONS;
      }
      case SESSIONS -> {
        appendChunk(SnapshotFormat.SESSIONS, view.sessions());
        step = sessions.hasNext() ? Step.SESSION : Step.ROWS;
      }
      case SESSION -> {
        appendChunk(SnapshotFormat.SESSION, SnapshotFormat.session(sessions.next()));
        step = sessions.hasNext() ? Step.SESSION : Step.ROWS;
      }
      case ROWS -> {
        if (!writeRows()) {
          step = Step.CHANGES;
        }
      }
      case CHANGES -> {
        if (!writeChanges()) {
          step = Step.END;
        }
      }
      case END -> {
        appendChunk(SnapshotFormat.END, ByteBuffer.wrap(digest.digest()));
        view.close();
        step = Step.PUBLISH;
      }
      case PUBLISH -> {
        if (!publication.publishSome()) {
          step = Step.DONE;
        }
      }
      case DONE -> {}
    }
  }

  /** Writes a chunk of rows; false if there are no more. */
  private boolean writeRows() throws IOException {
    chunk.clear().position(SnapshotFormat.CHUNK_HEAD_BYTES);
    boolean fits = true;
    while (fits && (atRow || rows.next())) {
      fits = hasRoom(ROW_HEAD_BYTES + rows.key().size() + rows.row().size());
      if (fits) {
        addRow(rows.key(), rows.row());
      }
      atRow = !fits;
    }
    endChunk(SnapshotFormat.ROWS);
    return atRow;
  }

  /** Writes a chunk of changes; false if there are no more. */
  private boolean writeChanges() throws IOException {
    chunk.clear().position(SnapshotFormat.CHUNK_HEAD_BYTES);
    while (nextChange != null || changes.hasNext()) {
      Engine.Change change = nextChange == null ? changes.next() : nextChange;
      nextChange = change;
      Bytes row = change.before().orElse(Bytes.EMPTY);
      if (!hasRoom(CHANGE_HEAD_BYTES + change.key().size() + row.size())) {
        break;
      }
      chunk.putLong(change.revision()).putInt(change.place());
      addRow(change.key(), row);
      nextChange = null;
    }
    endChunk(SnapshotFormat.CHANGES);
    return nextChange != null;
  }

  /** Whether so much fits into this chunk: makes one that is larger, if it would be the first. */
  private boolean hasRoom(int sizeBytes) {
    boolean isFirst = chunk.position() == SnapshotFormat.CHUNK_HEAD_BYTES;
    if (sizeBytes > chunk.remaining() && isFirst) {
      chunk = roomFor(sizeBytes);
    }
    return sizeBytes <= chunk.remaining();
  }

  private void addRow(Bytes key, Bytes row) {
    chunk.putInt(key.size()).putInt(row.size());
    key.writeTo(chunk);
    row.writeTo(chunk);
  }

  private void endChunk(int kind) throws IOException {
    if (chunk.position() > SnapshotFormat.CHUNK_HEAD_BYTES) {
      writeChunk(kind);
    }
  }

  private static ByteBuffer roomFor(int payloadBytes) {
    ByteBuffer room = ByteBuffer.allocate(SnapshotFormat.CHUNK_HEAD_BYTES + payloadBytes);
    return room.position(SnapshotFormat.CHUNK_HEAD_BYTES);
  }

  private void appendChunk(int kind, ByteBuffer payload) throws IOException {
    chunk.clear();
    if (payload.remaining() > chunk.capacity() - SnapshotFormat.CHUNK_HEAD_BYTES) {
      chunk = roomFor(payload.remaining());
    }
    chunk.position(SnapshotFormat.CHUNK_HEAD_BYTES);
    chunk.put(payload);
    writeChunk(kind);
  }

  /** Writes what is in {@link #chunk}, whose head is empty so far. */
  private void writeChunk(int kind) throws IOException {
    chunk.flip();
    ByteBuffer payload = chunk.duplicate().position(SnapshotFormat.CHUNK_HEAD_BYTES);
    chunk.putInt(0, payload.remaining());
    chunk.put(4, (byte) kind);
    chunk.putInt(5, SnapshotFormat.crc(offset, kind, payload));
    // Others write to the disk meanwhile, and how long it gets was a guess.
    snapshots.checkRoom(name, chunk.remaining());
    append(chunk);
  }

  private void append(ByteBuffer bytes) throws IOException {
    digest.update(bytes.duplicate());
    int size = bytes.remaining();
    file.write(offset, bytes);
    offset += size;
    sync.onWritten(offset);
  }
}
