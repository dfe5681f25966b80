package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Iterator;

/**
 * Writes a snapshot file, a piece at a time: off the driver's thread, as fast as the caller likes.
 * One thread at a time.
 */
public final class SnapshotWriter {
  /** About how large a chunk is; one row alone may exceed it. */
  static final int CHUNK_BYTES = 256 << 10;

  /** How many freed rows are passed over in one piece of work. */
  private static final int MOST_PASSED = 4_096;

  private static final int ROW_HEAD_BYTES = 8;
  private static final int HISTORY_HEAD_BYTES = 8 + ROW_HEAD_BYTES;
  private static final int REVISION_HEAD_BYTES = 8 + 4 + 8 + 4;

  private enum Step {
    INFO,
    SESSIONS,
    SESSION,
    ROWS,
    HISTORY,
    REVISIONS,
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
  private final Iterator<Session> sessions;
  private Engine.Rows rows;
  private final MessageDigest digest = Sha256.start();
  private Step step = Step.INFO;
  private boolean atRow;
  private long offset;
  private ByteBuffer chunk = ByteBuffer.allocate(SnapshotFormat.CHUNK_HEAD_BYTES + CHUNK_BYTES);

  SnapshotWriter(Snapshots snapshots, SnapshotInfo info, StoreView view) throws IOException {
    this.snapshots = snapshots;
    this.info = info;
    this.view = view;
    this.name = SnapshotNames.writing(info.slot());
    this.sessions = view.openSessions().iterator();
    this.rows = view.keys();
    this.file = snapshots.disk().open(name);
    this.publication = new Publication(snapshots, name, info.slot(), file);
  }

  /** What the snapshot is of. */
  public SnapshotInfo info() {
    return info;
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
        append(SnapshotFormat.fileHead());
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
        if (!writeRows(SnapshotFormat.ROWS)) {
          rows = view.history();
          step = Step.HISTORY;
        }
      }
      case HISTORY -> {
        if (!writeRows(SnapshotFormat.HISTORY)) {
          rows = view.revisions();
          step = Step.REVISIONS;
        }
      }
      case REVISIONS -> {
        if (!writeRows(SnapshotFormat.REVISIONS)) {
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
  private boolean writeRows(int kind) throws IOException {
    chunk.clear().position(SnapshotFormat.CHUNK_HEAD_BYTES);
    boolean fits = true;
    int passed = 0;
    while (fits && (atRow || rows.next())) {
      atRow = true;
      if (kind == SnapshotFormat.HISTORY && isFreed(rows.key())) {
        atRow = false;
        if (++passed == MOST_PASSED) {
          break;
        }
        continue;
      }
      fits = addRow(kind);
    }
    boolean more = atRow || passed == MOST_PASSED;
    if (chunk.position() > SnapshotFormat.CHUNK_HEAD_BYTES) {
      writeChunk(kind);
    }
    return more;
  }

  private boolean isFreed(Bytes historyKey) {
    return HistoryFormat.ended(historyKey) <= info.history().compacted();
  }

  /** Adds the row that {@link #rows} is at, if it fits. */
  private boolean addRow(int kind) {
    Bytes key = rows.key();
    Bytes row = rows.row();
    Bytes userKey =
        switch (kind) {
          case SnapshotFormat.HISTORY -> HistoryFormat.userKey(key);
          case SnapshotFormat.REVISIONS -> HistoryFormat.changedKey(row);
          default -> key;
        };
    int needed =
        switch (kind) {
          case SnapshotFormat.HISTORY -> HISTORY_HEAD_BYTES + userKey.size() + row.size();
          case SnapshotFormat.REVISIONS -> REVISION_HEAD_BYTES + userKey.size();
          default -> ROW_HEAD_BYTES + key.size() + row.size();
        };
    if (needed > chunk.remaining()) {
      if (chunk.position() > SnapshotFormat.CHUNK_HEAD_BYTES) {
        return false;
      }
      chunk = roomFor(needed);
    }
    if (kind == SnapshotFormat.REVISIONS) {
      chunk.putLong(HistoryFormat.revision(key)).putInt(HistoryFormat.place(key));
      chunk.putLong(HistoryFormat.hashBefore(row)).putInt(userKey.size());
      userKey.writeTo(chunk);
    } else {
      if (kind == SnapshotFormat.HISTORY) {
        chunk.putLong(HistoryFormat.ended(key));
      }
      chunk.putInt(userKey.size()).putInt(row.size());
      userKey.writeTo(chunk);
      row.writeTo(chunk);
    }
    atRow = false;
    return true;
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
    append(chunk);
  }

  private void append(ByteBuffer bytes) throws IOException {
    digest.update(bytes.duplicate());
    int size = bytes.remaining();
    file.write(offset, bytes);
    offset += size;
  }
}
