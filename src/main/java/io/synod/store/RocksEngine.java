package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;

/**
 * Rows in RocksDB, for more than memory holds. RocksDB writes no log of its own: the journal is the
 * log, and each slot is one batch with all that the machine holds after it, so that whatever of it
 * reached the disk is the state after some slot, from which the journal goes on.
 *
 * <p>Reads may wait for the disk, in {@link #get} and in what {@link #rowsAt} gives (decision 005).
 */
final class RocksEngine implements Engine {
  /** Changes of sessions are kept up to so many bytes, or twice what all sessions take. */
  private static final long SESSION_CHANGES_BYTES = 4 << 20;

  private static final long SCRUB_BYTES = 1 << 20;

  /** A flush that came back too early is repeated; each time at least one more is behind it. */
  private static final int MOST_FLUSHES = 100;

  private final RocksDatabase database;
  private final RocksDirectory directory;
  private final RocksBatch batch;

  /** The rows that the batch under way changes; empty: removed. */
  private final Map<Bytes, Optional<Bytes>> pendingRows = new HashMap<>();

  private RocksChanges changes;
  private volatile Slot applied = Slot.ZERO;
  private volatile RocksGeneration committed;

  private long sessionChangesBytes;
  private long sessionChangesLimit = SESSION_CHANGES_BYTES;
  private boolean wantsSessions = true;
  private Optional<Kept> kept = Optional.empty();

  /**
   * @param directory where the next start is told to throw away what is here
   * @throws EngineFailedException if what is there does not fit together
   */
  RocksEngine(RocksDatabase database, RocksDirectory directory) {
    this.database = database;
    this.directory = directory;
    this.batch = new RocksBatch(database);
    Optional<RocksFormat.Numbers> numbers = numbers(database);
    if (numbers.isEmpty()) {
      database.dropAllBut(List.of());
      committed = database.makeGeneration();
      changes = new RocksChanges(database, committed, batch, RocksChanges.NOTHING_REMOVED);
      return;
    }
    RocksFormat.Numbers known = numbers.get();
    applied = new Slot(known.slot());
    committed = database.generation(known.generation());
    database.dropAllBut(List.of(known.generation()));
    changes = new RocksChanges(database, committed, batch, known.removed().toArray());
    kept = Optional.of(readKept(known));
    wantsSessions = false;
  }

  private byte @Nullable [] main(byte[] key) {
    return database.call("read", db -> db.get(database.main(), database.reading(), key));
  }

  /**
   * The version of what is kept here; empty if nothing is.
   *
   * @throws EngineFailedException if it cannot be read
   */
  static Optional<Integer> version(RocksDatabase database) {
    byte @Nullable [] version =
        database.call(
            "read", db -> db.get(database.main(), database.reading(), RocksFormat.FORMAT));
    if (version == null && numbers(database).isPresent()) {
      throw new EngineFailedException("the version of what is kept is gone");
    }
    return version == null ? Optional.empty() : Optional.of(RocksFormat.version(version));
  }

  /** The last slot that is applied in what is kept. */
  static Slot slot(RocksDatabase database) {
    return numbers(database).map(known -> new Slot(known.slot())).orElse(Slot.ZERO);
  }

  /** The machine's numbers that are kept with it. */
  static Optional<KeptNumbers> machineNumbers(RocksDatabase database) {
    return numbers(database).map(known -> KeptNumbers.decode(known.machine()));
  }

  /**
   * The sum of the hashes of all rows that are kept, each of which is looked at: it is that of the
   * machine's numbers.
   *
   * @throws IllegalArgumentException if a row is not what was written
   * @throws NewerVersionException if a newer version wrote one
   */
  static long rowsHash(RocksDatabase database) {
    Optional<RocksFormat.Numbers> known = numbers(database);
    if (known.isEmpty()) {
      return 0;
    }
    long sum = 0;
    RocksGeneration generation = database.generation(known.get().generation());
    try (ReadOptions options = RocksDatabase.scanning();
        RocksCursor at = RocksCursor.ofRows(database, generation, options)) {
      at.seek(new byte[0]);
      for (byte[] key = at.key(); key != null; key = at.key()) {
        byte[] row = at.value();
        byte[] both = Arrays.copyOf(key, key.length + row.length);
        System.arraycopy(row, 0, both, key.length, row.length);
        sum += RowFormat.checkedHash(both, 0, key.length, row.length);
        at.next();
      }
    }
    return sum;
  }

  /** The version of those numbers, be it known or not; empty if there are none. */
  static Optional<Integer> numbersVersion(RocksDatabase database) {
    return numbers(database).map(known -> KeptNumbers.version(known.machine()));
  }

  private static Optional<RocksFormat.Numbers> numbers(RocksDatabase database) {
    byte @Nullable [] bytes =
        database.call(
            "read", db -> db.get(database.main(), database.reading(), RocksFormat.NUMBERS));
    return decode(bytes);
  }

  private static Optional<RocksFormat.Numbers> decode(byte @Nullable [] bytes) {
    return bytes == null ? Optional.empty() : Optional.of(RocksFormat.Numbers.decode(bytes));
  }

  private Kept readKept(RocksFormat.Numbers numbers) {
    byte @Nullable [] sessions = main(RocksFormat.SESSIONS);
    if (sessions == null) {
      throw new EngineFailedException("the sessions are gone");
    }
    Bytes all = Bytes.wrap(sessions);
    long slot = all.asByteBuffer().getLong();
    List<Bytes> since = new ArrayList<>();
    try (RocksCursor at = RocksCursor.ofMain(database, database.reading())) {
      at.seek(RocksFormat.sessionChangesKey(slot + 1));
      byte[] key = at.key();
      while (key != null && RocksFormat.isSessionChanges(key)) {
        byte[] value = at.value();
        sessionChangesBytes += value.length;
        since.add(Bytes.wrap(value));
        at.next();
        key = at.key();
      }
    }
    return new Kept(numbers.machine(), all.slice(8, all.size()), since);
  }

  @Override
  public Slot applied() {
    return applied;
  }

  @Override
  public Optional<Bytes> get(Bytes key) {
    Optional<Bytes> pending = pendingRows.get(key);
    if (pending != null) {
      return pending;
    }
    byte[] sought = key.toArray();
    byte @Nullable [] row =
        database.call(
            "read", db -> db.get(changes.generation().rows(), database.reading(), sought));
    return row == null ? Optional.empty() : Optional.of(RocksFormat.row(row));
  }

  @Override
  public void put(Change change, ByteBuffer row) {
    byte[] bytes = new byte[row.remaining()];
    row.duplicate().get(bytes);
    batch.put(changes.generation().rows(), change.key().toArray(), bytes);
    pendingRows.put(change.key(), Optional.of(Bytes.wrap(bytes)));
    changes.add(change);
  }

  @Override
  public void delete(Change change) {
    batch.delete(changes.generation().rows(), change.key().toArray());
    pendingRows.put(change.key(), Optional.empty());
    changes.add(change);
  }

  @Override
  public Optional<Change> removeOldest(long last) {
    return changes.removeOldest(last);
  }

  @Override
  public void commit(Slot slot, Beside beside) {
    Bytes changed = beside.sessionChanges();
    sessionChangesBytes += changed.size();
    if (wantsSessions || sessionChangesBytes > sessionChangesLimit) {
      putSessions(slot, beside.sessions());
    } else if (!changed.isEmpty()) {
      batch.put(database.main(), RocksFormat.sessionChangesKey(slot.number()), changed.toArray());
    }
    RocksGeneration generation = changes.generation();
    RocksFormat.Numbers numbers =
        new RocksFormat.Numbers(
            slot.number(), generation.number(), Bytes.wrap(changes.removed()), beside.numbers());
    batch.put(database.main(), RocksFormat.NUMBERS, numbers.encode());
    batch.write();
    changes.onCommitted();
    pendingRows.clear();
    committed = generation;
    applied = slot;
  }

  private void putSessions(Slot slot, Bytes sessions) {
    batch.put(database.main(), RocksFormat.FORMAT, RocksFormat.version());
    batch.put(database.main(), RocksFormat.SESSIONS, RocksFormat.sessions(slot.number(), sessions));
    batch.deleteRange(
        database.main(),
        RocksFormat.sessionChangesKey(0),
        RocksFormat.sessionChangesKey(slot.number() + 1));
    sessionChangesBytes = 0;
    sessionChangesLimit = Math.max(SESSION_CHANGES_BYTES, 2L * sessions.size());
    wantsSessions = false;
  }

  @Override
  public Optional<Change> firstChangeAfter(long revision) {
    return changes.firstAfter(revision);
  }

  @Override
  public RowsAt rowsAt(long revision, Bytes from) {
    Check.that(pendingRows.isEmpty(), "no change is under way");
    return new RocksRowsAt(changes, revision, from);
  }

  @Override
  public View view() {
    return new RocksView(database, committed);
  }

  @Override
  public long loadBytes(long snapshotBytes) {
    // Files that are merged are there twice for a while.
    return snapshotBytes + snapshotBytes / 2;
  }

  @Override
  public Loader loader() {
    return new RocksLoader(database, database.makeGeneration());
  }

  @Override
  public void replaceBy(Loader loaded) {
    RocksGeneration generation = ((RocksLoader) loaded).finish();
    changes = new RocksChanges(database, generation, batch, RocksChanges.NOTHING_REMOVED);
    wantsSessions = true;
  }

  @Override
  public boolean keeps() {
    return true;
  }

  @Override
  public Optional<Kept> kept() {
    Optional<Kept> once = kept;
    kept = Optional.empty();
    return once;
  }

  @Override
  public Slot flush() throws IOException {
    Slot least = applied;
    if (least.equals(Slot.ZERO)) {
      return least;
    }
    try {
      RocksFormat.Numbers durable = makeDurable(least);
      // A later flush that is under way may make the one in force now the one on disk.
      database.dropAllBut(List.of(durable.generation(), committed.number()));
      return new Slot(durable.slot());
    } catch (EngineFailedException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Makes the state after a slot durable, or a later one; returns what is on disk. */
  private RocksFormat.Numbers makeDurable(Slot slot) {
    for (int i = 0; i < MOST_FLUSHES; i++) {
      database.flush();
      Optional<RocksFormat.Numbers> durable = decode(database.durable(RocksFormat.NUMBERS));
      if (durable.isPresent() && durable.get().slot() >= slot.number()) {
        return durable.get();
      }
    }
    throw new EngineFailedException("slot " + slot + " is not on disk after so many flushes");
  }

  @Override
  public Optional<String> scrub(LongConsumer pace) {
    RocksGeneration generation = committed;
    try {
      // Who has it open still reads it; the next start does not.
      Optional<String> missing = database.missingFile();
      if (missing.isPresent()) {
        return Optional.of(directory.database() + missing.get() + " is missing");
      }
      RocksScrub scrub = new RocksScrub(database, SCRUB_BYTES, pace);
      scrub.readAll(generation);
      return Optional.empty();
    } catch (EngineFailedException e) {
      if (e.isDamage()) {
        return Optional.of(String.valueOf(e.getMessage()));
      }
      if (!generation.equals(committed)) {
        // A snapshot took its place: what it held is gone, and the next round reads the other.
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public SetAside setAside() {
    return directory.allSetAside();
  }

  @Override
  public void distrust(String why) throws IOException {
    directory.distrust(why);
  }

  @Override
  public void close() {
    try {
      if (applied.isAfter(Slot.ZERO)) {
        RocksFormat.Numbers unused = makeDurable(applied);
      }
    } finally {
      database.close();
      batch.close();
    }
  }
}
