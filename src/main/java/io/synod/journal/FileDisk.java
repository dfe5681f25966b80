package io.synod.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A directory of the file system, for this process alone. A name is a file's, or a file's in a
 * directory below it, which is made as needed: {@code journal/segment-000001.log}.
 */
public final class FileDisk implements Disk {
  static final String LOCK = "lock";
  private static final Pattern NAME =
      Pattern.compile("([A-Za-z0-9_-][A-Za-z0-9._-]*/)?[A-Za-z0-9_-][A-Za-z0-9._-]*");

  private final Path directory;
  private final FileChannel lockFile;

  /** Looked up once: that reads the table of all mounts, and how full it is costs one call. */
  private final FileStore store;

  private FileDisk(Path directory, FileChannel lockFile) throws IOException {
    this.directory = directory;
    this.lockFile = lockFile;
    this.store = Files.getFileStore(directory);
  }

  /**
   * Takes a directory, making it for its owner alone if it is not there.
   *
   * @throws JournalRefusedException if another process has it, or this one already
   */
  public static FileDisk open(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    make(absolute);
    Path lock = absolute.resolve(LOCK);
    FileChannel channel =
        FileChannel.open(
            lock, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      Optional<FileLock> held = tryLock(channel, /* shared= */ false);
      if (held.isEmpty()) {
        throw new JournalRefusedException(
            "the data directory "
                + absolute
                + " is in use by "
                + holder(lock)
                + "; stop it, or give this server another directory");
      }
      channel.truncate(0);
      String pid = ProcessHandle.current().pid() + "\n";
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.UTF_8)), 0);
      return new FileDisk(absolute, channel);
    } catch (IOException | RuntimeException e) {
      try (channel) {
        throw e;
      }
    }
  }

  /**
   * Makes a data directory that is not there, and those above it, durably. What is in it is all
   * that clients stored: it is its owner's alone, where the file system knows that. One that is
   * there keeps its rights. Blocks.
   */
  public static void make(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    if (Files.isDirectory(absolute)) {
      return;
    }
    Path parent = absolute.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    makePrivate(absolute);
    if (parent != null) {
      sync(parent);
    }
  }

  /**
   * Makes a directory for its owner alone, where the file system knows that. Blocks.
   *
   * @throws java.nio.file.FileAlreadyExistsException if it is there
   */
  public static void makePrivate(Path directory) throws IOException {
    Path unused =
        directory.getFileSystem().supportedFileAttributeViews().contains("posix")
            ? Files.createDirectory(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
            : Files.createDirectory(directory);
  }

  private static Optional<FileLock> tryLock(FileChannel channel, boolean shared)
      throws IOException {
    try {
      return Optional.ofNullable(channel.tryLock(0, Long.MAX_VALUE, shared));
    } catch (OverlappingFileLockException e) {
      return Optional.empty(); // Held in this process.
    }
  }

  /**
   * Keeps servers out of a directory that is only read, until what it returns is closed. Not in a
   * process that has a directory open itself: the system forgets that lock when this one is closed.
   *
   * @throws DirectoryInUseException if a process has it
   */
  public static Closeable readOnly(Path directory) throws IOException {
    Path lock = directory.resolve(LOCK);
    if (!Files.exists(lock)) {
      return () -> {};
    }
    FileChannel channel = FileChannel.open(lock, StandardOpenOption.READ);
    if (tryLock(channel, /* shared= */ true).isEmpty()) {
      channel.close();
      throw new DirectoryInUseException(directory, holder(lock));
    }
    return channel;
  }

  private static String holder(Path lock) throws IOException {
    String pid = Files.readString(lock).strip();
    return pid.isEmpty() ? "another process" : "process " + pid;
  }

  private Path path(String name) {
    if (!NAME.matcher(name).matches() || name.equals(LOCK)) {
      throw new IllegalArgumentException("'" + name + "' is no name for a file in " + directory);
    }
    return directory.resolve(name);
  }

  @Override
  public List<String> list() throws IOException {
    return names(directory);
  }

  /** The names in a directory; of a folder that vanishes meanwhile there are none. */
  static List<String> names(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    for (Path entry : entries(directory)) {
      if (Files.isDirectory(entry)) {
        for (Path inner : entriesIfThere(entry)) {
          if (Files.isRegularFile(inner)) {
            names.add(entry.getFileName() + "/" + inner.getFileName());
          }
        }
      } else if (!entry.getFileName().toString().equals(LOCK)) {
        names.add(entry.getFileName().toString());
      }
    }
    return names;
  }

  private static List<Path> entriesIfThere(Path folder) throws IOException {
    try {
      return entries(folder);
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(entries::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return entries;
  }

  @Override
  public DiskFile open(String name) throws IOException {
    Path path = path(name);
    Path parent = path.getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      Files.createDirectories(parent);
    }
    return new OpenFile(
        path,
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(
        path(from), path(to), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(path(name));
  }

  /** Syncs the directory and those below it. */
  @Override
  public void syncDirectory() throws IOException {
    for (Path entry : entries(directory)) {
      if (Files.isDirectory(entry)) {
        sync(entry);
      }
    }
    sync(directory);
  }

  /** Makes the names in a directory durable. Blocks. */
  public static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public long freeBytes() throws IOException {
    return store.getUsableSpace();
  }

  @Override
  public String describe() {
    return directory.toString();
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
  }

  /** An open file. Its failures name it. */
  private static final class OpenFile implements DiskFile {
    private final Path path;
    private final FileChannel channel;

    OpenFile(Path path, FileChannel channel) {
      this.path = path;
      this.channel = channel;
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
      try {
        long at = offset;
        while (source.hasRemaining()) {
          at += channel.write(source, at);
        }
      } catch (IOException e) {
        throw failed("write", e);
      }
    }

    @Override
    public int read(long offset, ByteBuffer target) throws IOException {
      try {
        int total = 0;
        while (target.hasRemaining()) {
          int count = channel.read(target, offset + total);
          if (count < 0) {
            break;
          }
          total += count;
        }
        return total;
      } catch (IOException e) {
        throw failed("read", e);
      }
    }

    @Override
    public void sync() throws IOException {
      try {
        channel.force(false);
      } catch (IOException e) {
        throw failed("sync", e);
      }
    }

    @Override
    public long sizeBytes() throws IOException {
      try {
        return channel.size();
      } catch (IOException e) {
        throw failed("measure", e);
      }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      try {
        if (sizeBytes > channel.size()) {
          // FileChannel.truncate never lengthens a file: the last byte does.
          channel.write(ByteBuffer.allocate(1), sizeBytes - 1);
        } else {
          channel.truncate(sizeBytes);
        }
      } catch (IOException e) {
        throw failed("truncate", e);
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }

    private IOException failed(String what, IOException cause) {
      return new IOException("cannot " + what + " " + path + ": " + cause.getMessage(), cause);
    }
  }
}
