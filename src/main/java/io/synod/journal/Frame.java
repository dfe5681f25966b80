package io.synod.journal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The one envelope of everything in a segment. All numbers are big-endian:
 *
 * <pre>
 *  0  int    CRC32C of all that follows, padding excepted
 *  4  int    length of header and payload; the next frame begins at the next multiple of 8
 *  8  short  magic
 * 10  byte   type
 * 11  byte   flags
 * 12  int    whose it is: {@link Identity#mark}
 * 16  long   which use of a segment it belongs to
 * 24  long   its own offset in the file
 * 32  long   synced: everything before this offset, of this use, was durable when it was written
 * 40         payload
 * </pre>
 *
 * <p>So a frame that stands in the wrong place, in another server's file, or is left from an
 * earlier use of a recycled segment is not taken for one of this log.
 */
final class Frame {
  static final int HEADER_BYTES = 40;
  static final int ALIGNMENT = 8;
  static final int MAX_BYTES = 1 << 30;

  /** The first frame of a segment; see {@link SegmentHeader}. */
  static final int SEGMENT = 1;

  /** No payload: says, when the log went idle, that all before it is synced. */
  static final int SYNCED = 2;

  /** What a promise file holds; see {@link PromiseFiles}. */
  static final int PROMISE = 3;

  /** The first of the types that hold a journal record; see {@link RecordFormat}. */
  static final int FIRST_RECORD = 16;

  /** The frame was copied by a recovery, ahead of its segment's header. */
  static final int RECOVERED = 1;

  private static final int MAGIC = 0x534A;

  private Frame() {}

  /** Where what follows this offset may begin. */
  static long align(long offset) {
    return (offset + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** What a frame with such a payload takes, padding included. */
  static int paddedBytes(int payloadBytes) {
    return (int) align(HEADER_BYTES + (long) payloadBytes);
  }

  /** What all frames of one stretch of a segment have in common. */
  record Place(int mark, long use) {}

  /**
   * Finishes a frame whose payload stands in {@code buffer} from {@code start} + {@link
   * #HEADER_BYTES} to its position: writes the header and pads.
   */
  static void seal(
      ByteBuffer buffer, int start, int typeAndFlags, Place place, long offset, long synced) {
    int end = buffer.position();
    buffer.putInt(start + 4, end - start);
    buffer.putInt(start + 8, MAGIC << 16 | typeAndFlags);
    buffer.putInt(start + 12, place.mark());
    buffer.putLong(start + 16, place.use());
    buffer.putLong(start + 24, offset);
    buffer.putLong(start + 32, synced);
    buffer.putInt(start, crc(buffer, start + 4, end));
    for (int padding = (int) (align(end - start) - (end - start)); padding > 0; padding--) {
      buffer.put((byte) 0);
    }
  }

  static int typeAndFlags(int type, int flags) {
    return type << 8 | flags;
  }

  /**
   * Whether a whole and undamaged frame of this server begins at {@code at}, which is the offset in
   * the file too.
   */
  static boolean isWhole(ByteBuffer file, int at, int mark) {
    if (at < 0 || at + HEADER_BYTES > file.limit()) {
      return false;
    }
    int length = file.getInt(at + 4);
    if (file.getShort(at + 8) != MAGIC
        || file.getInt(at + 12) != mark
        || file.getLong(at + 24) != at
        || length < HEADER_BYTES
        || length > file.limit() - at) {
      return false;
    }
    return crc(file, at + 4, at + length) == file.getInt(at);
  }

  /** Whether nothing was written here since the bytes were zeroed: the mark of the log's end. */
  static boolean isEndMark(ByteBuffer file, int at) {
    if (at + HEADER_BYTES > file.limit()) {
      return false;
    }
    for (int i = at; i < at + HEADER_BYTES; i += 8) {
      if (file.getLong(i) != 0) {
        return false;
      }
    }
    return true;
  }

  static int type(ByteBuffer file, int at) {
    return file.get(at + 10) & 0xff;
  }

  static int flags(ByteBuffer file, int at) {
    return file.get(at + 11) & 0xff;
  }

  static int mark(ByteBuffer file, int at) {
    return file.getInt(at + 12);
  }

  static long use(ByteBuffer file, int at) {
    return file.getLong(at + 16);
  }

  static long synced(ByteBuffer file, int at) {
    return file.getLong(at + 32);
  }

  static int length(ByteBuffer file, int at) {
    return file.getInt(at + 4);
  }

  /** Where the next frame begins. */
  static int next(ByteBuffer file, int at) {
    return (int) align(at + (long) length(file, at));
  }

  /** A view of the payload. */
  static ByteBuffer payload(ByteBuffer file, int at) {
    return file.slice(at + HEADER_BYTES, length(file, at) - HEADER_BYTES);
  }

  /** The checksum of a part of a buffer, whose position and limit stay as they are. */
  static int crc(ByteBuffer buffer, int from, int to) {
    int position = buffer.position();
    int limit = buffer.limit();
    buffer.limit(to).position(from);
    CRC32C crc = new CRC32C();
    crc.update(buffer);
    buffer.limit(limit).position(position);
    return (int) crc.getValue();
  }
}
