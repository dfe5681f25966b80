package io.synod.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Files that are gone with the process; or, above a directory, what would become of it if its files
 * were written, while it stays as it is. Bytes that were never written take no memory. Any thread.
 */
public final class MemoryDisk implements Disk {
  private static final int PAGE_BYTES = 64 << 10;

  private final String name;
  private final @Nullable Disk below;
  private final TreeMap<String, MemoryFile> files = new TreeMap<>();

  /** Names below that count as deleted. */
  private final TreeMap<String, Boolean> gone = new TreeMap<>();

  private MemoryDisk(String name, @Nullable Disk below) {
    this.name = name;
    this.below = below;
  }

  /** An empty one. */
  public static MemoryDisk empty(String name) {
    return new MemoryDisk(name, null);
  }

  /**
   * One that begins with the files of another disk, which is only read.
   *
   * @param below stays open as long as this is used; closed with it
   */
  public static MemoryDisk above(Disk below) {
    return new MemoryDisk(below.describe(), below);
  }

  @Override
  public synchronized List<String> list() throws IOException {
    List<String> names = new ArrayList<>(files.keySet());
    if (below != null) {
      for (String each : below.list()) {
        if (!files.containsKey(each) && !gone.containsKey(each)) {
          names.add(each);
        }
      }
    }
    return names;
  }

  @Override
  public synchronized DiskFile open(String file) throws IOException {
    return opened(file);
  }

  private MemoryFile opened(String file) throws IOException {
    MemoryFile known = files.get(file);
    if (known != null) {
      return known;
    }
    boolean exists = below != null && !gone.containsKey(file) && below.list().contains(file);
    MemoryFile made = new MemoryFile(exists && below != null ? below.open(file) : null);
    files.put(file, made);
    return made;
  }

  @Override
  public synchronized void rename(String from, String to) throws IOException {
    MemoryFile file = opened(from);
    remove(from);
    files.put(to, file);
  }

  @Override
  public synchronized void delete(String file) {
    remove(file);
  }

  private void remove(String file) {
    files.remove(file);
    gone.put(file, true);
  }

  @Override
  public void syncDirectory() {}

  @Override
  public long freeBytes() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
  }

  @Override
  public String describe() {
    return name;
  }

  @Override
  public synchronized void close() throws IOException {
    for (MemoryFile file : files.values()) {
      file.end();
    }
    if (below != null) {
      below.close();
    }
  }

  /** Pages that were written, over the bytes of the file below. */
  private static final class MemoryFile implements DiskFile {
    private final Map<Long, byte[]> pages = new HashMap<>();
    private final @Nullable DiskFile below;

    /** Bytes of the file below count up to here. */
    private long belowBytes;

    private long sizeBytes;

    MemoryFile(@Nullable DiskFile below) throws IOException {
      this.below = below;
      this.belowBytes = below == null ? 0 : below.sizeBytes();
      this.sizeBytes = belowBytes;
    }

    @Override
    public synchronized void write(long offset, ByteBuffer source) throws IOException {
      long at = offset;
      while (source.hasRemaining()) {
        int from = (int) (at % PAGE_BYTES);
        int count = Math.min(source.remaining(), PAGE_BYTES - from);
        source.get(page(at / PAGE_BYTES), from, count);
        at += count;
      }
      sizeBytes = Math.max(sizeBytes, at);
    }

    private byte[] page(long number) throws IOException {
      byte[] page = pages.get(number);
      if (page == null) {
        page = new byte[PAGE_BYTES];
        readBelow(number * PAGE_BYTES, ByteBuffer.wrap(page));
        pages.put(number, page);
      }
      return page;
    }

    private void readBelow(long offset, ByteBuffer target) throws IOException {
      long there = belowBytes - offset;
      if (below == null || there <= 0) {
        return;
      }
      int count = (int) Math.min(there, target.remaining());
      int limit = target.limit();
      target.limit(target.position() + count);
      below.read(offset, target);
      target.limit(limit);
    }

    @Override
    public synchronized int read(long offset, ByteBuffer target) throws IOException {
      int total = (int) Math.max(0, Math.min(target.remaining(), sizeBytes - offset));
      int end = target.position() + total;
      long at = offset;
      while (target.position() < end) {
        int from = (int) (at % PAGE_BYTES);
        int count = Math.min(end - target.position(), PAGE_BYTES - from);
        byte[] page = pages.get(at / PAGE_BYTES);
        if (page != null) {
          target.put(page, from, count);
        } else {
          int start = target.position();
          readBelow(at, target.duplicate().limit(start + count));
          target.position(start + count);
        }
        at += count;
      }
      return total;
    }

    @Override
    public void sync() {}

    @Override
    public synchronized long sizeBytes() {
      return sizeBytes;
    }

    @Override
    public synchronized void truncate(long bytes) throws IOException {
      if (bytes < sizeBytes) {
        long keptPages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
        pages.keySet().removeIf(number -> number >= keptPages);
        belowBytes = Math.min(belowBytes, bytes);
        if (bytes % PAGE_BYTES != 0) {
          byte[] last = page(bytes / PAGE_BYTES);
          Arrays.fill(last, (int) (bytes % PAGE_BYTES), PAGE_BYTES, (byte) 0);
        }
      }
      sizeBytes = bytes;
    }

    /** The bytes stay for the next one who opens it. */
    @Override
    public void close() {}

    void end() throws IOException {
      if (below != null) {
        below.close();
      }
    }
  }
}
