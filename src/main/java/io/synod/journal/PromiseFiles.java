package io.synod.journal;

import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The two copies, outside the log, of the promise and of all else that a segment's header holds
 * (protocol-rules.md, 3). Each is one frame behind a sequence number. They are written one after
 * the other, each synced before the next is touched, so that a crash damages one of them at most,
 * and nothing counts as durable before both say it: one that can be read is as good as two.
 */
final class PromiseFiles implements AutoCloseable {
  private final Disk disk;
  private DiskFile a;
  private DiskFile b;
  private final int mark;
  private ByteBuffer buffer = ByteBuffer.allocate(1024);
  private long sequence;

  /** What was written last; empty while something is, or before. For the thread that scrubs. */
  private volatile Optional<Stored> stored = Optional.empty();

  /** Found so by {@link #scrub}, and not written again yet. */
  private volatile boolean aDamaged;

  private volatile boolean bDamaged;

  private PromiseFiles(Disk disk, int mark, long sequence) throws IOException {
    this.disk = disk;
    this.a = disk.open(LogFiles.PROMISE_A);
    this.b = disk.open(LogFiles.PROMISE_B);
    this.mark = mark;
    this.sequence = sequence;
  }

  /** The sequence number that each file has. */
  private record Stored(long a, long b) {}

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
    return new PromiseFiles(disk, mark, lastSequence);
  }

  /** Writes and syncs both. */
  void write(long use, long synced, SegmentHeader header) throws IOException {
    stored = Optional.empty();
    encode(use, synced, header);
    store(a);
    store(b);
    stored = Optional.of(new Stored(sequence, sequence));
  }

  /** Whether {@link #scrub} found one damaged that is not written again yet. Any thread. */
  boolean isDamaged() {
    return aDamaged || bDamaged;
  }

  /**
   * Writes and syncs those that are damaged, which may be other files by now, or gone: only them,
   * so that a crash leaves the other.
   */
  void repair(long use, long synced, SegmentHeader header) throws IOException {
    Stored before = stored.orElse(new Stored(0, 0));
    long first = before.a();
    long second = before.b();
    stored = Optional.empty();
    encode(use, synced, header);
    if (aDamaged) {
      aDamaged = false;
      a.close();
      a = disk.open(LogFiles.PROMISE_A);
      store(a);
      first = sequence;
    }
    if (bDamaged) {
      bDamaged = false;
      b.close();
      b = disk.open(LogFiles.PROMISE_B);
      store(b);
      second = sequence;
    }
    disk.syncDirectory();
    stored = Optional.of(new Stored(first, second));
  }

  /**
   * Reads both again and tells which do not say any more what was written, for {@link #repair};
   * none while something is being written. Any thread.
   *
   * @throws JournalRefusedException if a newer program wrote one
   */
  List<Finding> scrub() throws IOException {
    Optional<Stored> before = stored;
    if (before.isEmpty()) {
      return List.of();
    }
    Optional<Finding> first = scrub(LogFiles.PROMISE_A, before.get().a());
    Optional<Finding> second = scrub(LogFiles.PROMISE_B, before.get().b());
    if (!stored.equals(before)) {
      return List.of();
    }
    aDamaged = first.isPresent();
    bDamaged = second.isPresent();
    return Stream.of(first, second).flatMap(Optional::stream).toList();
  }

  private Optional<Finding> scrub(String name, long written) throws IOException {
    boolean there = disk.list().contains(name);
    Optional<Copy> copy = there ? readOne(disk, name, mark, new ArrayList<>()) : Optional.empty();
    if (copy.isPresent() && copy.get().sequence() == written) {
      return Optional.empty();
    }
    String what = there ? "not what was written" : "missing";
    return Optional.of(new Finding(Finding.Kind.REPAIRED, name, 0, what + "; written again"));
  }

  /**
   * Writes and syncs one: enough when nothing changed since both were written but how far the log
   * is durable.
   */
  void writeOne(long use, long synced, SegmentHeader header) throws IOException {
    long first = stored.map(Stored::a).orElse(0L);
    stored = Optional.empty();
    encode(use, synced, header);
    store(b);
    stored = Optional.of(new Stored(first, sequence));
  }

  private void store(DiskFile file) throws IOException {
    file.write(0, buffer.duplicate());
    file.sync();
  }

  private void encode(long use, long synced, SegmentHeader header) {
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
    Frame.Place place = new Frame.Place(mark, use);
    Frame.seal(buffer, 0, Frame.typeAndFlags(Frame.PROMISE, 0), place, 0, synced);
    buffer.flip();
  }

  @Override
  public void close() throws IOException {
    try {
      b.close();
    } finally {
      a.close();
    }
  }
}
