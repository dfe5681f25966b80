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

    int end() {
      return offset + bytes.length;
    }

    boolean overlaps(int from, int to) {
      return offset < to && from < end();
    }
  }

  /** A write that the disk says it made, and does not. */
  private static final class Astray {
    private final Change change;

    /** Another file shows that it is missing. */
    private final boolean redundant;

    private boolean reported;
    private boolean followed;
    private boolean lost;

    Astray(Change change, boolean redundant) {
      this.change = change;
      this.redundant = redundant;
    }

    Astray copy() {
      Astray copy = new Astray(change, redundant);
      copy.reported = reported;
      copy.followed = followed;
      copy.lost = lost;
      return copy;
    }

    /** What was written behind it is durable, so that a reader can tell that it is missing. */
    void onSync() {
      reported = true;
      lost |= followed || redundant;
    }
  }

  private Content visible = new Content();
  private Content media = new Content();
  private List<Change> pending = new ArrayList<>();
  private List<Astray> astray = new ArrayList<>();
  private TreeSet<Integer> unreadable = new TreeSet<>();

  SimulatedFile copy() {
    SimulatedFile copy = new SimulatedFile();
    copy.visible = visible.copy();
    copy.media = media.copy();
    copy.pending = new ArrayList<>(pending);
    astray.forEach(each -> copy.astray.add(each.copy()));
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

  /** Will reach the media at the next sync. */
  void pend(int offset, byte[] bytes) {
    writtenAgain(offset, offset + bytes.length);
    pendElsewhere(offset, bytes);
    for (Astray each : astray) {
      each.followed |= each.change.end() <= offset;
    }
  }

  /** Will reach the media at the next sync, and no reader looks for it there. */
  void pendElsewhere(int offset, byte[] bytes) {
    pending.add(new Change(offset, bytes, /* resizes= */ false));
    for (int at = offset - offset % SECTOR_BYTES; at < offset + bytes.length; at += SECTOR_BYTES) {
      unreadable.remove(at / SECTOR_BYTES);
    }
  }

  /**
   * Is said to reach the media, and does not: it is gone with the process's memory of it. Unless
   * nothing is ever written behind it, for a vote that is forgotten without a trace in the
   * directory is beyond any protocol: then it comes late.
   *
   * @param redundant another file shows that it is missing
   */
  void goAstray(int offset, byte[] bytes, boolean redundant) {
    writtenAgain(offset, offset + bytes.length);
    astray.add(new Astray(new Change(offset, bytes, /* resizes= */ false), redundant));
  }

  /** What went astray there is nobody's loss any more. */
  private void writtenAgain(int from, int to) {
    astray.removeIf(
        each -> {
          boolean again = each.change.overlaps(from, to);
          if (again) {
            arrive(each);
          }
          return again;
        });
  }

  private void arrive(Astray late) {
    if (late.reported) {
      apply(late.change);
    } else {
      pending.add(late.change);
    }
  }

  void resize(int size) {
    writtenAgain(0, Integer.MAX_VALUE);
    visible.resize(size);
    pending.add(new Change(size, new byte[0], /* resizes= */ true));
  }

  private void apply(Change change) {
    if (change.resizes) {
      media.resize(change.offset);
    } else {
      media.put(change.offset, change.bytes, 0, change.bytes.length);
    }
  }

  void sync() {
    pending.forEach(this::apply);
    pending.clear();
    astray.forEach(Astray::onSync);
  }

  /** What a failed sync leaves: readable, and believed by the kernel to be clean. */
  void forgetPending() {
    pending.clear();
    astray.removeIf(each -> !each.reported);
    astray.forEach(each -> each.followed = false);
  }

  /** Nothing that the media lack is remembered any longer. Returns how many writes are lost. */
  int loseAstray() {
    int lost = 0;
    for (Astray each : astray) {
      if (!each.lost) {
        arrive(each);
      } else if (pending.stream()
          .noneMatch(
              change -> change.resizes || change.overlaps(each.change.offset, each.change.end()))) {
        lost++;
        media.resize(Math.max(media.size, each.change.end()));
        visible.put(each.change.offset, media.bytes, each.change.offset, each.change.end());
      }
    }
    astray.clear();
    return lost;
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
    astray.clear();
    unreadable.clear();
    visible = new Content();
    visible.put(0, bytes, 0, bytes.length);
    media = visible.copy();
  }
}
