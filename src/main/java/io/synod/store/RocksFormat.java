package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Change;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that the engine on RocksDB keeps, all numbers big-endian. Of each generation of the
 * state three column families, N being its number in decimal:
 *
 * <pre>
 * rows-N     key: row
 * changes-N  revision (8), place (4): hash before (8), size of the key (4), key, row before it
 * index-N    escaped key, 0, 0, revision (8): place (4)
 * </pre>
 *
 * and in the default one:
 *
 * <pre>
 * f          version of all of this (4)
 * n          slot (8), generation (8), revision (8) and place (4) of the last change that was
 *            removed, the machine's numbers
 * s          slot (8), all sessions after it
 * c slot     what became of sessions in this slot; of all slots behind that of s
 * </pre>
 *
 * In an escaped key each 0 is followed by 255, so that keys of any bytes keep their order with a
 * revision behind them. A row is never empty: no bytes mean that there was none.
 */
final class RocksFormat {
  static final int VERSION = 1;

  static final byte[] FORMAT = {'f'};
  static final byte[] NUMBERS = {'n'};
  static final byte[] SESSIONS = {'s'};
  private static final byte SESSION_CHANGES = 'c';

  private static final int NUMBERS_HEAD_BYTES = 8 + 8 + 8 + 4;
  private static final int CHANGE_KEY_BYTES = 12;
  private static final int CHANGE_HEAD_BYTES = 8 + 4;
  private static final int REVISION_BYTES = 8;

  private RocksFormat() {}

  /**
   * A row as it is kept.
   *
   * @throws EngineFailedException if a newer version wrote it
   */
  static Bytes row(byte[] bytes) {
    return checked(Bytes.wrap(bytes));
  }

  private static Bytes checked(Bytes row) {
    try {
      return RowFormat.checkedForm(row);
    } catch (NewerVersionException e) {
      throw new EngineFailedException("the database holds " + e.getMessage(), e);
    }
  }

  // ---- beside the rows

  /** What is kept under {@link #NUMBERS}; {@code removed}: the key of the last change removed. */
  record Numbers(long slot, long generation, Bytes removed, Bytes machine) {
    byte[] encode() {
      ByteBuffer out = ByteBuffer.allocate(NUMBERS_HEAD_BYTES + machine.size());
      removed.writeTo(out.putLong(slot).putLong(generation));
      machine.writeTo(out);
      return out.array();
    }

    /**
     * @throws EngineFailedException if it is too short
     */
    static Numbers decode(byte[] bytes) {
      if (bytes.length <= NUMBERS_HEAD_BYTES) {
        throw new EngineFailedException("numbers of " + bytes.length + " bytes");
      }
      ByteBuffer in = ByteBuffer.wrap(bytes);
      long slot = in.getLong();
      long generation = in.getLong();
      byte[] removed = new byte[CHANGE_KEY_BYTES];
      in.get(removed);
      return new Numbers(slot, generation, Bytes.wrap(removed), Bytes.copyOf(in));
    }
  }

  /**
   * @throws EngineFailedException if it is no version
   */
  static int version(byte[] bytes) {
    if (bytes.length != 4) {
      throw new EngineFailedException("a version of " + bytes.length + " bytes");
    }
    return ByteBuffer.wrap(bytes).getInt();
  }

  static byte[] version() {
    return ByteBuffer.allocate(4).putInt(VERSION).array();
  }

  static byte[] sessions(long slot, Bytes sessions) {
    ByteBuffer out = ByteBuffer.allocate(8 + sessions.size());
    sessions.writeTo(out.putLong(slot));
    return out.array();
  }

  static byte[] sessionChangesKey(long slot) {
    return ByteBuffer.allocate(9).put(SESSION_CHANGES).putLong(slot).array();
  }

  static boolean isSessionChanges(byte[] key) {
    return key.length == 9 && key[0] == SESSION_CHANGES;
  }

  // ---- changes

  static byte[] changeKey(long revision, int place) {
    return ByteBuffer.allocate(CHANGE_KEY_BYTES).putLong(revision).putInt(place).array();
  }

  /** The first key behind that of a change. */
  static byte[] behind(byte[] changeKey) {
    return Arrays.copyOf(changeKey, changeKey.length + 1);
  }

  static byte[] changeValue(Change change) {
    Bytes row = change.before().orElse(Bytes.EMPTY);
    ByteBuffer out = ByteBuffer.allocate(CHANGE_HEAD_BYTES + change.key().size() + row.size());
    out.putLong(change.hashBefore()).putInt(change.key().size());
    change.key().writeTo(out);
    row.writeTo(out);
    return out.array();
  }

  static Change change(byte[] key, byte[] value) {
    ByteBuffer numbers = ByteBuffer.wrap(key);
    ByteBuffer head = ByteBuffer.wrap(value);
    long hashBefore = head.getLong();
    int row = CHANGE_HEAD_BYTES + head.getInt();
    Bytes before = Bytes.wrap(value, row, value.length - row);
    return new Change(
        numbers.getLong(),
        numbers.getInt(),
        hashBefore,
        Bytes.wrap(value, CHANGE_HEAD_BYTES, row - CHANGE_HEAD_BYTES),
        before.isEmpty() ? Optional.empty() : Optional.of(checked(before)));
  }

  // ---- index

  /** Where the changes of a key from a revision on begin. */
  static byte[] indexKey(Bytes key, long revision) {
    int size = escapedSize(key);
    byte[] out = Arrays.copyOf(escaped(key), size + 2 + REVISION_BYTES);
    ByteBuffer.wrap(out).putLong(size + 2, revision);
    return out;
  }

  /** Behind all changes of a key, and before those of every later key. */
  static byte[] indexBehind(Bytes key) {
    int size = escapedSize(key);
    byte[] out = Arrays.copyOf(escaped(key), size + 2);
    out[size + 1] = 1;
    return out;
  }

  /** Where the changes of a key and of those behind it begin. */
  static byte[] indexFrom(Bytes key) {
    return escaped(key);
  }

  static byte[] place(int place) {
    return ByteBuffer.allocate(4).putInt(place).array();
  }

  static int place(byte[] value) {
    return ByteBuffer.wrap(value).getInt();
  }

  static long indexedRevision(byte[] indexKey) {
    return ByteBuffer.wrap(indexKey).getLong(indexKey.length - REVISION_BYTES);
  }

  /** The key in an index key; null for null. */
  static @Nullable Bytes indexedKey(byte @Nullable [] indexKey) {
    if (indexKey == null) {
      return null;
    }
    byte[] out = new byte[indexKey.length];
    int size = 0;
    for (int i = 0; i < indexKey.length - 2 - REVISION_BYTES; i++) {
      out[size++] = indexKey[i];
      if (indexKey[i] == 0) {
        i++;
      }
    }
    return Bytes.wrap(out, 0, size);
  }

  private static int escapedSize(Bytes key) {
    int zeros = 0;
    for (int i = 0; i < key.size(); i++) {
      zeros += key.at(i) == 0 ? 1 : 0;
    }
    return key.size() + zeros;
  }

  private static byte[] escaped(Bytes key) {
    byte[] out = new byte[escapedSize(key)];
    int at = 0;
    for (int i = 0; i < key.size(); i++) {
      out[at++] = key.at(i);
      if (key.at(i) == 0) {
        out[at++] = (byte) 0xff;
      }
    }
    return out;
  }
}
