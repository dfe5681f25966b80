package io.synod.store;

import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import io.synod.paxos.Bytes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes and reads rows: create revision (8), mod revision (8), form (1), version (7), value, hash
 * (8). The hash is that of key and row; it is in the row so that a row can be taken out of the hash
 * of the state without reading its value. The form is 0; others are kept for rows that hold more,
 * such as a lease, and are refused as a newer version's. One thread.
 */
final class RowFormat {
  private static final int CREATE = 0;
  private static final int MOD = 8;
  private static final int VERSION = 16;
  private static final int VALUE = 24;
  private static final int HASH_BYTES = 8;
  private static final int USUAL_BYTES = 64 << 10;

  /** Stable from release to release, by its documentation. */
  private static final HashFunction HASH = Hashing.farmHashFingerprint64();

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private byte[] scratch = new byte[4_096];

  /** The hash of the row that {@link #encode} made last. */
  private long hash;

  /** Makes a row; good until the next call. */
  ByteBuffer encode(Bytes key, Bytes value, long createRevision, long modRevision, long version) {
    int row = key.size();
    int end = row + VALUE + value.size();
    byte[] out = scratch(end + HASH_BYTES);
    key.copyTo(out, 0);
    LONG.set(out, row + CREATE, createRevision);
    LONG.set(out, row + MOD, modRevision);
    LONG.set(out, row + VERSION, version);
    value.copyTo(out, row + VALUE);
    hash = Mix.mix(HASH.hashBytes(out, 0, end).asLong(), row);
    LONG.set(out, end, hash);
    return ByteBuffer.wrap(out, row, end + HASH_BYTES - row);
  }

  /** The hash of the row that {@link #encode} made last. */
  long encodedHash() {
    return hash;
  }

  private byte[] scratch(int sizeBytes) {
    if (sizeBytes > scratch.length || scratch.length > USUAL_BYTES) {
      scratch = new byte[Math.max(sizeBytes, 4_096)];
    }
    return scratch;
  }

  /**
   * The hash in an encoded row that lies behind its key in {@code bytes}.
   *
   * @throws IllegalArgumentException if it is not that of the key and the row
   * @throws NewerVersionException if it is, and the row is of a form that is not known
   */
  static long checkedHash(byte[] bytes, int offset, int keySize, int rowSize) {
    if (rowSize < VALUE + HASH_BYTES) {
      throw new IllegalArgumentException("a row of " + rowSize + " bytes");
    }
    int hashed = keySize + rowSize - HASH_BYTES;
    long hash = Mix.mix(HASH.hashBytes(bytes, offset, hashed).asLong(), keySize);
    if ((long) LONG.get(bytes, offset + hashed) != hash) {
      throw new IllegalArgumentException("a row whose hash is wrong");
    }
    checkForm(bytes[offset + keySize + VERSION]);
    return hash;
  }

  /**
   * Looks at the form of a row that is kept elsewhere with a checksum.
   *
   * @throws NewerVersionException if it is not known
   */
  static Bytes checkedForm(Bytes row) {
    checkForm(row.at(VERSION));
    return row;
  }

  private static void checkForm(byte form) {
    if (form != 0) {
      throw new NewerVersionException("a row of form " + (form & 0xff), "form 0");
    }
  }

  static long createRevision(Bytes row) {
    return number(row, CREATE);
  }

  static long modRevision(Bytes row) {
    return number(row, MOD);
  }

  static long version(Bytes row) {
    return number(row, VERSION);
  }

  static long hash(Bytes row) {
    return number(row, row.size() - HASH_BYTES);
  }

  static Bytes value(Bytes row) {
    return row.slice(VALUE, row.size() - HASH_BYTES);
  }

  static int valueSizeBytes(Bytes row) {
    return row.size() - VALUE - HASH_BYTES;
  }

  static Row row(Bytes key, Bytes row) {
    return new Row(key, value(row), createRevision(row), modRevision(row), version(row));
  }

  private static long number(Bytes row, int position) {
    long number = 0;
    for (int i = 0; i < 8; i++) {
      number = number << 8 | (row.at(position + i) & 0xff);
    }
    return number;
  }
}
