package io.synod.journal;

import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The two copies, outside the log, of the promise and of all else that a segment's header holds
 * (protocol-rules.md, 3). Each is one frame behind a sequence number. They are written one after
 * the other, each synced before the next is touched, so that a crash damages one of them at most,
 * and nothing counts as durable before both say it: one that can be read is as good as two.
 */
final class PromiseFiles implements AutoCloseable {
  private final DiskFile a;
  private final DiskFile b;
  private final int mark;
  private ByteBuffer buffer = ByteBuffer.allocate(1024);
  private long sequence;

  private PromiseFiles(DiskFile a, DiskFile b, int mark, long sequence) {
    this.a = a;
    this.b = b;
    this.mark = mark;
    this.sequence = sequence;
  }

  /**
   * What the newer of those that can be read says.
   *
   * @param use of the segment that was written when it was
   * @param synced how far that segment was known to be durable
   */
  record Copy(long sequence, long use, long synced, SegmentHeader header) {}

  /** Reads both. Says in {@code findings} what cannot be read. */
  static Optional<Copy> read(Disk disk, int mark, List<Finding> findings) throws IOException {
    List<String> names = disk.list();
    Optional<Copy> newest = Optional.empty();
    for (String name : List.of(LogFiles.PROMISE_A, LogFiles.PROMISE_B)) {
      Optional<Copy> copy =
          names.contains(name) ? readOne(disk, name, mark, findings) : Optional.empty();
      if (copy.isEmpty()) {
        findings.add(
            new Finding(Finding.Kind.REPAIRED, name, 0, "missing, torn or damaged; written again"));
      } else if (newest.isEmpty() || copy.get().sequence() > newest.get().sequence()) {
        newest = copy;
      }
    }
    return newest;
  }

  private static Optional<Copy> readOne(Disk disk, String name, int mark, List<Finding> findings)
      throws IOException {
    ByteBuffer bytes = LogFiles.load(disk, name, Frame.MAX_BYTES, findings);
    if (!Frame.isWhole(bytes, 0, mark) || Frame.type(bytes, 0) != Frame.PROMISE) {
      return Optional.empty();
    }
    ByteBuffer payload = Frame.payload(bytes, 0);
    long sequence = payload.getLong();
    SegmentHeader header = SegmentHeader.decode(name, payload);
    return Optional.of(new Copy(sequence, Frame.use(bytes, 0), Frame.synced(bytes, 0), header));
  }

  /** Opens both to be written. */
  static PromiseFiles open(Disk disk, int mark, long lastSequence) throws IOException {
    return new PromiseFiles(
        disk.open(LogFiles.PROMISE_A), disk.open(LogFiles.PROMISE_B), mark, lastSequence);
  }

  /** Writes and syncs both. */
  void write(long use, long synced, SegmentHeader header) throws IOException {
    Bytes payload = header.encode();
    int size = Frame.paddedBytes(8 + payload.size());
    if (buffer.capacity() < size) {
      buffer = ByteBuffer.allocate(2 * size);
    }
    sequence++;
    buffer.clear();
    buffer.position(Frame.HEADER_BYTES);
    buffer.putLong(sequence);
    payload.writeTo(buffer);
    Frame.seal(
        buffer, 0, Frame.typeAndFlags(Frame.PROMISE, 0), new Frame.Place(mark, use), 0, synced);
    buffer.flip();
    for (DiskFile file : List.of(a, b)) {
      file.write(0, buffer.duplicate());
      file.sync();
    }
  }

  @Override
  public void close() throws IOException {
    try (a) {
      b.close();
    }
  }
}
