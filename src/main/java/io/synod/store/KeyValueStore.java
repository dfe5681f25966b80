package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;

/**
 * The key-value state machine: rows with revisions on an engine, what they were before, sessions
 * with the results they remember, and a hash over all of it that is kept up to date command by
 * command.
 *
 * <p>A revision is the number of the state of all keys: 1 when nothing was ever written, and one
 * more with every command that changes a key: a put, a delete of a key that is there, several
 * writes in one.
 */
public final class KeyValueStore implements StateMachine {
  /** How many changes are swept for each byte applied: more than can come anew. */
  private static final int SWEEP_BYTES = 16;

  private static final int SWEEP_CHANGES = 64;

  /** What a key takes in memory besides its bytes and its value's, about. */
  public static final int KEY_BYTES = 128;

  /** By which versions it can behave. */
  public static final VersionRange SUPPORTED = VersionRange.FIRST_ONLY;

  private final Engine engine;
  private final Behaviour behaviour;
  private final History history;
  private final Deduplication once;
  private final RowFormat rowFormat = new RowFormat();
  private final Applier applier = new Applier();
  private long revision = 1;
  private long logTimeMillis;
  private long liveBytes;
  private long keys;

  /** The revision that a command under way makes, if it changes anything. */
  private long writing;

  /** How many keys the command under way has changed. */
  private int place;

  /** The sum of the hashes of all rows. */
  private long rowsHash;

  private Optional<Belonging> belonging = Optional.empty();

  /** What the engine keeps beside rows, and only if it keeps them. */
  private final Engine.Beside beside = new Beside();

  /** So much memory this state and another beside it may take. */
  private final long memoryBytes;

  private KeyValueStore(Engine engine, VersionRange supported) {
    this(engine, supported, Long.MAX_VALUE);
  }

  private KeyValueStore(Engine engine, VersionRange supported, long memoryBytes) {
    this.engine = engine;
    this.memoryBytes = memoryBytes;
    this.behaviour = new Behaviour(supported);
    this.history = new History(engine);
    this.once = new Deduplication(engine.keeps());
  }

  /** An empty store that holds its rows in memory. */
  public static KeyValueStore inMemory() {
    return inMemory(SUPPORTED);
  }

  /**
   * The same in a heap in which not everything fits.
   *
   * @param memoryBytes so much this state and another one beside it may take: see {@link
   *     #hasRoomBeside}
   */
  public static KeyValueStore inMemory(long memoryBytes) {
    return new KeyValueStore(new HeapEngine(), SUPPORTED, memoryBytes);
  }

  /** The same of a program that can behave by other versions than this one. */
  public static KeyValueStore inMemory(VersionRange supported) {
    return new KeyValueStore(new HeapEngine(), supported);
  }

  /**
   * A store on an engine, as it is after the last slot that the engine has.
   *
   * @throws EngineFailedException if what the engine kept does not fit together
   * @throws UnsupportedVersionException if it is of another version than this program knows
   */
  static KeyValueStore on(Engine engine) {
    return on(engine, SUPPORTED);
  }

  static KeyValueStore on(Engine engine, VersionRange supported) {
    KeyValueStore store = new KeyValueStore(engine, supported);
    engine.kept().ifPresent(store::restore);
    return store;
  }

  private void restore(Engine.Kept kept) {
    KeptNumbers numbers;
    try {
      numbers = KeptNumbers.decode(kept.numbers());
      Sessions sessions = KeptSessions.decode(kept.sessions());
      once.restore(sessions);
      for (Bytes changes : kept.sessionChanges()) {
        SessionChanges.replay(changes, sessions);
      }
    } catch (IllegalArgumentException | BufferUnderflowException e) {
      throw new EngineFailedException("the state beside the rows is damaged: " + e.getMessage(), e);
    }
    behaviour.goOnFrom(numbers.version());
    revision = numbers.revision();
    logTimeMillis = numbers.logTimeMillis();
    liveBytes = numbers.liveBytes();
    keys = numbers.keys();
    rowsHash = numbers.rowsHash();
    belonging = numbers.belonging();
    history.restore(numbers.history(), numbers.historyBytes());
    if (hash() != numbers.hash()) {
      throw new EngineFailedException("the hash of the state is wrong after slot " + applied());
    }
  }

  @Override
  public Slot applied() {
    return engine.applied();
  }

  @Override
  public void apply(Slot slot, Bytes commands, Results results) {
    checkNext(slot);
    behaviour.check();
    CommandFormat.checkBatch(commands);
    logTimeMillis = Math.max(logTimeMillis, CommandFormat.logTimeMillis(commands));
    once.tell(results);
    CommandFormat.visitBatch(commands, applier);
    history.sweep(1 + commands.size() / SWEEP_BYTES);
    commit(slot);
  }

  @Override
  public void upgrade(Slot slot, Value.Version decided) {
    checkNext(slot);
    behaviour.decide(slot, decided);
    commit(slot);
  }

  @Override
  public VersionInForce version() {
    return behaviour.version();
  }

  @Override
  public void skip(Slot slot) {
    checkNext(slot);
    commit(slot);
  }

  private void commit(Slot slot) {
    engine.commit(slot, beside);
    once.changes().clear();
  }

  @Override
  public long hash() {
    long numbersHash = StoreHash.ofNumbers(version(), revision, logTimeMillis);
    return StoreHash.of(numbersHash, rowsHash, history.numbers(), once.sessions());
  }

  /**
   * The state as it is now, to be written out elsewhere while this one goes on. Copies what
   * sessions remember, some microseconds each; quick, whatever the number of keys.
   */
  public StoreView view() {
    Sessions sessions = once.sessions();
    StoreView.Numbers numbers =
        new StoreView.Numbers(
            applied(),
            version(),
            revision,
            logTimeMillis,
            history.numbers(),
            hash(),
            keys,
            liveBytes,
            sessions.count());
    return new StoreView(
        numbers, SnapshotFormat.sessions(sessions), sessions.copyOfOpen(), engine.view());
  }

  /** Whether the state of a snapshot of so many bytes can be loaded while this one is there. */
  public boolean hasRoomBeside(long snapshotBytes) {
    long held = liveBytes + history.sizeBytes() + KEY_BYTES * keys;
    return held + snapshotBytes + snapshotBytes / 2 <= memoryBytes;
  }

  /** About how much of the disk a snapshot of so many bytes takes beside the state; any thread. */
  long loadBytes(long snapshotBytes) {
    return engine.loadBytes(snapshotBytes);
  }

  /**
   * What it has set aside as damaged, and may be deleted when a snapshot is to come; any thread.
   */
  SetAside setAside() {
    return engine.setAside();
  }

  /** Where a snapshot is read into; any thread. */
  Engine.Loader loader() {
    return engine.loader();
  }

  /**
   * Puts a snapshot in the place of the state, unless the state is as new already: false then.
   * Quick, whatever the number of keys.
   *
   * @throws UnsupportedVersionException if it is of another version than this program knows; the
   *     state is as it was then
   */
  public boolean install(RestoredState restored) {
    SnapshotInfo info = restored.info();
    if (!info.slot().isAfter(applied())) {
      return false;
    }
    behaviour.goOnFrom(info.version());
    engine.replaceBy(restored.rows());
    once.restore(restored.sessions());
    revision = info.revision();
    logTimeMillis = info.logTimeMillis();
    liveBytes = info.liveBytes();
    keys = info.keys();
    rowsHash = restored.rowsHash();
    belonging = Optional.of(new Belonging(info.cluster(), info.membership()));
    history.restore(info.history(), restored.historyBytes());
    Check.that(hash() == info.hash(), "a snapshot restored whole has its hash");
    commit(info.slot());
    return true;
  }

  // ---- stores with files of their own

  /** Whether it has files of its own, so that it needs no snapshots to outlive the process. */
  public boolean keepsFiles() {
    return engine.keeps();
  }

  /**
   * Makes all that is applied durable. Only of a store that keeps files; any thread; blocks for the
   * disk.
   *
   * @return a slot up to which everything is durable now
   */
  public Slot flush() throws IOException {
    return engine.flush();
  }

  /**
   * Reads again all that its files hold. Any thread; blocks for the disk, for long.
   *
   * @param pace told after each piece about how many bytes were read; may wait, or throw to end it
   * @return what is damaged; empty if nothing is, or if a snapshot took the state's place meanwhile
   */
  public Optional<String> scrub(LongConsumer pace) {
    return engine.scrub(pace);
  }

  /** The state is wrong: what files hold of it is thrown away at the next start. Any thread. */
  public void distrust(String why) throws IOException {
    engine.distrust(why);
  }

  /** Makes all durable and lets go of the files; nothing may be called after that. Blocks. */
  public void close() {
    engine.close();
  }

  /** Whose state it is, as it was told or as its files say. */
  public Optional<Belonging> belonging() {
    return belonging;
  }

  /** Says whose state it is from the next slot on; kept with it. */
  public void belongTo(Belonging now) {
    belonging = Optional.of(now);
  }

  private final class Beside implements Engine.Beside {
    @Override
    public Bytes numbers() {
      return new KeptNumbers(
              version(),
              revision,
              logTimeMillis,
              history.numbers(),
              history.sizeBytes(),
              rowsHash,
              keys,
              liveBytes,
              hash(),
              belonging)
          .encode();
    }

    @Override
    public Bytes sessionChanges() {
      return once.changes().bytes();
    }

    @Override
    public Bytes sessions() {
      return KeptSessions.encode(once.sessions());
    }
  }

  // ----

  @Override
  public long logTimeMillis() {
    return logTimeMillis;
  }

  /** The revision of the last write; 1 before the first. */
  public long revision() {
    return revision;
  }

  /** How many keys there are. */
  public long keys() {
    return keys;
  }

  /** Reads at revisions below it are refused; 1 if nothing was compacted. */
  public long compacted() {
    return history.numbers().compacted();
  }

  /** About how many bytes of memory or disk earlier revisions take. */
  public long historyBytes() {
    return history.sizeBytes();
  }

  /** Whether there is something that a compaction freed and that is still held. */
  public boolean sweeps() {
    return !history.isSwept();
  }

  /**
   * Removes some of what a compaction freed, for some microseconds; false if there is nothing left.
   * Applying does this too; it is for times when nothing is applied.
   */
  public boolean sweepSome() {
    if (history.isSwept()) {
      return false;
    }
    history.sweep(SWEEP_CHANGES);
    commit(applied());
    return true;
  }

  /** How many bytes all keys and values have. */
  public long liveBytes() {
    return liveBytes;
  }

  /** How many sessions are open. */
  public int sessions() {
    return once.sessions().count();
  }

  /** The value of a key: a view that never changes; it keeps the row in memory while it is held. */
  public Optional<Bytes> get(Bytes key) {
    return engine.get(key).map(RowFormat::value);
  }

  /** A key with its value and revisions. */
  public Optional<Row> row(Bytes key) {
    return engine.get(key).map(row -> RowFormat.row(key, row));
  }

  /** A key with its value and revisions, as it was at a revision. */
  public Optional<Row> row(Bytes key, long at) throws RevisionUnavailableException {
    RevisionUnavailableException.check(at, compacted(), revision);
    try (RowsAt rows = engine.rowsAt(at, key)) {
      return Objects.equals(rows.nextKey(), key) && rows.step()
          ? Optional.of(RowFormat.row(key, rows.row()))
          : Optional.empty();
    }
  }

  /**
   * Reads some of a range, in order. Takes about as long as {@code mostSteps} keys do.
   *
   * @throws RevisionUnavailableException if the range's revision was compacted, or is to come
   */
  public RangeRead range(Range range, int mostSteps) throws RevisionUnavailableException {
    long at = range.revision().orElse(revision);
    RevisionUnavailableException.check(at, compacted(), revision);
    try (RowsAt rows = engine.rowsAt(at, range.from())) {
      return RangeReader.read(range, rows, at, mostSteps);
    }
  }

  private void checkNext(Slot slot) {
    Check.that(slot.equals(applied().next()), "slot %s is not the next after %s", slot, applied());
  }

  private void begin() {
    writing = revision + 1;
    place = 0;
  }

  private void end() {
    if (place > 0) {
      revision = writing;
    }
  }

  private void put(Bytes key, Bytes value) {
    Optional<Bytes> before = engine.get(key);
    long created = writing;
    long version = 1;
    if (before.isPresent()) {
      Bytes row = before.get();
      created = RowFormat.createRevision(row);
      version = RowFormat.version(row) + 1;
      rowsHash -= RowFormat.hash(row);
      liveBytes -= RowFormat.valueSizeBytes(row);
    } else {
      liveBytes += key.size();
      keys++;
    }
    Engine.Change change = history.add(writing, place++, key, before);
    engine.put(change, rowFormat.encode(key, value, created, writing, version));
    rowsHash += rowFormat.encodedHash();
    liveBytes += value.size();
  }

  private void delete(Bytes key) {
    Optional<Bytes> before = engine.get(key);
    if (before.isEmpty()) {
      return;
    }
    rowsHash -= RowFormat.hash(before.get());
    liveBytes -= key.size() + RowFormat.valueSizeBytes(before.get());
    keys--;
    engine.delete(history.add(writing, place++, key, before));
  }

  /** Compacts; returns what came of it. */
  private long compact(long at) {
    if (at <= compacted()) {
      return Session.ALREADY_COMPACTED;
    }
    if (at > revision) {
      return Session.FUTURE_REVISION;
    }
    history.compact(at);
    return revision;
  }

  /** Applies the commands of one batch after the other. */
  private final class Applier implements CommandFormat.Visitor, CommandFormat.ChangeVisitor {
    @Override
    public void onOpenSession(ServerId server, UUID run) {
      once.onOpenSession(server, run);
    }

    @Override
    public void onPut(long session, long sequence, long lowestOpen, Bytes key, Bytes value) {
      Session open = once.openFor(session, sequence, lowestOpen);
      if (open != null) {
        begin();
        put(key, value);
        end();
        once.done(open, sequence, revision);
      }
    }

    @Override
    public void onDelete(long session, long sequence, long lowestOpen, Bytes key) {
      Session open = once.openFor(session, sequence, lowestOpen);
      if (open != null) {
        begin();
        delete(key);
        end();
        once.done(open, sequence, revision);
      }
    }

    @Override
    public void onWrites(long session, long sequence, long lowestOpen, Bytes changes) {
      Session open = once.openFor(session, sequence, lowestOpen);
      if (open != null) {
        begin();
        CommandFormat.visitChanges(changes, this);
        end();
        once.done(open, sequence, revision);
      }
    }

    @Override
    public void onPut(Bytes key, Bytes value) {
      put(key, value);
    }

    @Override
    public void onDelete(Bytes key) {
      delete(key);
    }

    @Override
    public void onCompact(long session, long sequence, long lowestOpen, long at) {
      Session open = once.openFor(session, sequence, lowestOpen);
      if (open != null) {
        once.done(open, sequence, compact(at));
      }
    }
  }
}
