package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.VersionRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** A data directory with a database, which can be closed as a crash would. */
public final class RocksFiles implements AutoCloseable {
  static final Belonging BELONGING = new Belonging(SnapshotTest.CLUSTER, SnapshotTest.MEMBERSHIP);

  /** Small, so that RocksDB writes files of its own accord too. */
  private static final long CACHE_BYTES = 2 << 20;

  private final Path folder;
  private Optional<RocksDatabase> open = Optional.empty();

  /** Has a data directory's database say that a release of another version wrote it. */
  public static void bearVersion(Path dataDirectory, int version) throws IOException {
    RocksLibrary.load(Files.createTempDirectory("synod-rocksdb"));
    try {
      RocksDatabase database = RocksDatabase.open(dataDirectory.resolve("rocksdb"), CACHE_BYTES);
      try (RocksBatch batch = new RocksBatch(database)) {
        batch.put(database.main(), RocksFormat.FORMAT, RocksFormat.place(version));
        batch.write();
        database.flush();
      } finally {
        database.close();
      }
    } catch (RocksDBException e) {
      throw new IOException(e);
    }
  }

  /**
   * Has a row of a data directory's database hold another value, and all that is kept with the row
   * fit that.
   */
  public static void corruptRow(Path dataDirectory, Bytes key) throws IOException {
    rewrite(
        dataDirectory,
        (store, engine, database) -> {
          ByteBuffer wrong = Corruption.ofRow(store, key, engine.get(key).orElseThrow());
          put(database, key, wrong);
          Corruption.keep(store, engine);
        });
  }

  /** Has a row of a data directory's database hold another value, and nothing else fit that. */
  public static void replaceRow(Path dataDirectory, Bytes key, Bytes value) throws IOException {
    rewrite(
        dataDirectory,
        (store, engine, database) -> {
          put(database, key, new RowFormat().encode(key, value, 2, 2, 1));
          database.flush();
        });
  }

  private interface Rewrite {
    void in(KeyValueStore store, RocksEngine engine, RocksDatabase database);
  }

  private static void rewrite(Path dataDirectory, Rewrite rewrite) throws IOException {
    RocksLibrary.load(Files.createTempDirectory("synod-rocksdb"));
    try {
      RocksDatabase database = RocksDatabase.open(dataDirectory.resolve("rocksdb"), CACHE_BYTES);
      RocksEngine engine = new RocksEngine(database, RocksDirectory.of(dataDirectory));
      KeyValueStore store = KeyValueStore.on(engine);
      rewrite.in(store, engine, database);
      store.close();
    } catch (RocksDBException e) {
      throw new IOException(e);
    }
  }

  private static void put(RocksDatabase database, Bytes key, ByteBuffer row) {
    byte[] numbers = Objects.requireNonNull(database.durable(RocksFormat.NUMBERS));
    long generation = RocksFormat.Numbers.decode(numbers).generation();
    try (RocksBatch batch = new RocksBatch(database)) {
      batch.put(database.generation(generation).rows(), key.toArray(), Bytes.copyOf(row).toArray());
      batch.write();
    }
  }

  /** In a new folder. */
  public RocksFiles() throws IOException {
    folder = Files.createTempDirectory("synod-rocks");
  }

  Path folder() {
    return folder;
  }

  /** The store as a server opens it; its closing is the caller's. */
  KeyValueStore openAsServer(List<String> reports) throws IOException {
    return RocksStorage.open(folder, Optional.of(BELONGING.cluster()), CACHE_BYTES, reports::add);
  }

  /** The same with a cache of another size; nothing is to be set aside. */
  KeyValueStore openAsServer(long cacheBytes) throws IOException {
    return RocksStorage.open(
        folder,
        Optional.of(BELONGING.cluster()),
        cacheBytes,
        reported -> {
          throw new IllegalStateException(reported);
        });
  }

  /** The store, which {@link #crash} closes. */
  public KeyValueStore open() throws IOException, RocksDBException {
    return open(KeyValueStore.SUPPORTED);
  }

  /** The same of a program that can behave by other versions. */
  KeyValueStore open(VersionRange supported) throws IOException, RocksDBException {
    RocksLibrary.load(folder.resolve("library"));
    RocksDatabase database =
        RocksDatabase.open(Files.createDirectories(folder.resolve("rocksdb")), CACHE_BYTES);
    open = Optional.of(database);
    KeyValueStore store =
        KeyValueStore.on(new RocksEngine(database, RocksDirectory.of(folder)), supported);
    store.belongTo(BELONGING);
    return store;
  }

  /** How many files with rows there are. */
  public long tables() throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("rocksdb"))) {
      return all.filter(file -> file.toString().endsWith(".sst")).count();
    }
  }

  /** The names of the database's column families. */
  List<String> families() throws RocksDBException {
    try (Options options = new Options()) {
      return RocksDB.listColumnFamilies(options, folder.resolve("rocksdb").toString()).stream()
          .map(name -> new String(name, StandardCharsets.US_ASCII))
          .sorted()
          .toList();
    }
  }

  /** What {@link #open} opened. */
  RocksDatabase database() {
    return open.orElseThrow();
  }

  /** The files of a column family of the store that {@link #open} gave. */
  List<Path> tables(String family) {
    return database().call("list files", RocksDB::getLiveFilesMetaData).stream()
        .filter(
            it -> Arrays.equals(it.columnFamilyName(), family.getBytes(StandardCharsets.US_ASCII)))
        .map(it -> Path.of(it.path(), it.fileName()))
        .toList();
  }

  /** What is not in files is lost. */
  public void crash() {
    open.ifPresent(RocksDatabase::close);
    open = Optional.empty();
  }

  @Override
  public void close() throws IOException {
    crash();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
