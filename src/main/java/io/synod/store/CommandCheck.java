package io.synod.store;

import static io.synod.store.CommandFormat.CHANGES_LIMIT;
import static io.synod.store.CommandFormat.CHANGES_LIMIT_BYTES;
import static io.synod.store.CommandFormat.CHANGE_HEAD_BYTES;
import static io.synod.store.CommandFormat.COMPACT;
import static io.synod.store.CommandFormat.COMPACT_BYTES;
import static io.synod.store.CommandFormat.DELETE;
import static io.synod.store.CommandFormat.DELETED;
import static io.synod.store.CommandFormat.DELETE_BYTES;
import static io.synod.store.CommandFormat.HEAD_BYTES;
import static io.synod.store.CommandFormat.KEY_LIMIT_BYTES;
import static io.synod.store.CommandFormat.OPEN_SESSION;
import static io.synod.store.CommandFormat.OPEN_SESSION_BYTES;
import static io.synod.store.CommandFormat.PUT;
import static io.synod.store.CommandFormat.PUT_BYTES;
import static io.synod.store.CommandFormat.SIZE_FIELD_BYTES;
import static io.synod.store.CommandFormat.STAMP_BYTES;
import static io.synod.store.CommandFormat.VALUE_LIMIT_BYTES;
import static io.synod.store.CommandFormat.WRITES;
import static io.synod.store.CommandFormat.WRITES_BYTES;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whether bytes that a peer sent, or a client's request, are commands by {@link CommandFormat}. */
final class CommandCheck {
  /** Kinds that have their number, and that this release does not know; from {@link #KEPT_FROM}. */
  private static final List<String> KEPT =
      List.of(
          "transaction",
          "grant lease",
          "revoke lease",
          "keep lease alive",
          "put with lease",
          "delete range");

  private static final byte KEPT_FROM = 6;

  private CommandCheck() {}

  /**
   * Checks all commands from a position on; returns how many there are.
   *
   * @throws IllegalArgumentException naming what is wrong, and where
   */
  static int check(ByteBuffer in, int from) {
    int count = 0;
    int at = from;
    while (at < in.limit()) {
      try {
        at = checkCommand(in, at);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "command " + count + " at byte " + at + ": " + e.getMessage(), e);
      }
      count++;
    }
    return count;
  }

  /** Checks the command at {@code at}; returns where it ends. */
  private static int checkCommand(ByteBuffer in, int at) {
    if (in.limit() - at < HEAD_BYTES) {
      throw new IllegalArgumentException("ends in its first bytes");
    }
    int size = in.getInt(at);
    if (size < 1 || size > in.limit() - at - SIZE_FIELD_BYTES) {
      throw new IllegalArgumentException(
          "a size of " + size + ", with " + (in.limit() - at - SIZE_FIELD_BYTES) + " bytes left");
    }
    byte kind = in.get(at + SIZE_FIELD_BYTES);
    int sizeBytes = SIZE_FIELD_BYTES + size;
    switch (kind) {
      case OPEN_SESSION -> checkOpenSession(in, at, sizeBytes);
      case PUT -> checkPut(in, at, sizeBytes);
      case DELETE -> checkDelete(in, at, sizeBytes);
      case COMPACT -> checkCompact(in, at, sizeBytes);
      case WRITES -> checkWrites(in, at, sizeBytes);
      default -> throw new IllegalArgumentException(unknown(kind));
    }
    return at + sizeBytes;
  }

  private static void checkOpenSession(ByteBuffer in, int at, int sizeBytes) {
    if (sizeBytes != OPEN_SESSION_BYTES) {
      throw new IllegalArgumentException("an open session of " + sizeBytes + " bytes");
    }
    int server = in.getInt(at + HEAD_BYTES);
    if (server < 0) {
      throw new IllegalArgumentException("server id " + server);
    }
  }

  private static void checkPut(ByteBuffer in, int at, int sizeBytes) {
    if (sizeBytes < PUT_BYTES) {
      throw new IllegalArgumentException("a put of " + sizeBytes + " bytes");
    }
    checkStamp(in, at);
    int keySize = in.getInt(at + HEAD_BYTES + STAMP_BYTES);
    checkKey(keySize);
    if (keySize > sizeBytes - PUT_BYTES) {
      throw new IllegalArgumentException("a key of " + keySize + " bytes in a put of " + sizeBytes);
    }
    checkValue(sizeBytes - PUT_BYTES - keySize);
  }

  private static void checkDelete(ByteBuffer in, int at, int sizeBytes) {
    if (sizeBytes < DELETE_BYTES) {
      throw new IllegalArgumentException("a delete of " + sizeBytes + " bytes");
    }
    checkStamp(in, at);
    checkKey(sizeBytes - DELETE_BYTES);
  }

  private static void checkCompact(ByteBuffer in, int at, int sizeBytes) {
    if (sizeBytes != COMPACT_BYTES) {
      throw new IllegalArgumentException("a compact of " + sizeBytes + " bytes");
    }
    checkStamp(in, at);
    checkRevision(in.getLong(at + HEAD_BYTES + STAMP_BYTES));
  }

  static void checkRevision(long revision) {
    if (revision < 1) {
      throw new IllegalArgumentException("a compact at revision " + revision);
    }
  }

  private static void checkWrites(ByteBuffer in, int at, int sizeBytes) {
    if (sizeBytes < WRITES_BYTES) {
      throw new IllegalArgumentException("writes of " + sizeBytes + " bytes");
    }
    checkStamp(in, at);
    Set<ByteBuffer> keys = new HashSet<>();
    int end = at + sizeBytes;
    int change = at + WRITES_BYTES;
    while (change < end) {
      if (end - change < CHANGE_HEAD_BYTES) {
        throw new IllegalArgumentException("a change that ends in its first bytes");
      }
      int keySize = in.getInt(change);
      int valueSize = in.getInt(change + 4);
      checkKey(keySize);
      if (valueSize != DELETED) {
        checkValue(valueSize);
      }
      int key = change + CHANGE_HEAD_BYTES;
      int value = Math.max(valueSize, 0);
      if (valueSize < DELETED || keySize > end - key || value > end - key - keySize) {
        throw new IllegalArgumentException(
            "a change of " + keySize + " and " + valueSize + " bytes, with " + (end - key));
      }
      if (!keys.add(in.duplicate().position(key).limit(key + keySize))) {
        throw new IllegalArgumentException("one key in two changes");
      }
      change = key + keySize + value;
    }
    checkChanges(keys.size(), sizeBytes - WRITES_BYTES - keys.size() * CHANGE_HEAD_BYTES);
  }

  static void checkChanges(int count, int sizeBytes) {
    if (count < 1 || count > CHANGES_LIMIT || sizeBytes > CHANGES_LIMIT_BYTES) {
      throw new IllegalArgumentException(
          count
              + " changes of "
              + sizeBytes
              + " bytes; from 1 to "
              + CHANGES_LIMIT
              + " of up to "
              + CHANGES_LIMIT_BYTES
              + " are allowed");
    }
  }

  private static String unknown(byte kind) {
    int kept = kind - KEPT_FROM;
    return "unknown kind "
        + kind
        + (kept >= 0 && kept < KEPT.size()
            ? " (" + KEPT.get(kept) + "): this release does not know it"
            : "");
  }

  private static void checkStamp(ByteBuffer in, int at) {
    int stamp = at + HEAD_BYTES;
    checkStamp(in.getLong(stamp), in.getLong(stamp + 8), in.getLong(stamp + 16));
  }

  static void checkStamp(long session, long sequence, long lowestOpen) {
    if (session < 1 || lowestOpen < 1 || sequence < lowestOpen) {
      throw new IllegalArgumentException(
          "session " + session + ", sequence " + sequence + ", lowest open " + lowestOpen);
    }
  }

  static void checkKey(int sizeBytes) {
    if (sizeBytes < 1 || sizeBytes > KEY_LIMIT_BYTES) {
      throw new IllegalArgumentException(
          "a key of " + sizeBytes + " bytes; from 1 to " + KEY_LIMIT_BYTES + " are allowed");
    }
  }

  static void checkValue(int sizeBytes) {
    if (sizeBytes > VALUE_LIMIT_BYTES) {
      throw new IllegalArgumentException(
          "a value of " + sizeBytes + " bytes; up to " + VALUE_LIMIT_BYTES + " are allowed");
    }
  }
}
