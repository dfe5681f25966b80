package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
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
  private int fileVersion;
  private final long sizeBytes;
  private int lastKind;
  private @Nullable SnapshotInfo info;
  private @Nullable Sessions sessions;
  private int openSessions;
  private long keys;
  private long liveBytes;
  private long rowsHash;
  private long historyHash;
  private long historyBytes;

  /** Of the last change so far; the compacted one if there is none. */
  private long lastRevision;

  private byte[] chunk = new byte[0];
  private @Nullable RestoredState restored;
  private Bytes sha256 = Bytes.EMPTY;

  /**
   * @param name of the file, for messages
   * @param file whose closing is the caller's
   */
  SnapshotReader(String name, DiskFile file, Engine.Loader rows) throws IOException {
    this(name, file, file.sizeBytes(), rows);
  }

  /** The same of a file that is to have this size; it may still be written. */
  SnapshotReader(String name, DiskFile file, long sizeBytes, Engine.Loader rows) {
    this.name = name;
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.rows = rows;
  }

  /** Whether the next piece is within the first bytes of the file: so many of them are there. */
  boolean isWithin(long bytes) throws IOException {
    if (offset == 0) {
      return bytes >= SnapshotFormat.FILE_HEAD_BYTES;
    }
    long behindHead = offset + SnapshotFormat.CHUNK_HEAD_BYTES;
    return bytes >= behindHead
        && bytes - behindHead >= read(SnapshotFormat.CHUNK_HEAD_BYTES).getInt(0);
  }

  /**
   * Reads the next piece; false if that was the last and the snapshot is whole.
   *
   * @throws SnapshotRefusedException if it is not, or cannot be read
   * @throws IOException if what it holds cannot be put anywhere
   */
  boolean readSome() throws IOException {
    try {
      if (offset == 0) {
        readHead();
      } else {
        readChunk();
      }
      return restored == null;
    } catch (SnapshotRefusedException e) {
      throw e;
    } catch (EngineFailedException e) {
      throw new IOException("the state of " + name + " cannot be kept: " + e.getMessage(), e);
    } catch (NewerVersionException e) {
      throw SnapshotRefusedException.newer(name, offset, e);
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
    fileVersion = SnapshotFormat.version(head);
    if (fileVersion < SnapshotFormat.WITHOUT_VERSION_IN_FORCE
        || fileVersion > SnapshotFormat.VERSION) {
      throw SnapshotRefusedException.unknownVersion(name, fileVersion);
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
    if (kind >= SnapshotFormat.FIRST_NEWER && kind < SnapshotFormat.END) {
      throw new NewerVersionException(
          "a chunk of kind " + kind, "kinds up to " + SnapshotFormat.CHANGES);
    }
    boolean again = kind >= SnapshotFormat.SESSION && kind < SnapshotFormat.END;
    if (kind < lastKind
        || (kind == lastKind && !again)
        || (lastKind < SnapshotFormat.SESSIONS && kind != lastKind + 1)) {
      throw refused("a chunk of kind " + kind + " behind one of kind " + lastKind);
    }
    switch (kind) {
      case SnapshotFormat.INFO -> onInfo(SnapshotFormat.info(payload, fileVersion));
      case SnapshotFormat.SESSIONS -> sessions = SnapshotFormat.sessions(payload);
      case SnapshotFormat.SESSION -> {
        readSessions().add(SnapshotFormat.session(payload));
        openSessions++;
      }
      case SnapshotFormat.ROWS -> onRows(payload);
      case SnapshotFormat.CHANGES -> onChanges(payload);
      case SnapshotFormat.END -> onEnd(payload);
      default -> throw refused("a chunk of unknown kind " + kind);
    }
  }

  private void onInfo(SnapshotInfo said) {
    info = said;
    lastRevision = said.history().compacted();
    historyHash = said.history().compactedHash();
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
      rows.add(key, payload.duplicate().position(at + keySize).limit(end));
      keys++;
      payload.position(end);
    }
  }

  private void onChanges(ByteBuffer payload) throws IOException {
    int limit = payload.limit();
    while (payload.hasRemaining()) {
      long revision = payload.getLong();
      int place = payload.getInt();
      int keySize = payload.getInt();
      int rowSize = payload.getInt();
      int at = payload.position();
      if (keySize < 1 || rowSize < 0 || keySize > limit - at || rowSize > limit - at - keySize) {
        throw refused("a changed key of " + keySize + " and a row of " + rowSize + " bytes");
      }
      // The first is behind the compacted one, and no revision is left out.
      boolean next = place == 0 ? revision == lastRevision + 1 : revision == lastRevision;
      if (!next) {
        throw refused("a change of revision " + revision + " behind one of " + lastRevision);
      }
      lastRevision = revision;
      long hashBefore = historyHash;
      Bytes key = Bytes.wrap(chunk, at, keySize);
      Optional<Bytes> row = Optional.empty();
      if (rowSize > 0) {
        RowFormat.checkedHash(chunk, at, keySize, rowSize);
        Bytes ended = Bytes.wrap(chunk, at + keySize, rowSize);
        historyHash += History.hash(ended, revision);
        row = Optional.of(ended);
      }
      Engine.Change change = new Engine.Change(revision, place, hashBefore, key, row);
      historyBytes += ChangeLog.sizeBytes(change);
      rows.add(change);
      payload.position(at + keySize + rowSize);
    }
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
    long numbersHash = StoreHash.ofNumbers(said.version(), said.revision(), said.logTimeMillis());
    if (keys != said.keys()
        || liveBytes != said.liveBytes()
        || lastRevision != said.revision()
        || historyHash != said.history().hash()
        || openSessions != said.sessions()
        || StoreHash.of(numbersHash, rowsHash, said.history(), readSessions()) != said.hash()) {
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
