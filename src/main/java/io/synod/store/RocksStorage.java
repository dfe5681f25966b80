package io.synod.store;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.function.Consumer;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/**
 * The store on RocksDB in a data directory. Its files:
 *
 * <ul>
 *   <li>{@code rocksdb/}: the database.
 *   <li>{@code rocksdb-distrusted}: the next start throws the database away; says why.
 *   <li>{@code rocksdb-damaged/}, {@code rocksdb-damaged-2/} and on: databases that were set aside,
 *       for a person to look at, until a start finds its own whole and with a state in it.
 *   <li>{@code rocksdb-library/}: native code, while it is loaded.
 * </ul>
 */
public final class RocksStorage {
  private static final String DATABASE = "rocksdb";
  private static final String DISTRUSTED = "rocksdb-distrusted";
  private static final String DAMAGED = "rocksdb-damaged";
  private static final String LIBRARY = "rocksdb-library";
  private static final long LOOK_CACHE_BYTES = 8 << 20;

  private final Path directory;
  private final Consumer<String> report;

  private RocksStorage(Path directory, Consumer<String> report) {
    this.directory = directory;
    this.report = report;
  }

  /** Whether there is a database in a data directory. */
  public static boolean isIn(Path dataDirectory) {
    return Files.exists(dataDirectory.resolve(DATABASE).resolve("CURRENT"));
  }

  /**
   * Opens the store that a data directory holds, or makes it. One that is damaged, or not of this
   * cluster, is set aside, and an empty one made: what it lacks comes from the log and the peers.
   * Blocks.
   *
   * @param cluster whose state it must be; empty: the directory belongs to none, so that it can
   *     hold no state
   * @param cacheBytes about how much memory it may take beside the heap
   * @param report told what was set aside, and why
   * @throws IOException if it cannot be opened, or is of a version that this release does not know
   */
  public static KeyValueStore open(
      Path dataDirectory, Optional<ClusterId> cluster, long cacheBytes, Consumer<String> report)
      throws IOException {
    return new RocksStorage(dataDirectory, report).open(cluster, cacheBytes);
  }

  private KeyValueStore open(Optional<ClusterId> cluster, long cacheBytes) throws IOException {
    RocksLibrary.load(directory.resolve(LIBRARY));
    Path distrusted = directory.resolve(DISTRUSTED);
    if (Files.exists(distrusted)) {
      setAside(Files.readString(distrusted).strip());
    }
    Files.deleteIfExists(distrusted);
    try {
      KeyValueStore found = openDatabase(cacheBytes);
      if (isOf(found, cluster)) {
        if (found.applied().isAfter(Slot.ZERO)) {
          deleteAllSetAside();
        }
        return found;
      }
      String whose = found.belonging().map(it -> it.cluster().toString()).orElse("none");
      found.close();
      setAside(
          "it holds the state of cluster "
              + whose
              + ", and the journal is of "
              + cluster.map(ClusterId::toString).orElse("none"));
    } catch (EngineFailedException e) {
      if (!isSetAsideFor(e)) {
        throw new IOException(e.getMessage(), e);
      }
      setAside(String.valueOf(e.getMessage()));
    }
    try {
      return openDatabase(cacheBytes);
    } catch (EngineFailedException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static boolean isOf(KeyValueStore found, Optional<ClusterId> cluster) {
    return found.applied().equals(Slot.ZERO)
        || found.belonging().map(Belonging::cluster).equals(cluster);
  }

  /** Whether it is of the bytes that are there, and not of the disk that holds them. */
  private static boolean isSetAsideFor(EngineFailedException e) {
    if (!(e.getCause() instanceof RocksDBException cause)) {
      return true;
    }
    return e.isDamage()
        || (cause.getStatus() != null && cause.getStatus().getCode() == Status.Code.InvalidArgument)
        || String.valueOf(cause.getMessage()).contains("No such file");
  }

  private KeyValueStore openDatabase(long cacheBytes) throws IOException {
    Path path = Files.createDirectories(directory.resolve(DATABASE));
    RocksDatabase database;
    try {
      database = RocksDatabase.open(path, cacheBytes);
    } catch (RocksDBException e) {
      throw RocksDatabase.failed("open " + path, e);
    }
    try {
      checkVersion(path, database);
      return KeyValueStore.on(new RocksEngine(database, directory.resolve(DISTRUSTED)));
    } catch (IOException | RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static void checkVersion(Path path, RocksDatabase database)
      throws SnapshotRefusedException {
    int version = RocksEngine.version(database).orElse(RocksFormat.VERSION);
    if (version != RocksFormat.VERSION) {
      throw SnapshotRefusedException.unknownVersion(path.toString(), version);
    }
  }

  private void setAside(String why) throws IOException {
    Path damaged = directory.resolve(DAMAGED);
    for (int i = 2; Files.exists(damaged); i++) {
      // An empty one must not take the place of one that a person may still get something out of.
      damaged = directory.resolve(DAMAGED + "-" + i);
    }
    if (Files.isDirectory(directory.resolve(DATABASE))) {
      Path unused =
          Files.move(directory.resolve(DATABASE), damaged, StandardCopyOption.ATOMIC_MOVE);
    }
    report.accept("the database is set aside as " + damaged.getFileName() + ": " + why);
  }

  private void deleteAllSetAside() throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, DAMAGED + "*")) {
      for (Path each : all) {
        RocksLibrary.delete(each);
      }
    }
  }

  /**
   * What a data directory's database holds.
   *
   * @param slot the last that is applied in it and durable
   */
  public record Summary(
      Slot slot, long revision, long keys, long liveBytes, long fileBytes, boolean distrusted) {}

  /**
   * Looks at the database in a data directory, and reads all of it with its checksums. Changes
   * nothing; a server may be using it. Blocks, for long.
   *
   * @throws IOException if it is damaged, or cannot be read
   */
  public static Summary look(Path dataDirectory) throws IOException {
    RocksLibrary.load(Files.createTempDirectory("synod-rocksdb"));
    Path path = dataDirectory.resolve(DATABASE);
    RocksDatabase database;
    try {
      database = RocksDatabase.look(path, LOOK_CACHE_BYTES);
    } catch (RocksDBException e) {
      throw new IOException(e.getMessage(), e);
    }
    try {
      checkVersion(path, database);
      database.call(
          "verify",
          db -> {
            db.verifyChecksum();
            return true;
          });
      Optional<KeptNumbers> numbers = RocksEngine.machineNumbers(database);
      return new Summary(
          RocksEngine.slot(database),
          numbers.map(KeptNumbers::revision).orElse(1L),
          numbers.map(KeptNumbers::keys).orElse(0L),
          numbers.map(KeptNumbers::liveBytes).orElse(0L),
          sizeBytes(path),
          Files.exists(dataDirectory.resolve(DISTRUSTED)));
    } catch (EngineFailedException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      database.close();
    }
  }

  private static long sizeBytes(Path folder) throws IOException {
    long sizeBytes = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        sizeBytes += Files.isRegularFile(file) ? Files.size(file) : 0;
      }
    }
    return sizeBytes;
  }
}
