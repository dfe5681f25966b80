package io.synod.paxos;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An immutable sequence of bytes, equal by content and ordered as unsigned bytes.
 *
 * <p>It may be a view of a larger array; {@link #compact} detaches it.
 */
public final class Bytes implements Comparable<Bytes> {
  /** No bytes. */
  public static final Bytes EMPTY = new Bytes(new byte[0], 0, 0);

  private final byte[] array;
  private final int offset;
  private final int size;

  private Bytes(byte[] array, int offset, int size) {
    this.array = array;
    this.offset = offset;
    this.size = size;
  }

  /** Takes over {@code array} without copying: the caller never writes to it again. */
  public static Bytes wrap(byte[] array) {
    return new Bytes(array, 0, array.length);
  }

  /** Takes over a part of {@code array} without copying: the caller never writes to it again. */
  public static Bytes wrap(byte[] array, int offset, int size) {
    if (offset < 0 || size < 0 || offset > array.length - size) {
      throw new IndexOutOfBoundsException(
          "offset " + offset + ", size " + size + " of " + array.length);
    }
    return new Bytes(array, offset, size);
  }

  /** The UTF-8 bytes of {@code text}. */
  public static Bytes utf8(String text) {
    return wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Copies what remains of {@code buffer}, and moves its position to the end. */
  public static Bytes copyOf(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.get(copy);
    return wrap(copy);
  }

  /** How many bytes. */
  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /** The byte at {@code position}, from 0. */
  public byte at(int position) {
    if (position < 0 || position >= size) {
      throw new IndexOutOfBoundsException("position " + position + " of " + size);
    }
    return array[offset + position];
  }

  /** A view of the bytes from {@code from} (inclusive) to {@code to} (exclusive). */
  public Bytes slice(int from, int to) {
    if (from < 0 || to < from || to > size) {
      throw new IndexOutOfBoundsException("from " + from + " to " + to + " of " + size);
    }
    return new Bytes(array, offset + from, to - from);
  }

  /** These bytes in an array of their own size, so that a larger one is not kept alive. */
  public Bytes compact() {
    return size == array.length ? this : wrap(toArray());
  }

  /** A copy. */
  public byte[] toArray() {
    return Arrays.copyOfRange(array, offset, offset + size);
  }

  /** A read-only view that shares the bytes. */
  public ByteBuffer asByteBuffer() {
    return ByteBuffer.wrap(array, offset, size).slice().asReadOnlyBuffer();
  }

  /** Appends these bytes to {@code target}. */
  public void writeTo(ByteBuffer target) {
    target.put(array, offset, size);
  }

  /** Copies these bytes into {@code target} from {@code position} on. */
  public void copyTo(byte[] target, int position) {
    System.arraycopy(array, offset, target, position, size);
  }

  /** These bytes read as UTF-8; what is not UTF-8 becomes the replacement character. */
  public String toUtf8() {
    return new String(array, offset, size, StandardCharsets.UTF_8);
  }

  public boolean startsWith(Bytes prefix) {
    return prefix.size <= size
        && Arrays.equals(
            array,
            offset,
            offset + prefix.size,
            prefix.array,
            prefix.offset,
            prefix.offset + prefix.size);
  }

  @Override
  public int compareTo(Bytes other) {
    return Arrays.compareUnsigned(
        array, offset, offset + size, other.array, other.offset, other.offset + other.size);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that
        && size == that.size
        && ((array == that.array && offset == that.offset)
            || Arrays.equals(
                array, offset, offset + size, that.array, that.offset, that.offset + that.size));
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = offset; i < offset + size; i++) {
      hash = 31 * hash + array[i];
    }
    return hash;
  }

  /** For logs: the text if it is short and printable, else the size. */
  @Override
  public String toString() {
    if (size <= 64) {
      String text = toUtf8();
      if (text.chars().allMatch(c -> c >= ' ' && c < 127)) {
        return '"' + text + '"';
      }
    }
    return size + " bytes";
  }
}
