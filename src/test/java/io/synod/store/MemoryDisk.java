package io.synod.store;

import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A disk in memory that knows what is durable, and fails when it is told to. */
final class MemoryDisk implements Disk {
  /** What a crash leaves of what was not made durable. */
  enum Crash {
    /** The process is gone, the machine is not: everything. */
    PROCESS,
    /** Neither bytes nor names. */
    POWER,
    /** Names, but not bytes. */
    POWER_NAMES_KEPT
  }

  private static final class Content {
    private byte[] bytes = new byte[0];
    private byte[] durable = new byte[0];
  }

  private Map<String, Content> names = new TreeMap<>();
  private Map<String, Content> durableNames = new TreeMap<>();
  private int operations;
  private int failAt = Integer.MAX_VALUE;
  private boolean stayBroken;

  /** The {@code operation}-th from now (from 1) fails; so do all after it, if that is the end. */
  void failAt(int operation, boolean theEnd) {
    failAt = operations + operation;
    stayBroken = theEnd;
  }

  int operations() {
    return operations;
  }

  /** The same disk as the next process finds it. */
  MemoryDisk after(Crash crash) {
    MemoryDisk next = new MemoryDisk();
    Map<String, Content> kept = crash == Crash.POWER ? durableNames : names;
    kept.forEach(
        (name, content) -> {
          Content copy = new Content();
          copy.bytes = crash == Crash.PROCESS ? content.bytes.clone() : content.durable.clone();
          copy.durable = content.durable.clone();
          next.names.put(name, copy);
        });
    next.durableNames = new TreeMap<>(next.names);
    return next;
  }

  byte[] bytes(String name) {
    return content(name).bytes;
  }

  void setBytes(String name, byte[] bytes) {
    Content content = names.computeIfAbsent(name, any -> new Content());
    content.bytes = bytes.clone();
    content.durable = bytes.clone();
    durableNames.put(name, content);
  }

  private Content content(String name) {
    Content content = names.get(name);
    if (content == null) {
      throw new IllegalArgumentException("no file " + name);
    }
    return content;
  }

  private void count(String operation, String name) throws IOException {
    operations++;
    if (operations == failAt || (stayBroken && operations > failAt)) {
      throw new IOException(operation + " " + name + " fails on purpose");
    }
  }

  @Override
  public List<String> list() throws IOException {
    count("list", "");
    return List.copyOf(names.keySet());
  }

  @Override
  public DiskFile open(String name) throws IOException {
    count("open", name);
    return new OpenFile(name, names.computeIfAbsent(name, any -> new Content()));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    count("rename", from);
    names.put(to, content(from));
    names.remove(from);
  }

  @Override
  public void delete(String name) throws IOException {
    count("delete", name);
    if (names.remove(name) == null) {
      throw new IOException("no file " + name);
    }
  }

  @Override
  public void syncDirectory() throws IOException {
    count("sync", "directory");
    durableNames = new TreeMap<>(names);
  }

  @Override
  public long freeBytes() {
    return 1L << 40;
  }

  @Override
  public String describe() {
    return "memory";
  }

  @Override
  public void close() {}

  private final class OpenFile implements DiskFile {
    private final String name;
    private final Content content;

    OpenFile(String name, Content content) {
      this.name = name;
      this.content = content;
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
      int size = source.remaining();
      int end = (int) offset + size;
      byte[] bytes = Arrays.copyOf(content.bytes, Math.max(content.bytes.length, end));
      source.get(bytes, (int) offset, size);
      try {
        count("write", name);
      } catch (IOException e) {
        // Half of it went through.
        Arrays.fill(bytes, (int) offset + size / 2, end, (byte) 0);
        throw e;
      } finally {
        content.bytes = bytes;
      }
    }

    @Override
    public int read(long offset, ByteBuffer target) throws IOException {
      count("read", name);
      int size = (int) Math.max(0, Math.min(target.remaining(), content.bytes.length - offset));
      target.put(content.bytes, (int) Math.min(offset, content.bytes.length), size);
      return size;
    }

    @Override
    public void sync() throws IOException {
      count("sync", name);
      content.durable = content.bytes.clone();
    }

    @Override
    public long sizeBytes() throws IOException {
      count("size", name);
      return content.bytes.length;
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      count("truncate", name);
      content.bytes = Arrays.copyOf(content.bytes, (int) sizeBytes);
    }

    @Override
    public void close() throws IOException {
      count("close", name);
    }
  }
}
