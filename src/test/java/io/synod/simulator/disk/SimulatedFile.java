package io.synod.simulator.disk;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * A file's bytes twice, as the process reads them and as they are on the media, and what has not
 * yet gone from the one to the other.
 */
final class SimulatedFile {
  static final int SECTOR_BYTES = 512;

  /** Bytes that grow. */
  private static final class Content {
    private byte[] bytes = new byte[0];
    private int size;

    void resize(int newSize) {
      if (newSize > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(newSize, 2 * bytes.length));
      } else if (newSize < size) {
        Arrays.fill(bytes, newSize, size, (byte) 0);
      }
      size = newSize;
    }

    void put(int offset, byte[] source, int from, int to) {
      if (offset + to - from > size) {
        resize(offset + to - from);
      }
      System.arraycopy(source, from, bytes, offset, to - from);
    }

    Content copy() {
      Content copy = new Content();
      copy.bytes = Arrays.copyOf(bytes, size);
      copy.size = size;
      return copy;
    }
  }

  /** A change that is not durable: bytes at an offset, or, without bytes, a new size. */
  private static final class Change {
    private final int offset;
    private final byte[] bytes;
    private final boolean resizes;

    Change(int offset, byte[] bytes, boolean resizes) {
      this.offset = offset;
      this.bytes = bytes;
      this.resizes = resizes;
    }
  }

  private Content visible = new Content();
  private Content media = new Content();
  private List<Change> pending = new ArrayList<>();
  private TreeSet<Integer> unreadable = new TreeSet<>();

  SimulatedFile copy() {
    SimulatedFile copy = new SimulatedFile();
    copy.visible = visible.copy();
    copy.media = media.copy();
    copy.pending = new ArrayList<>(pending);
    copy.unreadable = new TreeSet<>(unreadable);
    return copy;
  }

  int size() {
    return visible.size;
  }

  byte[] bytes() {
    return Arrays.copyOf(visible.bytes, visible.size);
  }

  void read(int from, int to, ByteBuffer target) {
    target.put(visible.bytes, from, to - from);
  }

  void show(int offset, byte[] bytes) {
    visible.put(offset, bytes, 0, bytes.length);
  }

  /** Will reach the media, here or elsewhere, at the next sync. */
  void pend(int offset, byte[] bytes) {
    pending.add(new Change(offset, bytes, /* resizes= */ false));
    for (int at = offset - offset % SECTOR_BYTES; at < offset + bytes.length; at += SECTOR_BYTES) {
      unreadable.remove(at / SECTOR_BYTES);
    }
  }

  void resize(int size) {
    visible.resize(size);
    pending.add(new Change(size, new byte[0], /* resizes= */ true));
  }

  void sync() {
    for (Change change : pending) {
      if (change.resizes) {
        media.resize(change.offset);
      } else {
        media.put(change.offset, change.bytes, 0, change.bytes.length);
      }
    }
    pending.clear();
  }

  /** What a failed sync leaves: readable, and believed by the kernel to be clean. */
  void forgetPending() {
    pending.clear();
  }

  /** Each sector of what was not synced reaches the media with this chance, in no order. */
  void losePower(SplittableRandom random, double kept) {
    for (Change change : pending) {
      if (change.resizes) {
        if (random.nextDouble() < kept) {
          media.resize(change.offset);
        }
        continue;
      }
      int length = change.bytes.length;
      int from = 0;
      while (from < length) {
        int sectorEnd = SECTOR_BYTES - (change.offset + from) % SECTOR_BYTES;
        int to = Math.min(length, from + sectorEnd);
        if (random.nextDouble() < kept) {
          media.put(change.offset + from, change.bytes, from, to);
        }
        from = to;
      }
    }
    pending.clear();
    visible = media.copy();
  }

  void flip(int offset, int bit) {
    visible.bytes[offset] ^= (byte) (1 << bit);
    if (offset < media.size) {
      media.bytes[offset] = visible.bytes[offset];
    }
  }

  void makeUnreadable(int offset) {
    unreadable.add(offset / SECTOR_BYTES);
  }

  boolean isUnreadable(int from, int to) {
    Integer sector = unreadable.ceiling(from / SECTOR_BYTES);
    return sector != null && sector * SECTOR_BYTES < to;
  }

  /** Replaces all of it, durably. */
  void replace(byte[] bytes) {
    pending.clear();
    unreadable.clear();
    visible = new Content();
    visible.put(0, bytes, 0, bytes.length);
    media = visible.copy();
  }
}
