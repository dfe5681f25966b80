package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Reads and verifies a snapshot file, a piece at a time, into rows of its own: nothing is replaced
 * before all of it has proved whole. One thread at a time.
 */
final class SnapshotReader {
  private final String name;
  private final DiskFile file;
  private final Engine.Loader rows;
  private final MessageDigest digest = Sha256.start();
  private long offset;
  private long sizeBytes;
  private int lastKind;
  private @Nullable SnapshotInfo info;
  private @Nullable Sessions sessions;
  private int openSessions;
  private long keys;
  private long liveBytes;
  private long rowsHash;
  private long historyHash;
  private long historyBytes;

  /** The first change that is held, if there is any. */
  private @Nullable Bytes firstRevision;

  private long hashBeforeFirst;
  private byte[] chunk = new byte[0];
  private @Nullable RestoredState restored;
  private Bytes sha256 = Bytes.EMPTY;

  /**
   * @param name of the file, for messages
   * @param file whose closing is the caller's
   */
  SnapshotReader(String name, DiskFile file, Engine.Loader rows) {
    this.name = name;
    this.file = file;
    this.rows = rows;
  }

  /**
   * Reads the next piece; false if that was the last and the snapshot is whole.
   *
   * @throws SnapshotRefusedException if it is not, or cannot be read
   */
  boolean readSome() throws SnapshotRefusedException {
    try {
      if (offset == 0) {
        sizeBytes = file.sizeBytes();
        readHead();
      } else {
        readChunk();
      }
      return restored == null;
    } catch (SnapshotRefusedException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw SnapshotRefusedException.damaged(name, offset, e);
    }
  }

  /** The state, once {@link #readSome} returned false. */
  RestoredState restored() {
    if (restored == null) {
      throw new IllegalStateException(name + " is not read to its end");
    }
    return restored;
  }

  /** How many bytes were read and found whole. */
  long offset() {
    return offset;
  }

  /** The hash in the file's end, once {@link #readSome} returned false. */
  Bytes sha256() {
    return sha256;
  }

  private void readHead() throws IOException {
    ByteBuffer head = read(SnapshotFormat.FILE_HEAD_BYTES);
    int version = SnapshotFormat.version(head);
    if (version != SnapshotFormat.VERSION) {
      throw SnapshotRefusedException.unknownVersion(name, version);
    }
    digest.update(head.duplicate());
    offset = head.limit();
  }

  private void readChunk() throws IOException {
    ByteBuffer head = read(SnapshotFormat.CHUNK_HEAD_BYTES);
    int size = head.getInt(0);
    int kind = head.get(4);
    long left = sizeBytes - offset - SnapshotFormat.CHUNK_HEAD_BYTES;
    if (size < 0 || size > SnapshotFormat.CHUNK_LIMIT_BYTES || size > left) {
      throw refused("a chunk of " + size + " bytes, with " + left + " left");
    }
    ByteBuffer payload = readPayload(size);
    if (SnapshotFormat.crc(offset, kind, payload.duplicate()) != head.getInt(5)) {
      throw refused("the checksum is wrong");
    }
    try {
      onChunk(kind, payload.duplicate());
    } catch (BufferUnderflowException e) {
      throw SnapshotRefusedException.damaged(name, offset, e);
    }
    lastKind = kind;
    digest.update(head);
    digest.update(payload);
    offset += SnapshotFormat.CHUNK_HEAD_BYTES + size;
  }

  private void onChunk(int kind, ByteBuffer payload) throws IOException {
    boolean again = kind >= SnapshotFormat.SESSION && kind < SnapshotFormat.END;
    if (kind < lastKind
        || (kind == lastKind && !again)
        || (lastKind < SnapshotFormat.SESSIONS && kind != lastKind + 1)) {
      throw refused("a chunk of kind " + kind + " behind one of kind " + lastKind);
    }
    switch (kind) {
      case SnapshotFormat.INFO -> info = SnapshotFormat.info(payload);
      case SnapshotFormat.SESSIONS -> sessions = SnapshotFormat.sessions(payload);
      case SnapshotFormat.SESSION -> {
        readSessions().add(SnapshotFormat.session(payload));
        openSessions++;
      }
      case SnapshotFormat.ROWS -> onRows(payload);
      case SnapshotFormat.HISTORY -> onHistory(payload);
      case SnapshotFormat.REVISIONS -> onRevisions(payload);
      case SnapshotFormat.END -> onEnd(payload);
      default -> throw refused("a chunk of unknown kind " + kind);
    }
  }

  private void onRows(ByteBuffer payload) throws IOException {
    int limit = payload.limit();
    while (payload.hasRemaining()) {
      int keySize = payload.getInt();
      int rowSize = payload.getInt();
      int at = payload.position();
      if (keySize < 1 || rowSize < 0 || keySize > limit - at || rowSize > limit - at - keySize) {
        throw refused("a key of " + keySize + " and a row of " + rowSize + " bytes");
      }
      rowsHash += RowFormat.checkedHash(chunk, at, keySize, rowSize);
      int end = at + keySize + rowSize;
      Bytes key = Bytes.wrap(chunk, at, keySize);
      liveBytes += keySize + RowFormat.valueSizeBytes(Bytes.wrap(chunk, at + keySize, rowSize));
      rows.add(Engine.Space.KEYS, key, payload.duplicate().position(at + keySize).limit(end));
      keys++;
      payload.position(end);
    }
  }

  private void onHistory(ByteBuffer payload) throws IOException {
    int limit = payload.limit();
    while (payload.hasRemaining()) {
      long ended = payload.getLong();
      int keySize = payload.getInt();
      int rowSize = payload.getInt();
      int at = payload.position();
      if (keySize < 1 || rowSize < 0 || keySize > limit - at || rowSize > limit - at - keySize) {
        throw refused("a key of " + keySize + " and an ended row of " + rowSize + " bytes");
      }
      RowFormat.checkedHash(chunk, at, keySize, rowSize);
      Bytes key = Bytes.wrap(chunk, at, keySize);
      Bytes row = Bytes.wrap(chunk, at + keySize, rowSize);
      historyHash += HistoryFormat.hash(row, ended);
      historyBytes += History.rowBytes(key, row);
      rows.add(Engine.Space.HISTORY, HistoryFormat.key(key, ended), row.asByteBuffer());
      payload.position(at + keySize + rowSize);
    }
  }

  private void onRevisions(ByteBuffer payload) throws IOException {
    while (payload.hasRemaining()) {
      Bytes revisionKey = HistoryFormat.revisionKey(payload.getLong(), payload.getInt());
      long hashBefore = payload.getLong();
      int keySize = payload.getInt();
      if (keySize < 1 || keySize > payload.remaining()) {
        throw refused("a changed key of " + keySize + " bytes");
      }
      Bytes key = Bytes.wrap(chunk, payload.position(), keySize);
      if (firstRevision == null) {
        firstRevision = revisionKey;
        hashBeforeFirst = hashBefore;
      }
      historyBytes += History.revisionBytes(key);
      rows.add(Engine.Space.REVISIONS, revisionKey, HistoryFormat.revisionRow(hashBefore, key));
      payload.position(payload.position() + keySize);
    }
  }

  /** Whether what was read of the history is what the beginning says. */
  private boolean isHistoryOf(SnapshotInfo said) {
    History.Numbers numbers = said.history();
    boolean whole =
        firstRevision == null
            ? numbers.compacted() == said.revision() && numbers.compactedHash() == numbers.hash()
            : firstRevision.equals(HistoryFormat.revisionKey(numbers.compacted() + 1, 0))
                && numbers.compactedHash() == hashBeforeFirst;
    return whole && historyHash == numbers.hash() - numbers.compactedHash();
  }

  private void onEnd(ByteBuffer payload) throws IOException {
    byte[] hash = digest.digest();
    if (!payload.equals(ByteBuffer.wrap(hash))) {
      throw refused("the SHA-256 is wrong");
    }
    if (offset + SnapshotFormat.END_BYTES != sizeBytes) {
      throw refused("more bytes behind the end");
    }
    SnapshotInfo said = info;
    if (said == null) {
      throw refused("nothing before the end");
    }
    long numbersHash = Mix.mix(said.revision(), said.logTimeMillis());
    if (keys != said.keys()
        || liveBytes != said.liveBytes()
        || !isHistoryOf(said)
        || openSessions != said.sessions()
        || KeyValueStore.hash(numbersHash, rowsHash, said.history(), readSessions())
            != said.hash()) {
      throw refused("the content is not what the beginning says");
    }
    sha256 = Bytes.wrap(hash);
    restored = new RestoredState(said, rows, rowsHash, historyBytes, readSessions());
  }

  private Sessions readSessions() throws IOException {
    if (sessions == null) {
      throw refused("no sessions so far");
    }
    return sessions;
  }

  private ByteBuffer readPayload(int size) throws IOException {
    // One array for all chunks: what is kept is copied out of it.
    if (size > chunk.length) {
      chunk = new byte[Math.max(size, SnapshotWriter.CHUNK_BYTES)];
    }
    ByteBuffer payload = ByteBuffer.wrap(chunk, 0, size);
    fill(offset + SnapshotFormat.CHUNK_HEAD_BYTES, payload);
    return payload;
  }

  private ByteBuffer read(int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    fill(offset, bytes);
    return bytes;
  }

  private void fill(long from, ByteBuffer target) throws IOException {
    file.read(from, target);
    if (target.hasRemaining()) {
      throw refused("ends at byte " + (from + target.position()));
    }
    target.flip();
  }

  private SnapshotRefusedException refused(String why) {
    return SnapshotRefusedException.damaged(name, offset, why);
  }
}
