package io.synod.transport.grpc;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.synod.paxos.Bytes;
import io.synod.proto.PeerEnvelope;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The one codec between what servers say and protobuf. Any thread; no state.
 *
 * <p>Total both ways: every {@link PeerMessage} has bytes, and any bytes are either a valid {@link
 * PeerMessage} or rejected.
 */
final class PeerCodec {
  private PeerCodec() {}

  /**
   * A message as the bytes of one frame. The payloads of its values are copied once, into these.
   */
  static byte[] encode(PeerMessage message) {
    return PeerEncoder.envelope(message).toByteArray();
  }

  /**
   * The message in a frame.
   *
   * @param frame taken over: the message's payloads are views of it
   * @throws MessageRejected if it is not one, saying why
   */
  static PeerMessage decode(byte[] frame) throws MessageRejected {
    return decode(envelope(frame));
  }

  /** As {@link #decode(byte[])}, of a frame that is parsed already. */
  static PeerMessage decode(PeerEnvelope envelope) throws MessageRejected {
    try {
      return PeerDecoder.message(envelope);
    } catch (IllegalArgumentException e) {
      // What the constructors of the protocol's own types refuse.
      throw new MessageRejected(envelope.getMessageCase() + ": " + e.getMessage());
    }
  }

  /**
   * A frame as protobuf.
   *
   * @param frame taken over: byte fields are views of it
   */
  static PeerEnvelope envelope(byte[] frame) throws MessageRejected {
    CodedInputStream in = UnsafeByteOperations.unsafeWrap(frame).newCodedInput();
    in.enableAliasing(true);
    try {
      PeerEnvelope envelope = PeerEnvelope.parseFrom(in);
      in.checkLastTagWas(0);
      return envelope;
    } catch (InvalidProtocolBufferException e) {
      throw new MessageRejected("not a PeerEnvelope: " + e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  static ByteString toWire(Bytes bytes) {
    return UnsafeByteOperations.unsafeWrap(bytes.asByteBuffer());
  }

  /** The bytes as they are, without copying, where protobuf holds them in one array. */
  static Bytes fromWire(ByteString wire) {
    if (wire.isEmpty()) {
      return Bytes.EMPTY;
    }
    Sharing sharing = new Sharing(wire.size());
    try {
      UnsafeByteOperations.unsafeWriteTo(wire, sharing);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
    return sharing.bytes;
  }

  static ByteString toWire(UUID id) {
    ByteBuffer out = ByteBuffer.allocate(16);
    out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    return UnsafeByteOperations.unsafeWrap(out.array());
  }

  static UUID uuid(ByteString wire, String what) throws MessageRejected {
    if (wire.size() != 16) {
      throw new MessageRejected(what + " has " + wire.size() + " bytes, not 16");
    }
    ByteBuffer in = wire.asReadOnlyByteBuffer();
    return new UUID(in.getLong(), in.getLong());
  }

  /** Takes hold of a ByteString's own array; copies if it has several pieces. */
  private static final class Sharing extends ByteOutput {
    private final int size;
    private Bytes bytes = Bytes.EMPTY;
    private int filled;
    private byte[] pieces = new byte[0];

    Sharing(int size) {
      this.size = size;
    }

    @Override
    public void write(byte value) {
      write(new byte[] {value}, 0, 1);
    }

    @Override
    public void write(byte[] value, int offset, int length) {
      if (pieces.length == 0) {
        pieces = new byte[size];
        bytes = Bytes.wrap(pieces);
      }
      System.arraycopy(value, offset, pieces, filled, length);
      filled += length;
    }

    @Override
    public void writeLazy(byte[] value, int offset, int length) {
      if (length == size) {
        bytes = Bytes.wrap(value, offset, length);
      } else {
        write(value, offset, length);
      }
    }

    @Override
    public void write(ByteBuffer value) {
      byte[] copy = new byte[value.remaining()];
      value.get(copy);
      write(copy, 0, copy.length);
    }

    @Override
    public void writeLazy(ByteBuffer value) {
      write(value);
    }
  }
}
