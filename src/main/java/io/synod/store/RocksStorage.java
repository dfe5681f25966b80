package io.synod.store;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** The store on RocksDB in a data directory, whose files {@link RocksDirectory} names. */
public final class RocksStorage {
  private static final long LOOK_CACHE_BYTES = 8 << 20;

  private final RocksDirectory directory;
  private final Report report;
  private final Consumer<String> onKept;

  /** Who is told that a database is of no use. */
  private interface Report {
    /**
     * It was set aside.
     *
     * @param name that it has now
     */
    void setAside(String name, String why);
  }

  private RocksStorage(RocksDirectory directory, Report report) {
    this(directory, report, unused -> {});
  }

  /**
   * @param onKept told what of no use could not be deleted
   */
  private RocksStorage(RocksDirectory directory, Report report, Consumer<String> onKept) {
    this.directory = directory;
    this.report = report;
    this.onKept = onKept;
  }

  /** Whether there is a database in a data directory. */
  public static boolean isIn(Path dataDirectory) {
    return RocksDirectory.of(dataDirectory).hasDatabase();
  }

  /**
   * Opens the store that a data directory holds, or makes it. One that is damaged, or not of this
   * cluster, is set aside, and an empty one made: what it lacks comes from the log and the peers.
   * Blocks.
   *
   * @param cluster whose state it must be; empty: the directory belongs to none, so that it can
   *     hold no state
   * @param cacheBytes about how much memory it may take beside the heap
   * @param report told what was set aside, and why, and what of that could not be deleted later
   * @throws IOException if it cannot be opened, or is of a version that this release does not know
   */
  public static KeyValueStore open(
      Path dataDirectory, Optional<ClusterId> cluster, long cacheBytes, Consumer<String> report)
      throws IOException {
    return open(RocksDirectory.of(dataDirectory), cluster, cacheBytes, report);
  }

  static KeyValueStore open(
      RocksDirectory directory,
      Optional<ClusterId> cluster,
      long cacheBytes,
      Consumer<String> report)
      throws IOException {
    Report words =
        (name, why) -> report.accept("the database is set aside as " + name + ": " + why);
    return new RocksStorage(directory, words, report).open(cluster, cacheBytes);
  }

  /**
   * Looks at the versions in a data directory's database, if there is one that can be read, and
   * changes nothing. Blocks.
   *
   * @throws SnapshotRefusedException if this release does not know one
   */
  public static void checkVersions(Path dataDirectory) throws IOException {
    RocksDirectory directory = RocksDirectory.of(dataDirectory);
    if (!directory.hasDatabase()) {
      return;
    }
    RocksLibrary.load(directory.library());
    try {
      new RocksStorage(directory, (name, why) -> {}).checkVersions();
    } catch (EngineFailedException e) {
      // Damaged: whoever opens it sets it aside, and says so.
    }
  }

  private KeyValueStore open(Optional<ClusterId> cluster, long cacheBytes) throws IOException {
    RocksLibrary.load(directory.library());
    Optional<String> distrusted = directory.distrusted();
    if (distrusted.isPresent()) {
      setAside(distrusted.get());
      directory.removeMark();
    }
    if (directory.hasLostBeginning()) {
      // RocksDB would make an empty one in its place, and delete the rows.
      setAside("its file CURRENT is gone");
    }
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

  /** It only takes room: no reason not to start. */
  private void deleteAllSetAside() {
    try {
      directory.deleteAllSetAside();
    } catch (IOException e) {
      onKept.accept("a database that was set aside could not be deleted: " + e);
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
    if (directory.hasDatabase()) {
      // Before anything is changed, and before what a newer release may have added is looked at.
      checkVersions();
    }
    Path path = directory.makeDatabase();
    RocksDatabase database;
    try {
      database = RocksDatabase.open(path, cacheBytes);
    } catch (RocksDBException e) {
      throw RocksDatabase.failed("open " + path, e);
    }
    try {
      return KeyValueStore.on(new RocksEngine(database, directory));
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  /**
   * Looks at the versions of what is there, and at nothing else.
   *
   * @throws SnapshotRefusedException if this release does not know one
   * @throws EngineFailedException if they cannot be read
   */
  private void checkVersions() throws SnapshotRefusedException {
    Path path = directory.database();
    RocksDatabase database;
    try {
      database = RocksDatabase.lookBesideGenerations(path, LOOK_CACHE_BYTES);
    } catch (RocksDBException e) {
      throw RocksDatabase.failed("open " + path, e);
    }
    try {
      int version = RocksEngine.version(database).orElse(RocksFormat.VERSION);
      if (version != RocksFormat.VERSION) {
        throw SnapshotRefusedException.unknownVersion(
            path.toString(), version, RocksFormat.VERSION);
      }
      int numbers = RocksEngine.numbersVersion(database).orElse(KeptNumbers.VERSION);
      if (!KeptNumbers.isKnown(numbers)) {
        throw SnapshotRefusedException.unknownVersion(
            path + ", by its numbers,", numbers, KeptNumbers.VERSION);
      }
    } finally {
      database.close();
    }
    checkFamilies(path);
  }

  private static void checkFamilies(Path path) throws SnapshotRefusedException {
    try {
      for (byte[] name : RocksDatabase.families(path)) {
        if (!RocksGeneration.isName(name)) {
          throw SnapshotRefusedException.newer(
              path.toString(),
              new NewerVersionException(
                  "a column family " + new String(name, StandardCharsets.US_ASCII),
                  "rows, changes and index"));
        }
      }
    } catch (RocksDBException e) {
      throw RocksDatabase.failed("open " + path, e);
    }
  }

  private void setAside(String why) throws IOException {
    Optional<String> name = directory.setAside();
    if (name.isPresent()) {
      report.setAside(name.get(), why);
    }
  }

  /**
   * Opens a copy of a data directory's database, which is not changed; nobody may be using it. The
   * copy shares what it can with it. Blocks.
   *
   * @param copy a folder for it, which is not there
   * @throws IOException if it is damaged or not to be trusted, or not of this cluster, or of a
   *     version that this release does not know
   */
  public static KeyValueStore openCopy(Path dataDirectory, Path copy, ClusterId cluster)
      throws IOException {
    RocksDirectory from = RocksDirectory.of(dataDirectory);
    Optional<String> distrusted = from.distrusted();
    if (distrusted.isPresent()) {
      throw new IOException(unusable(dataDirectory, copy, distrusted.get()));
    }
    RocksDirectory to = RocksDirectory.of(Files.createDirectories(copy));
    from.shareWith(to);
    List<String> wrong = new ArrayList<>();
    try {
      KeyValueStore opened =
          new RocksStorage(to, (name, why) -> wrong.add(why))
              .open(Optional.of(cluster), LOOK_CACHE_BYTES);
      if (wrong.isEmpty()) {
        return opened;
      }
      opened.close();
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(unusable(dataDirectory, copy, String.valueOf(e.getMessage())), e);
    }
    throw new IOException(unusable(dataDirectory, copy, wrong.get(0)));
  }

  /**
   * What to say of a database whose copy shows that it is of no use: the copy is nothing that a
   * person knows of, and soon gone.
   */
  public static String unusable(Path dataDirectory, Path copy, String why) {
    return "the database in "
        + dataDirectory
        + " cannot be used: "
        + why.replace(copy.toString(), dataDirectory.toString())
        + "; nothing was written: take the directory of another server";
  }

  /** The names of databases that starts set aside in a data directory because they were damaged. */
  public static List<String> setAsideIn(Path dataDirectory) throws IOException {
    return RocksDirectory.of(dataDirectory).namesSetAside();
  }

  /**
   * What a data directory's database holds.
   *
   * @param slot the last that is applied in it and durable
   */
  public record Summary(
      Slot slot, long revision, long keys, long liveBytes, long fileBytes, boolean distrusted) {}

  /**
   * Looks at the database in a data directory, and reads all of it with its checksums, RocksDB's
   * and those of the rows. Changes nothing; a server may be using it. Blocks, for long.
   *
   * @throws SnapshotRefusedException if something in it is of a version that is not known
   * @throws IOException if it is damaged, or cannot be read
   */
  public static Summary look(Path dataDirectory) throws IOException {
    RocksLibrary.load(Files.createTempDirectory("synod-rocksdb"));
    RocksDirectory directory = RocksDirectory.of(dataDirectory);
    RocksDatabase database;
    try {
      new RocksStorage(directory, (name, why) -> {}).checkVersions();
      database = RocksDatabase.look(directory.database(), LOOK_CACHE_BYTES);
    } catch (RocksDBException | EngineFailedException e) {
      throw new IOException(e.getMessage(), e);
    }
    try {
      database.call(
          "verify",
          db -> {
            db.verifyChecksum();
            return true;
          });
      Optional<KeptNumbers> numbers = RocksEngine.machineNumbers(database);
      checkRows(database, numbers.map(KeptNumbers::rowsHash).orElse(0L));
      return new Summary(
          RocksEngine.slot(database),
          numbers.map(KeptNumbers::revision).orElse(1L),
          numbers.map(KeptNumbers::keys).orElse(0L),
          numbers.map(KeptNumbers::liveBytes).orElse(0L),
          directory.databaseBytes(),
          directory.distrusted().isPresent());
    } catch (NewerVersionException e) {
      throw SnapshotRefusedException.newer(directory.database().toString(), e);
    } catch (EngineFailedException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      database.close();
    }
  }

  private static void checkRows(RocksDatabase database, long rowsHash) {
    if (RocksEngine.rowsHash(database) != rowsHash) {
      throw new IllegalArgumentException("the rows are not those that the numbers beside them say");
    }
  }
}
