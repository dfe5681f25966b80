package io.synod.journal;

import io.synod.paxos.Bytes;
import io.synod.paxos.JournalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes frames into segments. {@link #put} gathers, {@link #commit} makes durable. The writer
 * thread's own.
 */
final class LogWriter implements AutoCloseable {
  /**
   * A header names all segments before its own. No segment is shorter than this many headers, so
   * that the headers of a log that is never cut take this part of it at most, however short the
   * segments were meant to be.
   */
  static final int HEADERS_A_SEGMENT = 4;

  private static final int EXTENT_BYTES = 16;
  private static final int FIRST_BUFFER_BYTES = 64 << 10;

  /** Beyond this a buffer that is full is written before it grows. */
  private static final int LARGE_BUFFER_BYTES = 4 << 20;

  private final JournalSettings settings;
  private final Identity identity;
  private final JournalState state;
  private final SegmentSupply supply;
  private final PromiseFiles promises;

  /** The segments before the current one, oldest first. */
  private final Deque<Segment.Full> before;

  /** What {@link #before} was last; for the thread that scrubs. */
  private volatile List<Segment.Full> sealed;

  /** Uses of segments that were found damaged: their files are put away, not used again. */
  private final Set<Long> damaged = ConcurrentHashMap.newKeySet();

  /** Behind the cut, to be released when what does without them is durable. */
  private final List<Segment.Full> unneeded = new ArrayList<>();

  private Segment current;
  private Frame.Place place;
  private long lastSlot;

  private ByteBuffer buffer;

  /** Where in the file the buffer's first byte goes. */
  private long bufferAt;

  /** Everything before this offset of the current segment is durable. */
  private long synced;

  /** Whether the last thing durable is one that says that all before it is. */
  private boolean settled = true;

  private boolean promisesDue;

  /** How large the last header was; 0 before one was written. */
  private int lastHeaderBytes;

  /** Where a recovery left off. */
  record Start(Segment segment, long use, long end, long lastSlot) {}

  /** What a writer works with. */
  record Parts(
      JournalSettings settings,
      Identity identity,
      JournalState state,
      SegmentSupply supply,
      PromiseFiles promises) {}

  LogWriter(Parts parts, Start start, List<Segment.Full> before) {
    this.settings = parts.settings();
    this.identity = parts.identity();
    this.state = parts.state();
    this.supply = parts.supply();
    this.promises = parts.promises();
    this.before = new ArrayDeque<>(before);
    this.sealed = List.copyOf(before);
    this.current = start.segment();
    this.place = new Frame.Place(identity.mark(), start.use());
    this.lastSlot = start.lastSlot();
    this.bufferAt = start.end();
    this.synced = start.end();
    this.buffer = allocate(FIRST_BUFFER_BYTES);
  }

  private ByteBuffer allocate(int bytes) {
    return settings.directBuffer() ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
  }

  /** Whether nothing was written since it was last noted that all is synced. */
  boolean isSettled() {
    return settled && !promises.isDamaged() && !retires();
  }

  /**
   * Changes to a filled segment early if the current one grows with each write. To be called
   * between commits.
   */
  void preferFilled() throws IOException {
    if (retires()) {
      rotate(0);
      return;
    }
    if (!current.filled()
        && supply.isReady(HEADERS_A_SEGMENT * (lastHeaderBytes + (long) EXTENT_BYTES))) {
      rotate(0);
    }
  }

  /** Adds a record; durable after {@link #commit}. */
  void put(JournalRecord record) throws IOException {
    Bytes tail = RecordFormat.tail(record);
    int type = RecordFormat.type(record);
    makeRoom(Frame.paddedBytes(RecordFormat.fixedBytes(type) + tail.size()));
    int start = buffer.position();
    buffer.position(start + Frame.HEADER_BYTES);
    RecordFormat.putFixed(record, buffer);
    tail.writeTo(buffer);
    seal(start, type);
    if (record instanceof JournalRecord.ValueAccepted accepted) {
      lastSlot = Math.max(lastSlot, accepted.accepted().slot().number());
    }
    promisesDue |= state.apply(record);
    settled = false;
  }

  /** Makes all that was put durable. */
  void commit() throws IOException {
    flush();
    current.file().sync();
    synced = bufferAt;
    if (promises.isDamaged()) {
      promises.repair(place.use(), synced, header());
    }
    if (promisesDue) {
      promises.write(place.use(), synced, header());
      promisesDue = false;
      for (Segment.Full segment : unneeded) {
        if (damaged.remove(segment.use())) {
          supply.setAside(segment.name());
        } else {
          supply.release(segment.name(), segment.filled());
        }
      }
      unneeded.clear();
    }
  }

  /**
   * Notes, in the log and beside it, that all of it is synced, so that damage to its end can be
   * told from a torn write: beside it since one sector may hold the last batch and the note.
   */
  void settle() throws IOException {
    if (retires()) {
      rotate(0);
    }
    makeRoom(Frame.HEADER_BYTES);
    int start = buffer.position();
    buffer.position(start + Frame.HEADER_BYTES);
    seal(start, Frame.SYNCED);
    commit();
    promises.writeOne(place.use(), synced, header());
    settled = true;
  }

  private void seal(int start, int type) {
    Frame.seal(buffer, start, Frame.typeAndFlags(type, 0), place, bufferAt + start, synced);
  }

  private void makeRoom(int bytes) throws IOException {
    if (bufferAt + buffer.position() + bytes + Frame.HEADER_BYTES > current.sizeBytes()) {
      rotate(bytes);
    }
    makeBufferRoom(bytes);
  }

  /** Room for so many bytes and the end mark. */
  private void makeBufferRoom(int bytes) throws IOException {
    int wanted = bytes + Frame.HEADER_BYTES;
    if (buffer.remaining() >= wanted) {
      return;
    }
    if (buffer.position() + wanted > LARGE_BUFFER_BYTES) {
      flush();
    }
    if (buffer.remaining() < wanted) {
      int larger = Math.max(buffer.capacity() * 2, buffer.position() + wanted);
      ByteBuffer grown = allocate((int) Frame.align(larger));
      grown.put(buffer.flip());
      buffer = grown;
    }
  }

  /** Writes what is gathered, and a mark behind it that says that the log ends here. */
  private void flush() throws IOException {
    int bytes = buffer.position();
    if (bytes == 0) {
      return;
    }
    for (int i = 0; i < Frame.HEADER_BYTES; i += 8) {
      buffer.putLong(0);
    }
    current.file().write(bufferAt, buffer.flip());
    buffer.clear();
    bufferAt += bytes;
  }

  /**
   * Goes on in another segment, with room for a frame of so many bytes. The present one is durable
   * to its end before the next one's header says so.
   */
  private void rotate(int bytes) throws IOException {
    flush();
    current.file().sync();
    current.file().close();
    before.add(new Segment.Full(current.name(), current.filled(), place.use(), bufferAt, lastSlot));
    while (!before.isEmpty() && before.peekFirst().lastSlot() <= state.cut.number()) {
      unneeded.add(before.removeFirst());
    }
    sealed = List.copyOf(before);
    Bytes header = header().encode();
    int headerBytes = Frame.paddedBytes(header.size());
    lastHeaderBytes = headerBytes;
    long wanted =
        Math.max(
            headerBytes + (long) bytes + 2 * Frame.HEADER_BYTES,
            HEADERS_A_SEGMENT * (long) headerBytes);
    Optional<Segment> ready = supply.take(wanted);
    current = ready.isPresent() ? ready.get() : supply.grow(wanted);
    place = new Frame.Place(identity.mark(), place.use() + 1);
    bufferAt = 0;
    synced = 0;
    lastSlot = 0;
    promisesDue = true;
    header = header().encode();
    makeBufferRoom(headerBytes);
    buffer.position(Frame.HEADER_BYTES);
    header.writeTo(buffer);
    seal(0, Frame.SEGMENT);
  }

  /** Whether going on in another segment gets the log rid of one that is damaged. */
  private boolean retires() {
    return !damaged.isEmpty()
        && before.stream()
            .takeWhile(segment -> segment.lastSlot() <= state.cut.number())
            .anyMatch(segment -> damaged.contains(segment.use()));
  }

  /** The segments that are written no more, oldest first. Any thread. */
  List<Segment.Full> sealed() {
    return sealed;
  }

  /**
   * This use of a segment is damaged: its file is put away when the log does without it. Any
   * thread.
   */
  void onDamaged(long use) {
    damaged.add(use);
  }

  /**
   * Reads the promise files again and tells which are damaged; the writer writes them again with
   * its next turn. Any thread.
   */
  List<Finding> scrubPromises() throws IOException {
    return promises.scrub();
  }

  private SegmentHeader header() {
    List<SegmentHeader.Extent> extents = new ArrayList<>(before.size());
    for (Segment.Full segment : before) {
      extents.add(segment.extent());
    }
    return new SegmentHeader(
        identity,
        current.sizeBytes(),
        current.filled(),
        settings.recordsPerSync(),
        /* recoveredEnd= */ 0,
        extents,
        state);
  }

  @Override
  public void close() throws IOException {
    try (promises;
        supply) {
      current.file().close();
    }
  }
}
