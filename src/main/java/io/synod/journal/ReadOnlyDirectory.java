package io.synod.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A data directory that is only looked at: nothing in it is changed, and no lock is taken, so that
 * a server may be using it. What would change it is an {@link IOException}.
 */
public final class ReadOnlyDirectory implements Disk {
  private final Path directory;

  /** Nothing is read yet. */
  public ReadOnlyDirectory(Path directory) {
    this.directory = directory.toAbsolutePath().normalize();
  }

  @Override
  public List<String> list() throws IOException {
    return FileDisk.names(directory).stream().sorted().toList();
  }

  @Override
  public DiskFile open(String name) throws IOException {
    return new ReadOnlyFile(
        name, FileChannel.open(directory.resolve(name), StandardOpenOption.READ));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    throw readOnly(from);
  }

  @Override
  public void delete(String name) throws IOException {
    throw readOnly(name);
  }

  @Override
  public void syncDirectory() throws IOException {
    throw readOnly("the directory");
  }

  private static IOException readOnly(String name) {
    return new IOException(name + " is only to be read");
  }

  @Override
  public long freeBytes() {
    return 0;
  }

  @Override
  public String describe() {
    return directory.toString();
  }

  @Override
  public void close() {}

  private record ReadOnlyFile(String name, FileChannel channel) implements DiskFile {
    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
      throw readOnly(name);
    }

    @Override
    public int read(long offset, ByteBuffer target) throws IOException {
      int total = 0;
      while (target.hasRemaining()) {
        int count = channel.read(target, offset + total);
        if (count < 0) {
          break;
        }
        total += count;
      }
      return total;
    }

    @Override
    public void sync() throws IOException {
      throw readOnly(name);
    }

    @Override
    public long sizeBytes() throws IOException {
      return channel.size();
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      throw readOnly(name);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
