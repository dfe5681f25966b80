package io.synod.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.LiveFileMetaData;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * RocksDB as the engine uses it: no log of its own, all column families flushed as one, all memory
 * out of one cache. Native memory is let go of only here: after {@link #close} every call fails,
 * and none is under way. Any thread.
 */
final class RocksDatabase {
  private static final int BLOCK_BYTES = 8 << 10;
  private static final int BLOOM_BITS = 10;

  /** Chosen by its size. */
  private static final int CACHE_SHARD_BITS = -1;

  /** The part of the cache that rows cannot push filters and indexes out of. */
  private static final double INDEX_SHARE = 0.5;

  /** The part of the cache's memory that may hold what is not in files yet. */
  private static final int UNFLUSHED_SHARE = 3;

  private static final int BACKGROUND_JOBS = 2;
  private static final int MOST_OPEN_FILES = 1_000;
  private static final int SLOWDOWN_FILES = 40;
  private static final int STOP_FILES = 80;
  private static final int READ_AHEAD_BYTES = 1 << 20;

  /** What the database is made of. */
  private final List<AutoCloseable> owned = new ArrayList<>();

  /** Iterators and snapshots that are in use. */
  private final Set<AutoCloseable> handed = ConcurrentHashMap.newKeySet();

  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
  private final RocksDB db;
  private final ColumnFamilyOptions familyOptions;
  private final ColumnFamilyHandle main;

  /** By number. Guarded by itself. */
  private final TreeMap<Long, RocksGeneration> generations = new TreeMap<>();

  /**
   * The number of the generation that was made last, also if that failed half way; 0 if none was.
   * Guarded by generations.
   */
  private long madeLast;

  private final ReadOptions reading = new ReadOptions();
  private final ReadOptions persisted = new ReadOptions().setReadTier(ReadTier.PERSISTED_TIER);
  private final WriteOptions writing = new WriteOptions().setDisableWAL(true);
  private final WriteOptions loading = new WriteOptions().setDisableWAL(true).setLowPri(true);
  private boolean closed;

  /** Something that is done with the database. */
  interface Call<T> {
    T on(RocksDB db) throws RocksDBException;
  }

  private RocksDatabase(
      Path directory, long cacheBytes, boolean readOnly, List<byte[]> generationNames)
      throws RocksDBException {
    Cache cache =
        own(
            new LRUCache(
                cacheBytes, CACHE_SHARD_BITS, /* strictCapacityLimit= */ false, INDEX_SHARE));
    familyOptions = own(familyOptions(cache, cacheBytes / UNFLUSHED_SHARE));
    DBOptions options = own(new DBOptions());
    options.setCreateIfMissing(!readOnly).setAtomicFlush(true).setAvoidFlushDuringShutdown(true);
    options.setWriteBufferManager(own(new WriteBufferManager(cacheBytes / UNFLUSHED_SHARE, cache)));
    // With these jobs RocksDB flushes on one thread, and must: of two flushes at once, the later
    // could be whole on disk while rows of a load that it counts on are not.
    options.setMaxBackgroundJobs(BACKGROUND_JOBS).setMaxOpenFiles(MOST_OPEN_FILES);
    options
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setKeepLogFileNum(2)
        .setMaxLogFileSize(1 << 20);
    options.setStatsDumpPeriodSec(0);
    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    families.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, familyOptions));
    for (byte[] name : generationNames) {
      families.add(new ColumnFamilyDescriptor(name, familyOptions));
    }
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    db =
        readOnly
            ? RocksDB.openReadOnly(options, directory.toString(), families, handles)
            : RocksDB.open(options, directory.toString(), families, handles);
    main = handles.get(0);
    group(families, handles);
  }

  /**
   * Opens what is there, or makes it.
   *
   * @throws RocksDBException if it is damaged, or cannot be read or written
   */
  static RocksDatabase open(Path directory, long cacheBytes) throws RocksDBException {
    return new RocksDatabase(directory, cacheBytes, /* readOnly= */ false, names(directory));
  }

  /** Opens what is there, to look at it; another process may be using it. */
  static RocksDatabase look(Path directory, long cacheBytes) throws RocksDBException {
    return new RocksDatabase(directory, cacheBytes, /* readOnly= */ true, names(directory));
  }

  /** The same, but for the generations: of whatever release they are. */
  static RocksDatabase lookBesideGenerations(Path directory, long cacheBytes)
      throws RocksDBException {
    return new RocksDatabase(directory, cacheBytes, /* readOnly= */ true, List.of());
  }

  /**
   * The column families of generations.
   *
   * @throws EngineFailedException if there is another
   */
  private static List<byte[]> names(Path directory) throws RocksDBException {
    try {
      List<byte[]> names = families(directory);
      for (byte[] name : names) {
        long unused = RocksGeneration.number(name);
      }
      return names;
    } catch (RocksDBException e) {
      if (isFresh(directory)) {
        return List.of();
      }
      throw e;
    }
  }

  /** The names of all column families but the default one, whatever release made them. */
  static List<byte[]> families(Path directory) throws RocksDBException {
    try (Options options = new Options()) {
      List<byte[]> names =
          new ArrayList<>(RocksDB.listColumnFamilies(options, directory.toString()));
      names.removeIf(name -> Arrays.equals(name, RocksDB.DEFAULT_COLUMN_FAMILY));
      return names;
    }
  }

  /** Whether no database was ever made here. */
  private static boolean isFresh(Path directory) {
    return !directory.resolve("CURRENT").toFile().exists();
  }

  private ColumnFamilyOptions familyOptions(Cache cache, long unflushedBytes) {
    BlockBasedTableConfig table = new BlockBasedTableConfig();
    table.setBlockCache(cache).setBlockSize(BLOCK_BYTES);
    table.setFilterPolicy(own(new BloomFilter(BLOOM_BITS)));
    table.setCacheIndexAndFilterBlocks(true).setPinL0FilterAndIndexBlocksInCache(true);
    table.setCacheIndexAndFilterBlocksWithHighPriority(true);
    // In pieces of a page: a cold filter of a whole file would cost more than the row behind it.
    table.setIndexType(IndexType.kTwoLevelIndexSearch).setPartitionFilters(true);
    return new ColumnFamilyOptions()
        .setTableFormatConfig(table)
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        .setWriteBufferSize(Math.max(1 << 20, unflushedBytes / 2))
        .setMaxWriteBufferNumber(8)
        .setLevel0SlowdownWritesTrigger(SLOWDOWN_FILES)
        .setLevel0StopWritesTrigger(STOP_FILES);
  }

  private void group(List<ColumnFamilyDescriptor> families, List<ColumnFamilyHandle> handles) {
    Map<Long, List<ColumnFamilyHandle>> byNumber = new TreeMap<>();
    for (int i = 1; i < handles.size(); i++) {
      long number = RocksGeneration.number(families.get(i).getName());
      byNumber.computeIfAbsent(number, any -> new ArrayList<>()).add(handles.get(i));
    }
    byNumber.forEach(
        (number, unordered) -> {
          List<ColumnFamilyHandle> ordered = new ArrayList<>();
          for (byte[] name : RocksGeneration.names(number)) {
            unordered.stream().filter(it -> hasName(it, name)).forEach(ordered::add);
          }
          generations.put(number, new RocksGeneration(number, ordered));
        });
  }

  private static boolean hasName(ColumnFamilyHandle handle, byte[] name) {
    try {
      return Arrays.equals(handle.getName(), name);
    } catch (RocksDBException e) {
      throw new EngineFailedException("a column family without a name", e);
    }
  }

  private <T extends AutoCloseable> T own(T part) {
    owned.add(part);
    return part;
  }

  /**
   * Does something, unless the database is closed.
   *
   * @throws EngineFailedException if it is, or what is done fails
   */
  <T> T call(String what, Call<T> call) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new EngineFailedException("cannot " + what + ": the engine is closed");
      }
      return call.on(db);
    } catch (RocksDBException e) {
      throw failed(what, e);
    } finally {
      use.readLock().unlock();
    }
  }

  static EngineFailedException failed(String what, RocksDBException e) {
    Status status = e.getStatus();
    String kind = status == null ? "" : " (" + status.getCode() + ")";
    boolean damage = status != null && status.getCode() == Status.Code.Corruption;
    return new EngineFailedException(
        "RocksDB cannot " + what + kind + ": " + e.getMessage(), e, damage);
  }

  /** The column family beside all generations. */
  ColumnFamilyHandle main() {
    return main;
  }

  ReadOptions reading() {
    return reading;
  }

  /**
   * What is on disk under a key beside all generations, with all that was written as one with it
   * and before: memory is passed over, since there is no log. Null if there is nothing.
   */
  byte @Nullable [] durable(byte[] key) {
    return call("read", opened -> opened.get(main, persisted, key));
  }

  /** For reading much, once: it does not push anything out of the cache. */
  static ReadOptions scanning() {
    return new ReadOptions().setFillCache(false).setReadaheadSize(READ_AHEAD_BYTES);
  }

  void write(WriteBatch batch) {
    write("write", writing, batch);
  }

  /** Writes what nobody waits for. */
  void load(WriteBatch batch) {
    write("load", loading, batch);
  }

  private void write(String what, WriteOptions how, WriteBatch batch) {
    call(
        what,
        opened -> {
          opened.write(how, batch);
          return true;
        });
  }

  /** A generation that is there. */
  RocksGeneration generation(long number) {
    synchronized (generations) {
      RocksGeneration found = generations.get(number);
      if (found == null || found.families().size() != RocksGeneration.names(number).size()) {
        throw new EngineFailedException("the column families of the state " + number + " are gone");
      }
      return found;
    }
  }

  /** Makes a generation, behind all that are there. */
  RocksGeneration makeGeneration() {
    synchronized (generations) {
      long number = 1 + Math.max(madeLast, generations.isEmpty() ? 0 : generations.lastKey());
      madeLast = number;
      RocksGeneration made =
          call(
              "make column families",
              opened ->
                  new RocksGeneration(
                      number,
                      opened.createColumnFamilies(familyOptions, RocksGeneration.names(number))));
      generations.put(number, made);
      return made;
    }
  }

  /**
   * Lets go of all generations but these, and but the one made last, which may be under way. What
   * still reads one goes on.
   */
  void dropAllBut(List<Long> numbers) {
    synchronized (generations) {
      for (Iterator<RocksGeneration> each = generations.values().iterator(); each.hasNext(); ) {
        RocksGeneration generation = each.next();
        if (!numbers.contains(generation.number()) && generation.number() != madeLast) {
          drop(generation);
          each.remove();
        }
      }
    }
  }

  /** Lets go of a generation that was never in force and will not be; of one only once. */
  void abandon(RocksGeneration generation) {
    synchronized (generations) {
      if (generations.containsKey(generation.number())) {
        drop(generation);
        generations.remove(generation.number());
      }
    }
  }

  private void drop(RocksGeneration generation) {
    call(
        "drop column families",
        opened -> {
          opened.dropColumnFamilies(generation.families());
          return true;
        });
    generation.close();
  }

  /** A file with rows that is in use, and not there any more; empty if all are. */
  Optional<String> missingFile() {
    List<String> gone = new ArrayList<>();
    for (LiveFileMetaData each : call("list files", RocksDB::getLiveFilesMetaData)) {
      if (!Path.of(each.path(), each.fileName()).toFile().exists()) {
        gone.add(each.fileName());
      }
    }
    if (gone.isEmpty()) {
      return Optional.empty();
    }
    // One that was merged into others since is rightly gone.
    return call("list files", RocksDB::getLiveFilesMetaData).stream()
        .map(LiveFileMetaData::fileName)
        .filter(gone::contains)
        .findFirst();
  }

  /**
   * Makes durable what was written before, and waits; but RocksDB 11 may come back when only an
   * earlier flush has ended. It waits for a number of each column family's memory, and takes the
   * numbers in the order of a hash table, of another family each (AtomicFlushMemTables and
   * FlushRequest in its code). {@link #durable} tells what is on disk.
   */
  void flush() {
    List<ColumnFamilyHandle> all = new ArrayList<>();
    all.add(main);
    // No generation is let go of meanwhile.
    synchronized (generations) {
      generations.values().forEach(each -> all.addAll(each.families()));
      call(
          "flush",
          opened -> {
            try (FlushOptions options =
                new FlushOptions().setWaitForFlush(true).setAllowWriteStall(true)) {
              opened.flush(options, all);
            }
            return true;
          });
    }
  }

  /** Notes something native that must be let go of before the database is. */
  <T extends AutoCloseable> T hand(T part) {
    handed.add(part);
    return part;
  }

  /** Lets go of what was handed out, unless the end of the database has. */
  void release(AutoCloseable part) {
    use.readLock().lock();
    try {
      if (handed.remove(part)) {
        closePart(part);
      }
    } finally {
      use.readLock().unlock();
    }
  }

  /** Lets go of everything, without a flush. */
  void close() {
    synchronized (generations) {
      use.writeLock().lock();
      try {
        if (!closed) {
          closed = true;
          handed.forEach(RocksDatabase::closePart);
          handed.clear();
          generations.values().forEach(RocksGeneration::close);
          main.close();
          db.close();
          reading.close();
          persisted.close();
          writing.close();
          loading.close();
          owned.forEach(RocksDatabase::closePart);
        }
      } finally {
        use.writeLock().unlock();
      }
    }
  }

  private static void closePart(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      throw new EngineFailedException("RocksDB cannot be closed", e);
    }
  }
}
