package io.synod.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The database's place in a data directory:
 *
 * <ul>
 *   <li>{@code rocksdb/}: the database.
 *   <li>{@code rocksdb-distrusted}: the next start throws the database away; says why, or nothing.
 *   <li>{@code rocksdb-damaged/}, {@code rocksdb-damaged-2/} and on: databases that were set aside,
 *       for a person to look at, until a start finds its own whole and with a state in it.
 *   <li>{@code rocksdb-library/}: native code, while it is loaded.
 * </ul>
 *
 * <p>Each change of a name is durable when its method returns: what is distrusted loses its mark
 * only when it is out of the way, and what is flushed into a new database is not lost with its
 * folder. Any thread; blocks for the disk.
 */
final class RocksDirectory {
  private static final String DATABASE = "rocksdb";
  private static final String DISTRUSTED = "rocksdb-distrusted";
  private static final String DAMAGED = "rocksdb-damaged";
  private static final String LIBRARY = "rocksdb-library";

  private final Path directory;
  private final Sync sync;

  /** Makes the names in a directory durable. */
  interface Sync {
    void of(Path directory) throws IOException;
  }

  RocksDirectory(Path directory, Sync sync) {
    this.directory = directory;
    this.sync = sync;
  }

  /** That of a data directory which a server has, or which is only looked at. */
  static RocksDirectory of(Path directory) {
    return new RocksDirectory(directory, RocksDirectory::syncNames);
  }

  private static void syncNames(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  Path database() {
    return directory.resolve(DATABASE);
  }

  Path library() {
    return directory.resolve(LIBRARY);
  }

  /** Whether there is a database: RocksDB makes its file CURRENT last. */
  boolean hasDatabase() {
    return Files.exists(database().resolve("CURRENT"));
  }

  /** Whether the database has lost its beginning: there are rows, and nothing that names them. */
  boolean hasLostBeginning() throws IOException {
    if (hasDatabase() || !Files.isDirectory(database())) {
      return false;
    }
    try (Stream<Path> files = Files.list(database())) {
      return files.anyMatch(file -> file.toString().endsWith(".sst"));
    }
  }

  /** Makes the database's folder, if there is none. */
  Path makeDatabase() throws IOException {
    if (!Files.isDirectory(database())) {
      Path unused = Files.createDirectories(database());
      sync.of(directory);
    }
    return database();
  }

  /** Makes another's database one like this, which then go their own ways. */
  void shareWith(RocksDirectory other) throws IOException {
    Path to = other.makeDatabase();
    if (!Files.isDirectory(database())) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(database())) {
      for (Path file : files) {
        Path copy = to.resolve(String.valueOf(file.getFileName()));
        // Those with rows are written once, and never again.
        if (!file.toString().endsWith(".sst") || !link(copy, file)) {
          Path unused = Files.copy(file, copy);
        }
      }
    }
  }

  /** False if they would be on different file systems, or on one that cannot. */
  private static boolean link(Path copy, Path file) {
    try {
      Path unused = Files.createLink(copy, file);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** Why the database is not to be trusted; empty if it is. */
  Optional<String> distrusted() throws IOException {
    Path mark = directory.resolve(DISTRUSTED);
    return Files.exists(mark) ? Optional.of(Files.readString(mark).strip()) : Optional.empty();
  }

  /** Marks the database: the next start is to throw it away. */
  void distrust(String why) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            directory.resolve(DISTRUSTED),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap((why + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        int unused = file.write(bytes);
      }
      file.force(true);
    }
    sync.of(directory);
  }

  /** Takes the mark away, of a database that is not there any more. */
  void removeMark() throws IOException {
    if (Files.deleteIfExists(directory.resolve(DISTRUSTED))) {
      sync.of(directory);
    }
  }

  /** Moves the database out of the way; returns its new name, or nothing if there was none. */
  Optional<String> setAside() throws IOException {
    if (!Files.isDirectory(database())) {
      return Optional.empty();
    }
    Path damaged = directory.resolve(DAMAGED);
    for (int i = 2; Files.exists(damaged); i++) {
      // An empty one must not take the place of one that a person may still get something out of.
      damaged = directory.resolve(DAMAGED + "-" + i);
    }
    Path moved = Files.move(database(), damaged, StandardCopyOption.ATOMIC_MOVE);
    sync.of(directory);
    return Optional.of(String.valueOf(moved.getFileName()));
  }

  /** The names of all that was set aside, in order. */
  List<String> namesSetAside() throws IOException {
    return foldersSetAside().stream().map(each -> String.valueOf(each.getFileName())).toList();
  }

  /** All that was set aside. */
  SetAside allSetAside() {
    return new SetAside() {
      @Override
      public List<String> names() throws IOException {
        return namesSetAside();
      }

      @Override
      public long sizeBytes() throws IOException {
        long sizeBytes = 0;
        for (Path each : foldersSetAside()) {
          sizeBytes += filesBytes(each);
        }
        return sizeBytes;
      }

      @Override
      public void delete() throws IOException {
        deleteAllSetAside();
      }
    };
  }

  private List<Path> foldersSetAside() throws IOException {
    List<Path> folders = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, DAMAGED + "*")) {
        all.forEach(folders::add);
      }
    }
    Collections.sort(folders);
    return folders;
  }

  /** Deletes all that was set aside. */
  void deleteAllSetAside() throws IOException {
    List<Path> folders = foldersSetAside();
    for (Path each : folders) {
      Folders.delete(each);
    }
    if (!folders.isEmpty()) {
      sync.of(directory);
    }
  }

  long databaseBytes() throws IOException {
    return filesBytes(database());
  }

  private static long filesBytes(Path folder) throws IOException {
    long sizeBytes = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        sizeBytes += Files.isRegularFile(file) ? Files.size(file) : 0;
      }
    }
    return sizeBytes;
  }
}
