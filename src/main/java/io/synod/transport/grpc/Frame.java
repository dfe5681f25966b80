package io.synod.transport.grpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * The bytes of one PeerEnvelope. What goes to several peers is encoded once and shares its array;
 * what comes in is decoded by the receiver, so that nonsense breaks no stream.
 */
final class Frame {
  private final byte[] bytes;

  /** Takes over {@code bytes} without copying. */
  Frame(byte[] bytes) {
    this.bytes = bytes;
  }

  int sizeBytes() {
    return bytes.length;
  }

  /** The array itself: whoever takes it to decode it is the last to use the frame. */
  byte[] bytes() {
    return bytes;
  }

  /** How frames pass through gRPC: as they are. */
  static final class Marshaller implements MethodDescriptor.Marshaller<Frame> {

    @Override
    public InputStream stream(Frame frame) {
      return new FrameStream(frame.bytes);
    }

    @Override
    public Frame parse(InputStream stream) {
      try {
        if (!(stream instanceof KnownLength)) {
          return new Frame(stream.readAllBytes());
        }
        byte[] bytes = new byte[stream.available()];
        int read = stream.readNBytes(bytes, 0, bytes.length);
        return new Frame(read == bytes.length ? bytes : Arrays.copyOf(bytes, read));
      } catch (IOException e) {
        throw new UncheckedIOException("reading a frame from gRPC's buffers", e);
      }
    }
  }

  private static final class FrameStream extends ByteArrayInputStream
      implements KnownLength, Drainable {

    FrameStream(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int drained = count - pos;
      target.write(buf, pos, drained);
      pos = count;
      return drained;
    }
  }
}
