package io.synod.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the next segment ready: recycled, or new and filled with zeros, a little at a time. Never
 * in the way: when none is ready the writer makes one that grows as it is written.
 *
 * <p>{@link #prepare} is for one background thread, all else for the writer; they meet in the
 * concurrent fields only.
 */
final class SegmentSupply implements AutoCloseable {
  private final Disk disk;
  private final JournalSettings settings;
  private final AtomicInteger lastNumber;
  private final AtomicReference<@Nullable Segment> ready = new AtomicReference<>();

  /** Filled, of full size, and no part of the log any more. */
  private final Queue<String> recyclable = new ConcurrentLinkedQueue<>();

  /** No part of the log any more, and of no use. */
  private final Queue<String> surplus = new ConcurrentLinkedQueue<>();

  /** No part of the log any more, and damaged. */
  private final Queue<String> asides = new ConcurrentLinkedQueue<>();

  private @Nullable DiskFile filling;
  private String fillingName = "";
  private long filledTo;
  private ByteBuffer zeros = ByteBuffer.allocate(0);

  SegmentSupply(Disk disk, JournalSettings settings, int lastNumber) {
    this.disk = disk;
    this.settings = settings;
    this.lastNumber = new AtomicInteger(lastNumber);
  }

  /** Whether a filled segment waits. */
  boolean isReady() {
    return ready.get() != null;
  }

  /** Whether a filled segment of so many bytes waits. */
  boolean isReady(long bytes) {
    Segment segment = ready.get();
    return segment != null && segment.sizeBytes() >= bytes;
  }

  /** The filled segment that waits, if it is large enough. */
  Optional<Segment> take(long bytes) {
    Segment segment = ready.get();
    if (segment == null || segment.sizeBytes() < bytes || !ready.compareAndSet(segment, null)) {
      return Optional.empty();
    }
    return Optional.of(segment);
  }

  /** A new file of at least this size, whose name is durable and whose bytes are not written. */
  Segment grow(long bytes) throws IOException {
    String name = LogFiles.segment(lastNumber.incrementAndGet());
    long size = Math.max(Frame.align(bytes), settings.segmentBytes());
    DiskFile file = disk.open(name);
    try {
      file.truncate(size);
      disk.syncDirectory();
    } catch (IOException e) {
      try (file) {
        throw e;
      }
    }
    return new Segment(name, file, size, /* filled= */ false);
  }

  /** Takes back a file that is no part of the log any more. */
  void release(String name, boolean filled) {
    (filled ? recyclable : surplus).add(name);
  }

  /** Takes back a damaged file, to be put away for a person to look at. */
  void setAside(String name) {
    asides.add(name);
  }

  /**
   * Does a piece of the work that makes the next segment ready. Returns whether there is more.
   *
   * <p>Blocks for one write and one sync.
   */
  boolean prepare() throws IOException {
    String aside = asides.poll();
    if (aside != null) {
      if (disk.list().contains(aside)) {
        disk.rename(aside, LogFiles.damaged(aside));
        disk.syncDirectory();
      }
      return true;
    }
    String useless = surplus.poll();
    if (useless == null && isReady() && recyclable.size() > 1) {
      useless = recyclable.poll();
    }
    if (useless != null) {
      disk.delete(useless);
      return true;
    }
    if (isReady()) {
      return false;
    }
    if (filling != null) {
      fill(filling);
      return true;
    }
    String old = recyclable.poll();
    if (old != null) {
      reuse(old);
      return true;
    }
    if (disk.freeBytes() < 2 * settings.segmentBytes()) {
      return false;
    }
    fillingName = LogFiles.segment(lastNumber.incrementAndGet());
    filledTo = 0;
    filling = disk.open(fillingName);
    return true;
  }

  private void reuse(String name) throws IOException {
    DiskFile file = disk.open(name);
    if (file.sizeBytes() == settings.segmentBytes()) {
      ready.set(new Segment(name, file, settings.segmentBytes(), /* filled= */ true));
      return;
    }
    file.close();
    surplus.add(name);
  }

  private void fill(DiskFile file) throws IOException {
    if (zeros.capacity() == 0) {
      int bytes = (int) Math.min(settings.prepareBytes(), settings.segmentBytes());
      zeros =
          settings.directBuffer() ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
    }
    zeros.clear();
    zeros.limit((int) Math.min(zeros.capacity(), settings.segmentBytes() - filledTo));
    int bytes = zeros.remaining();
    file.write(filledTo, zeros);
    file.sync();
    filledTo += bytes;
    if (filledTo == settings.segmentBytes()) {
      disk.syncDirectory();
      filling = null;
      ready.set(new Segment(fillingName, file, filledTo, /* filled= */ true));
    }
  }

  @Override
  public void close() throws IOException {
    Segment segment = ready.getAndSet(null);
    DiskFile unfinished = filling;
    filling = null;
    if (unfinished != null) {
      unfinished.close();
    }
    if (segment != null) {
      segment.file().close();
    }
  }
}
