package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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

  private final Engine engine;
  private final History history;
  private final RowFormat rowFormat = new RowFormat();
  private final Applier applier = new Applier();
  private Sessions sessions = new Sessions();
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

  private KeyValueStore(Engine engine) {
    this.engine = engine;
    this.history = new History(engine);
  }

  /** An empty store that holds its rows in memory. */
  public static KeyValueStore inMemory() {
    return new KeyValueStore(new HeapEngine());
  }

  @Override
  public Slot applied() {
    return engine.applied();
  }

  @Override
  public void apply(Slot slot, Bytes commands, Results results) {
    checkNext(slot);
    CommandFormat.checkBatch(commands);
    logTimeMillis = Math.max(logTimeMillis, CommandFormat.logTimeMillis(commands));
    applier.results = results;
    CommandFormat.visitBatch(commands, applier);
    history.sweep(1 + commands.size() / SWEEP_BYTES);
    engine.commit(slot);
  }

  @Override
  public void skip(Slot slot) {
    checkNext(slot);
    engine.commit(slot);
  }

  @Override
  public long hash() {
    return hash(Mix.mix(revision, logTimeMillis), rowsHash, history.numbers(), sessions);
  }

  /** The hash of a state from those of its parts. */
  static long hash(
      long numbersHash, long rowsHash, History.Numbers historyNumbers, Sessions sessions) {
    long rows = Mix.mix(rowsHash, historyNumbers.stateHash());
    return Mix.mix(Mix.mix(numbersHash, rows), sessions.hash());
  }

  /**
   * The state as it is now, to be written out elsewhere while this one goes on. Copies what
   * sessions remember, some microseconds each; quick, whatever the number of keys.
   */
  public StoreView view() {
    List<Session> open = new ArrayList<>();
    for (Session session : sessions.open()) {
      open.add(session.copy());
    }
    StoreView.Numbers numbers =
        new StoreView.Numbers(
            applied(),
            revision,
            logTimeMillis,
            history.numbers(),
            hash(),
            keys,
            liveBytes,
            sessions.count());
    return new StoreView(numbers, SnapshotFormat.sessions(sessions), open, engine.view());
  }

  /** Where a snapshot is read into; any thread. */
  Engine.Loader loader() {
    return engine.loader();
  }

  /**
   * Puts a snapshot in the place of the state, unless the state is as new already: false then.
   * Quick, whatever the number of keys.
   */
  public boolean install(RestoredState restored) {
    SnapshotInfo info = restored.info();
    if (!info.slot().isAfter(applied())) {
      return false;
    }
    engine.replaceBy(restored.rows(), info.slot());
    sessions = restored.sessions();
    revision = info.revision();
    logTimeMillis = info.logTimeMillis();
    liveBytes = info.liveBytes();
    keys = info.keys();
    rowsHash = restored.rowsHash();
    history.restore(info.history(), restored.historyBytes());
    Check.that(hash() == info.hash(), "a snapshot restored whole has its hash");
    return true;
  }

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
    engine.commit(applied());
    return true;
  }

  /** How many bytes all keys and values have. */
  public long liveBytes() {
    return liveBytes;
  }

  /** How many sessions are open. */
  public int sessions() {
    return sessions.count();
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
    checkReadable(at);
    RowsAt rows = engine.rowsAt(at, key);
    return Objects.equals(rows.nextKey(), key) && rows.step()
        ? Optional.of(RowFormat.row(key, rows.row()))
        : Optional.empty();
  }

  /**
   * Reads some of a range, in order. Takes about as long as {@code mostSteps} keys do.
   *
   * @throws RevisionUnavailableException if the range's revision was compacted, or is to come
   */
  public RangeRead range(Range range, int mostSteps) throws RevisionUnavailableException {
    long at = range.revision().orElse(revision);
    checkReadable(at);
    return RangeReader.read(range, engine.rowsAt(at, range.from()), at, mostSteps);
  }

  private void checkReadable(long at) throws RevisionUnavailableException {
    if (at < compacted()) {
      throw RevisionUnavailableException.compacted(at, compacted());
    }
    if (at > revision) {
      throw RevisionUnavailableException.future(at, revision);
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
    private Results results = (session, sequence, result) -> {};

    @Override
    public void onOpenSession(ServerId server, UUID run) {
      Optional<Session> opened = sessions.open(server, run);
      if (opened.isEmpty()) {
        results.result(0, 0, new Result.SessionRefused(server, run));
        return;
      }
      long session = opened.get().id();
      results.result(session, 0, new Result.SessionOpened(session, server, run));
    }

    @Override
    public void onPut(long session, long sequence, long lowestOpen, Bytes key, Bytes value) {
      Session open = openFor(session, sequence, lowestOpen);
      if (open != null) {
        begin();
        put(key, value);
        end();
        done(open, sequence, revision);
      }
    }

    @Override
    public void onDelete(long session, long sequence, long lowestOpen, Bytes key) {
      Session open = openFor(session, sequence, lowestOpen);
      if (open != null) {
        begin();
        delete(key);
        end();
        done(open, sequence, revision);
      }
    }

    @Override
    public void onWrites(long session, long sequence, long lowestOpen, Bytes changes) {
      Session open = openFor(session, sequence, lowestOpen);
      if (open != null) {
        begin();
        CommandFormat.visitChanges(changes, this);
        end();
        done(open, sequence, revision);
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
      Session open = openFor(session, sequence, lowestOpen);
      if (open != null) {
        done(open, sequence, compact(at));
      }
    }

    /** The session, if the command is to be applied; else its result is given. */
    private @Nullable Session openFor(long session, long sequence, long lowestOpen) {
      Session open = sessions.find(session);
      if (open == null) {
        results.result(session, sequence, new Result.SessionGone());
        return null;
      }
      open.closeBelow(lowestOpen);
      if (sequence < open.lowestOpen()) {
        results.result(session, sequence, new Result.GivenUp());
        return null;
      }
      if (!open.isInWindow(sequence)) {
        results.result(session, sequence, new Result.BeyondWindow());
        return null;
      }
      long remembered = open.remembered(sequence);
      if (remembered != Session.NOTHING) {
        results.result(session, sequence, Session.result(remembered));
        return null;
      }
      return open;
    }

    private void done(Session open, long sequence, long outcome) {
      open.remember(sequence, outcome);
      results.result(open.id(), sequence, Session.result(outcome));
    }
  }
}
