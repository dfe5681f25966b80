package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The key-value state machine: rows with revisions on an engine, sessions with the results they
 * remember, and a hash over all of it that is kept up to date command by command.
 *
 * <p>A revision is the number of the state of all keys: 1 when nothing was ever written, and one
 * more with every put, and every delete of a key that is there.
 */
public final class KeyValueStore implements StateMachine {
  private final Engine engine;
  private final RowFormat rowFormat = new RowFormat();
  private final Applier applier = new Applier();
  private Sessions sessions = new Sessions();
  private long revision = 1;
  private long logTimeMillis;
  private long liveBytes;

  /** The sum of the hashes of all rows. */
  private long rowsHash;

  private KeyValueStore(Engine engine) {
    this.engine = engine;
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
    engine.commit(slot);
  }

  @Override
  public void skip(Slot slot) {
    checkNext(slot);
    engine.commit(slot);
  }

  @Override
  public long hash() {
    return hash(Mix.mix(revision, logTimeMillis), rowsHash, sessions);
  }

  /** The hash of a state from those of its parts. */
  static long hash(long numbersHash, long rowsHash, Sessions sessions) {
    return Mix.mix(Mix.mix(numbersHash, rowsHash), sessions.hash());
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
            applied(), revision, logTimeMillis, hash(), keys(), liveBytes, sessions.count());
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
    rowsHash = restored.rowsHash();
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
    return engine.keys();
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

  /**
   * Which keys to read.
   *
   * @param from the first
   * @param until the first not to read any more; empty: to the end
   * @param limitRows how many at most
   * @param limitBytes how many bytes of keys and values at most; the first row may exceed it
   */
  public record Range(Bytes from, Optional<Bytes> until, int limitRows, int limitBytes) {}

  /**
   * What is in a range.
   *
   * @param more whether there is more than the limits let through
   */
  public record RangeRead(List<Row> rows, boolean more) {}

  /** Reads a range in order. Takes as long as the rows it returns are many. */
  public RangeRead range(Range range) {
    List<Row> found = new ArrayList<>();
    long sizeBytes = 0;
    Engine.Rows rows = engine.rows(range.from());
    while (rows.next()) {
      Bytes key = rows.key();
      if (range.until().isPresent() && key.compareTo(range.until().get()) >= 0) {
        break;
      }
      Bytes row = rows.row();
      sizeBytes += key.size() + RowFormat.valueSizeBytes(row);
      if (found.size() >= range.limitRows()
          || (sizeBytes > range.limitBytes() && !found.isEmpty())) {
        return new RangeRead(found, true);
      }
      found.add(RowFormat.row(key, row));
    }
    return new RangeRead(found, false);
  }

  private void checkNext(Slot slot) {
    Check.that(slot.equals(applied().next()), "slot %s is not the next after %s", slot, applied());
  }

  private void put(Bytes key, Bytes value) {
    revision++;
    Optional<Bytes> before = engine.get(key);
    long created = revision;
    long version = 1;
    if (before.isPresent()) {
      Bytes row = before.get();
      created = RowFormat.createRevision(row);
      version = RowFormat.version(row) + 1;
      rowsHash -= RowFormat.hash(row);
      liveBytes -= RowFormat.valueSizeBytes(row);
    } else {
      liveBytes += key.size();
    }
    engine.put(key, rowFormat.encode(key, value, created, revision, version));
    rowsHash += rowFormat.encodedHash();
    liveBytes += value.size();
  }

  private void delete(Bytes key) {
    Optional<Bytes> before = engine.get(key);
    if (before.isEmpty()) {
      return;
    }
    revision++;
    rowsHash -= RowFormat.hash(before.get());
    liveBytes -= key.size() + RowFormat.valueSizeBytes(before.get());
    engine.delete(key);
  }

  /** Applies the commands of one batch after the other. */
  private final class Applier implements CommandFormat.Visitor {
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
        put(key, value);
        done(open, sequence);
      }
    }

    @Override
    public void onDelete(long session, long sequence, long lowestOpen, Bytes key) {
      Session open = openFor(session, sequence, lowestOpen);
      if (open != null) {
        delete(key);
        done(open, sequence);
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
        results.result(session, sequence, new Result.Done(remembered));
        return null;
      }
      return open;
    }

    private void done(Session open, long sequence) {
      open.remember(sequence, revision);
      results.result(open.id(), sequence, new Result.Done(revision));
    }
  }
}
