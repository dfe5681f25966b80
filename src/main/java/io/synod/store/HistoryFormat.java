package io.synod.store;

import io.synod.paxos.Bytes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Keys and rows of what was replaced or deleted, numbers big-endian.
 *
 * <pre>
 * HISTORY    the user's key with each byte 0 written as 0 255, and 0 0 behind it; the revision that
 *            ended the row (8) : the row, as {@link RowFormat} has it
 * REVISIONS  revision (8), place in it (4) : history hash before it (8), the user's key
 * </pre>
 *
 * The rows of a key lie beside each other, the oldest first, and keys in their own order. A row is
 * the key's from its mod revision on until just before the revision that ended it.
 */
final class HistoryFormat {
  private static final int REVISION_BYTES = 8;
  private static final int HASH_BYTES = 8;
  private static final byte ESCAPE = (byte) 0xff;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private HistoryFormat() {}

  /** The key of a row that {@code ended} at this revision. */
  static Bytes key(Bytes userKey, long ended) {
    byte[] key = escaped(userKey, REVISION_BYTES);
    LONG.set(key, key.length - REVISION_BYTES, ended);
    return Bytes.wrap(key);
  }

  /** Not above any row of this key, and above all of the keys before it. */
  static Bytes first(Bytes userKey) {
    return userKey.isEmpty() ? Bytes.EMPTY : key(userKey, 0);
  }

  /** Above all rows of this key, and not above any of the keys behind it. */
  static Bytes behind(Bytes userKey) {
    byte[] key = escaped(userKey, 0);
    key[key.length - 1] = 1;
    return Bytes.wrap(key);
  }

  /** The escaped key, the two 0 behind it, and so many bytes more. */
  private static byte[] escaped(Bytes userKey, int more) {
    int size = userKey.size();
    int zeros = zeros(userKey, size);
    byte[] out = new byte[size + zeros + 2 + more];
    if (zeros == 0) {
      userKey.copyTo(out, 0);
      return out;
    }
    int to = 0;
    for (int i = 0; i < size; i++) {
      byte each = userKey.at(i);
      out[to++] = each;
      if (each == 0) {
        out[to++] = ESCAPE;
      }
    }
    return out;
  }

  private static int zeros(Bytes bytes, int size) {
    int zeros = 0;
    for (int i = 0; i < size; i++) {
      if (bytes.at(i) == 0) {
        zeros++;
      }
    }
    return zeros;
  }

  /** The user's key of a row in HISTORY. */
  static Bytes userKey(Bytes key) {
    int size = key.size() - REVISION_BYTES - 2;
    int zeros = zeros(key, size);
    if (zeros == 0) {
      return key.slice(0, size);
    }
    byte[] plain = new byte[size - zeros];
    int to = 0;
    for (int i = 0; i < size; i++) {
      plain[to++] = key.at(i);
      if (key.at(i) == 0) {
        i++;
      }
    }
    return Bytes.wrap(plain);
  }

  /** The revision that ended a row in HISTORY. */
  static long ended(Bytes key) {
    return number(key, key.size() - REVISION_BYTES);
  }

  /** What a row that was ended adds to the hash of the history. */
  static long hash(Bytes row, long ended) {
    return Mix.mix(RowFormat.hash(row), ended);
  }

  static Bytes revisionKey(long revision, int place) {
    byte[] key = new byte[REVISION_BYTES + 4];
    LONG.set(key, 0, revision);
    INT.set(key, REVISION_BYTES, place);
    return Bytes.wrap(key);
  }

  static long revision(Bytes revisionKey) {
    return number(revisionKey, 0);
  }

  static int place(Bytes revisionKey) {
    return revisionKey.asByteBuffer().getInt(REVISION_BYTES);
  }

  /**
   * @param hashBefore the sum of the hashes of all rows that were ended by what came before
   */
  static ByteBuffer revisionRow(long hashBefore, Bytes userKey) {
    ByteBuffer row = ByteBuffer.allocate(HASH_BYTES + userKey.size());
    userKey.writeTo(row.putLong(hashBefore));
    return row.flip();
  }

  static long hashBefore(Bytes revisionRow) {
    return number(revisionRow, 0);
  }

  static Bytes changedKey(Bytes revisionRow) {
    return revisionRow.slice(HASH_BYTES, revisionRow.size());
  }

  private static long number(Bytes bytes, int position) {
    long number = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      number = number << 8 | (bytes.at(position + i) & 0xff);
    }
    return number;
  }
}
