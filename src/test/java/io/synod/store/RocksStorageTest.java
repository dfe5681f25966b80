package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

class RocksStorageTest {
  private static final int SLOTS = 200;
  private static final Range.Limits ONE = new Range.Limits(1, 1 << 20);

  private final RocksFiles files;
  private final List<String> reports = new ArrayList<>();
  private final KeyValueStore twin = KeyValueStore.inMemory();

  RocksStorageTest() throws IOException {
    files = new RocksFiles();
  }

  @AfterEach
  void clear() throws IOException {
    files.close();
  }

  private void fill() throws IOException {
    KeyValueStore store = files.openAsServer(reports);
    store.belongTo(RocksFiles.BELONGING);
    RandomCommands commands = new RandomCommands(new Random(1), 5_000);
    for (int slot = 0; slot < SLOTS; slot++) {
      List<Command> batch = commands.batch();
      List<Result> unused = KeyValueStoreTest.apply(store, batch);
      unused = KeyValueStoreTest.apply(twin, batch);
    }
    store.close();
    assertEquals(List.of(), reports);
  }

  private List<Path> files(String end) throws IOException {
    try (Stream<Path> all = Files.list(files.folder().resolve("rocksdb"))) {
      return all.filter(file -> String.valueOf(file.getFileName()).matches(end)).toList();
    }
  }

  private static void flip(Path file, int offset) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[offset] ^= 4;
    Files.write(file, bytes);
  }

  private KeyValueStore openEmpty(String why) throws IOException {
    KeyValueStore store = files.openAsServer(reports);
    assertEquals(Slot.ZERO, store.applied());
    assertEquals(1, reports.size(), reports::toString);
    assertTrue(reports.get(0).contains(why), reports::toString);
    assertTrue(Files.isDirectory(files.folder().resolve("rocksdb-damaged")));
    return store;
  }

  @Test
  void goesOnAfterARestart() throws Exception {
    fill();
    KeyValueStore store = files.openAsServer(reports);
    assertEquals(List.of(), reports);
    assertEquals(twin.hash(), store.hash());
    assertEquals(KeyValueStoreTest.all(twin), KeyValueStoreTest.all(store));
    assertEquals(Optional.of(RocksFiles.BELONGING), store.belonging());
    assertFalse(Files.exists(files.folder().resolve("rocksdb-library")));
    store.close();
    RocksStorage.Summary summary = RocksStorage.look(files.folder());
    assertEquals(twin.applied(), summary.slot());
    assertEquals(twin.keys(), summary.keys());
    assertEquals(twin.liveBytes(), summary.liveBytes());
    assertEquals(twin.revision(), summary.revision());
    assertFalse(summary.distrusted());
  }

  @Test
  void damageThatAStartMeetsIsSetAside() throws Exception {
    fill();
    for (Path manifest : files("MANIFEST-.*")) {
      flip(manifest, 20);
    }
    openEmpty("set aside").close();
    // Kept for a person until a start finds its own database whole, and not empty.
    reports.clear();
    KeyValueStore empty = files.openAsServer(reports);
    assertEquals(List.of(), reports);
    assertTrue(Files.exists(files.folder().resolve("rocksdb-damaged")));
    empty.belongTo(RocksFiles.BELONGING);
    empty.skip(Slot.of(1));
    empty.close();
    files.openAsServer(reports).close();
    assertFalse(Files.exists(files.folder().resolve("rocksdb-damaged")));
  }

  @Test
  void anEmptyOneThatIsSetAsideLeavesTheFirst() throws Exception {
    fill();
    for (int i = 0; i < 2; i++) {
      for (Path manifest : files("MANIFEST-.*")) {
        flip(manifest, 20);
      }
      reports.clear();
      openEmpty("set aside").close();
    }
    Path first = files.folder().resolve("rocksdb-damaged");
    try (Stream<Path> tables = Files.list(first)) {
      assertTrue(tables.anyMatch(file -> file.toString().endsWith(".sst")), "the one with a state");
    }
    assertTrue(Files.exists(files.folder().resolve("rocksdb-damaged-2")));
  }

  @Test
  void missingFilesAreDamage() throws Exception {
    fill();
    // One of them alone may be of no use any more, and not deleted yet.
    for (Path table : files(".*\\.sst")) {
      Files.delete(table);
    }
    openEmpty("set aside").close();
  }

  @Test
  void damageInTheRowsIsFoundByWhoeverReadsThem() throws Exception {
    fill();
    Path largest =
        Collections.max(
            files(".*\\.sst"), Comparator.comparingLong(table -> table.toFile().length()));
    flip(largest, (int) Files.size(largest) / 3);
    IOException looked = assertThrows(IOException.class, () -> RocksStorage.look(files.folder()));
    assertTrue(String.valueOf(looked.getMessage()).contains(".sst offset"), looked::toString);
    KeyValueStore store = files.openAsServer(reports);
    assertEquals(twin.applied(), store.applied());
    EngineFailedException failed =
        assertThrows(EngineFailedException.class, () -> KeyValueStoreTest.all(store));
    assertTrue(failed.isDamage(), failed::toString);
    Optional<String> scrubbed = store.scrub(bytes -> {});
    assertTrue(scrubbed.orElseThrow().contains(".sst"), scrubbed::toString);
    store.distrust(scrubbed.get());
    try {
      store.close();
    } catch (EngineFailedException e) {
      // RocksDB was about to merge that file with others, and writes nothing any more.
      assertTrue(e.isDamage(), e::toString);
    }
    openEmpty(".sst").close();
  }

  @Test
  void theScrubReadsAllOfIt() throws Exception {
    fill();
    KeyValueStore store = files.openAsServer(reports);
    long[] read = new long[1];
    assertEquals(Optional.empty(), store.scrub(bytes -> read[0] += bytes));
    assertTrue(read[0] > store.liveBytes(), read[0] + " of " + store.liveBytes());
    store.close();
  }

  /** Whoever has it open goes on reading it. */
  @Test
  void theScrubNoticesAFileThatIsGone() throws Exception {
    fill();
    KeyValueStore store = files.openAsServer(reports);
    assertEquals(Optional.empty(), store.scrub(bytes -> {}));
    // RocksDB merges files after a start, and deletes those that it merged.
    List<Path> before = List.of();
    while (!before.equals(files(".*\\.sst"))) {
      before = files(".*\\.sst");
      Thread.sleep(200);
    }
    Path largest =
        Collections.max(
            files(".*\\.sst"), Comparator.comparingLong(table -> table.toFile().length()));
    Files.delete(largest);
    String name = String.valueOf(largest.getFileName());
    Optional<String> scrubbed = store.scrub(bytes -> {});
    assertTrue(scrubbed.orElseThrow().contains(name + " is missing"), scrubbed::toString);
    store.close();
  }

  @Test
  void theScrubReadsWhatIsKeptBesideTheRows() throws Exception {
    KeyValueStore store = files.open();
    RandomCommands commands = new RandomCommands(new Random(1), 5_000);
    for (int slot = 0; slot < SLOTS; slot++) {
      List<Result> unused = KeyValueStoreTest.apply(store, commands.batch());
    }
    assertEquals(store.applied(), store.flush());
    assertEquals(Optional.empty(), store.scrub(bytes -> {}));
    List<Path> beside = files.tables("default");
    assertFalse(beside.isEmpty());
    for (Path table : beside) {
      flip(table, 40);
    }
    Optional<String> scrubbed = store.scrub(bytes -> {});
    assertTrue(scrubbed.orElseThrow().contains(".sst"), scrubbed::toString);
  }

  @Test
  void theStateOfAnotherClusterIsSetAside() throws Exception {
    fill();
    ClusterId other = new ClusterId(new UUID(9, 9));
    KeyValueStore store =
        RocksStorage.open(files.folder(), Optional.of(other), 8 << 20, reports::add);
    assertEquals(Slot.ZERO, store.applied());
    assertTrue(reports.get(0).contains("it holds the state of cluster"), reports::toString);
    store.close();
  }

  @Test
  void aDatabaseWhosePointerIsGoneIsSetAside() throws Exception {
    fill();
    Files.delete(files.folder().resolve("rocksdb").resolve("CURRENT"));
    openEmpty("CURRENT").close();
    Path aside = files.folder().resolve("rocksdb-damaged");
    try (Stream<Path> tables = Files.list(aside)) {
      assertTrue(tables.anyMatch(file -> file.toString().endsWith(".sst")), "with its state");
    }
  }

  private interface Rewrite {
    void in(RocksDatabase database, WriteBatch batch) throws RocksDBException;
  }

  /** Writes what a newer release would; a start must refuse it, and leave all as it is. */
  private void assertRefused(String version, Rewrite rewrite) throws Exception {
    fill();
    RocksDatabase database = RocksDatabase.open(files.folder().resolve("rocksdb"), 8 << 20);
    try (WriteBatch batch = new WriteBatch()) {
      rewrite.in(database, batch);
      database.write(batch);
    }
    database.flush();
    database.close();
    Map<String, FileTime> before = times();
    SnapshotRefusedException refused =
        assertThrows(SnapshotRefusedException.class, () -> files.openAsServer(reports));
    assertTrue(refused.isUnknownVersion(), refused::toString);
    assertTrue(String.valueOf(refused.getMessage()).contains(version), refused::toString);
    assertEquals(List.of(), reports);
    assertEquals(before, times(), "nothing is touched");
    SnapshotRefusedException looked =
        assertThrows(SnapshotRefusedException.class, () -> RocksStorage.look(files.folder()));
    assertTrue(looked.isUnknownVersion(), looked::toString);
  }

  private Map<String, FileTime> times() throws IOException {
    Map<String, FileTime> times = new TreeMap<>();
    // RocksDB's diary aside.
    for (Path file : files("(?!LOG).*")) {
      times.put(String.valueOf(file.getFileName()), Files.getLastModifiedTime(file));
    }
    return times;
  }

  @Test
  void anUnknownVersionIsRefusedByName() throws Exception {
    assertRefused(
        "of version 7",
        (database, batch) -> batch.put(database.main(), RocksFormat.FORMAT, RocksFormat.place(7)));
  }

  @Test
  void aNewerVersionThatKeepsMoreIsRefusedByName() throws Exception {
    assertRefused(
        "of version 7",
        (database, batch) -> {
          batch.put(database.main(), RocksFormat.FORMAT, RocksFormat.place(7));
          database.call(
              "make a family",
              db ->
                  db.createColumnFamily(
                      new ColumnFamilyDescriptor("blobs".getBytes(StandardCharsets.US_ASCII))));
        });
  }

  /** Nobody's but a newer release's, whatever version it says. */
  @Test
  void aColumnFamilyThatIsNotKnownIsRefusedByName() throws Exception {
    assertRefused(
        "a column family leases-1, written by a newer version",
        (database, batch) ->
            database.call(
                "make a family",
                db ->
                    db.createColumnFamily(
                        new ColumnFamilyDescriptor(
                            "leases-1".getBytes(StandardCharsets.US_ASCII)))));
  }

  /** A start does not read the rows: whoever does stops, and throws nothing away. */
  @Test
  void aRowOfAFormThatIsNotKnownStopsWhoeverReadsIt() throws Exception {
    fill();
    Bytes key =
        twin.range(Range.ofPrefix(Bytes.EMPTY, OptionalLong.empty(), ONE), 10).rows().get(0).key();
    KeyValueStore store = files.open();
    RocksDatabase database = files.database();
    byte[] numbers = Objects.requireNonNull(database.durable(RocksFormat.NUMBERS));
    RocksGeneration generation =
        database.generation(RocksFormat.Numbers.decode(numbers).generation());
    byte[] row = database.call("read", db -> db.get(generation.rows(), key.toArray()));
    try (WriteBatch batch = new WriteBatch()) {
      batch.put(generation.rows(), key.toArray(), NewerFormats.rowOfForm(3, key, row));
      database.write(batch);
    }
    database.flush();
    for (Callable<Object> reading :
        List.<Callable<Object>>of(
            () -> store.get(key),
            () -> KeyValueStoreTest.all(store),
            () -> {
              try (StoreView view = store.view()) {
                Engine.Rows rows = view.rows();
                boolean unused = rows.next();
                return rows.row();
              }
            })) {
      EngineFailedException failed = assertThrows(EngineFailedException.class, reading::call);
      assertFalse(failed.isDamage(), failed::toString);
      String said = String.valueOf(failed.getMessage());
      assertTrue(said.contains("a row of form 3, written by a newer version"), said);
    }
    files.crash();
    IOException looked = assertThrows(IOException.class, () -> RocksStorage.look(files.folder()));
    assertTrue(looked.toString().contains("a row of form 3, written by a newer"), looked::toString);
    assertEquals(Set.of("rocksdb"), names(), "nothing is set aside");
  }

  @Test
  void aNewerVersionOfTheMachinesNumbersIsRefusedByName() throws Exception {
    assertRefused(
        "of version 9",
        (database, batch) -> {
          byte[] numbers =
              database.call("read", db -> db.get(database.main(), RocksFormat.NUMBERS));
          // Behind slot, generation, and the last change that was removed.
          numbers[8 + 8 + 12] = 9;
          batch.put(database.main(), RocksFormat.NUMBERS, numbers);
        });
  }

  @Test
  void nothingIsReadOfAStoreThatIsClosed() throws Exception {
    fill();
    KeyValueStore store = files.openAsServer(reports);
    StoreView view = store.view();
    Engine.Rows rows = view.rows();
    assertTrue(rows.next());
    store.close();
    assertThrows(EngineFailedException.class, rows::next);
    assertThrows(EngineFailedException.class, () -> store.get(Bytes.utf8("key")));
    view.close();
  }

  @Test
  void whatIsClosedIsRefusedAndNotTouched() throws Exception {
    try (RocksFiles own = new RocksFiles()) {
      KeyValueStore store = own.open();
      RandomCommands commands = new RandomCommands(new Random(1), 100);
      List<Result> unused = KeyValueStoreTest.apply(store, commands.batch());
      StoreView view = store.view();
      Engine.Rows rows = view.rows();
      view.close();
      assertThrows(EngineFailedException.class, rows::next);
      assertThrows(EngineFailedException.class, view::rows);
      RocksDatabase database = own.database();
      RocksBatch batch = new RocksBatch(database);
      batch.put(database.main(), new byte[] {1}, new byte[] {1});
      RocksCursor cursor = RocksCursor.ofMain(database, database.reading());
      cursor.seek(RocksFormat.SESSIONS);
      cursor.close();
      assertThrows(EngineFailedException.class, cursor::value);
      assertThrows(EngineFailedException.class, cursor::next);
      own.crash();
      assertThrows(EngineFailedException.class, batch::write);
      List<Command> more = commands.batch();
      assertThrows(EngineFailedException.class, () -> KeyValueStoreTest.apply(store, more));
      batch.close();
      batch.close();
      assertThrows(EngineFailedException.class, batch::sizeBytes);
      assertThrows(EngineFailedException.class, batch::write);
    }
  }

  @Test
  void closingMeetsThoseThatReadAndWriteWithAnException() throws Exception {
    for (int round = 0; round < 5; round++) {
      try (RocksFiles own = new RocksFiles()) {
        KeyValueStore store = own.open();
        RandomCommands commands = new RandomCommands(new Random(round), 2_000);
        for (int slot = 0; slot < SLOTS / 4; slot++) {
          List<Result> unused = KeyValueStoreTest.apply(store, commands.batch());
        }
        StoreView view = store.view();
        List<Callable<Object>> uses =
            List.of(
                () -> KeyValueStoreTest.apply(store, commands.batch()),
                () -> store.scrub(bytes -> {}),
                store::flush,
                () -> {
                  Engine.Rows rows = view.rows();
                  while (rows.next()) {
                    Bytes unused = rows.row();
                  }
                  return true;
                },
                store::loader);
        ExecutorService threads = Executors.newFixedThreadPool(uses.size());
        CountDownLatch begun = new CountDownLatch(uses.size());
        List<Future<Throwable>> ends = new ArrayList<>();
        for (Callable<Object> use : uses) {
          ends.add(threads.submit(() -> untilItFails(use, begun)));
        }
        begun.await();
        own.crash();
        for (Future<Throwable> end : ends) {
          String said = String.valueOf(end.get().getMessage());
          assertTrue(said.contains("the engine is closed"), () -> "ended by " + said);
        }
        threads.shutdown();
      }
    }
  }

  private static Throwable untilItFails(Callable<Object> use, CountDownLatch begun) {
    while (true) {
      try {
        Object unused = use.call();
        begun.countDown();
      } catch (Exception e) {
        return e;
      }
    }
  }

  // ---- names, as a power loss leaves them

  private Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> all = Files.list(files.folder())) {
      all.map(path -> String.valueOf(path.getFileName()))
          .filter(name -> !name.equals("rocksdb-library"))
          .forEach(names::add);
    }
    return names;
  }

  @Test
  void eachNameIsDurableBeforeTheNextIsChanged() throws Exception {
    List<Set<String>> durable = new ArrayList<>();
    RocksDirectory directory =
        new RocksDirectory(
            files.folder(),
            folder -> {
              assertEquals(files.folder(), folder);
              FileDisk.sync(folder);
              durable.add(names());
            });
    Optional<ClusterId> cluster = Optional.of(RocksFiles.BELONGING.cluster());
    KeyValueStore store = RocksStorage.open(directory, cluster, 8 << 20, reports::add);
    assertEquals(List.of(Set.of("rocksdb")), durable, "or what is flushed is lost with its folder");
    store.belongTo(RocksFiles.BELONGING);
    store.skip(Slot.of(1));
    store.distrust("why");
    assertEquals(Set.of("rocksdb", "rocksdb-distrusted"), durable.get(1));
    store.close();
    durable.clear();
    RocksStorage.open(directory, cluster, 8 << 20, reports::add).close();
    // No power loss leaves what is distrusted in its place without the mark.
    assertEquals(
        List.of(
            Set.of("rocksdb-damaged", "rocksdb-distrusted"),
            Set.of("rocksdb-damaged"),
            Set.of("rocksdb-damaged", "rocksdb")),
        durable);
    assertEquals(List.of("the database is set aside as rocksdb-damaged: why"), reports);
  }

  @Test
  void aPowerLossBetweenTheNamesIsGoneOnFrom() throws Exception {
    fill();
    Files.move(files.folder().resolve("rocksdb"), files.folder().resolve("rocksdb-damaged"));
    Files.writeString(files.folder().resolve("rocksdb-distrusted"), "why");
    KeyValueStore store = files.openAsServer(reports);
    assertEquals(Slot.ZERO, store.applied());
    assertEquals(List.of(), reports, "nothing is there to be set aside");
    assertEquals(Set.of("rocksdb", "rocksdb-damaged"), names());
    store.close();
  }
}
