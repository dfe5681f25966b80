package io.synod.server;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Protobuf's bytes as the project's, without a copy where they lie in one array: both are
 * immutable.
 */
final class ByteStrings {
  private ByteStrings() {}

  static Bytes toBytes(ByteString bytes) {
    Taker taker = new Taker();
    try {
      UnsafeByteOperations.unsafeWriteTo(bytes, taker);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return taker.taken.size() == bytes.size() ? taker.taken : Bytes.wrap(bytes.toByteArray());
  }

  /** Keeps the first piece that it is given; a rope gives several. */
  private static final class Taker extends ByteOutput {
    private Bytes taken = Bytes.EMPTY;

    @Override
    public void write(byte value) {}

    @Override
    public void write(byte[] value, int offset, int length) {}

    @Override
    public void writeLazy(byte[] value, int offset, int length) {
      if (taken.isEmpty()) {
        taken = Bytes.wrap(value, offset, length);
      }
    }

    @Override
    public void write(ByteBuffer value) {}

    @Override
    public void writeLazy(ByteBuffer value) {}
  }
}
