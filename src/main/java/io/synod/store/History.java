package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Space;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What keys were at earlier revisions. A compaction takes effect at once for readers and for the
 * state's hash; the rows that it frees are removed by and by, in {@link #sweep}, of which nothing
 * depends but memory: servers need not agree on how far they are. Driver's thread only.
 */
final class History {
  private final Engine engine;
  private Numbers numbers = Numbers.NONE;

  /** No row ended at or below this revision is held any more. Not part of the state. */
  private long sweptTo = Numbers.NONE.compacted();

  private long sizeBytes;

  /**
   * The part of the state that is not rows.
   *
   * @param compacted reads at revisions below it are refused
   * @param hash the sum of the hashes of all rows that were ever ended
   * @param compactedHash of those that ended at {@code compacted} or before
   */
  record Numbers(long compacted, long hash, long compactedHash) {
    static final Numbers NONE = new Numbers(1, 0, 0);

    /** The hash of all that can be read. */
    long stateHash() {
      return Mix.mix(hash - compactedHash, compacted);
    }
  }

  History(Engine engine) {
    this.engine = engine;
  }

  Numbers numbers() {
    return numbers;
  }

  /** About how many bytes of memory or disk what is kept takes. */
  long sizeBytes() {
    return sizeBytes;
  }

  /** Begins with what an engine or a snapshot holds. */
  void restore(Numbers restored, long restoredBytes) {
    numbers = restored;
    sizeBytes = restoredBytes;
    Engine.Rows first = engine.rows(Space.REVISIONS, Bytes.EMPTY);
    sweptTo = restored.compacted();
    if (first.next()) {
      sweptTo = Math.min(sweptTo, HistoryFormat.revision(first.key()) - 1);
    }
  }

  /** A key changed, at this place of this revision; {@code before}: the row it had, if any. */
  void add(long revision, int place, Bytes key, Optional<Bytes> before) {
    engine.put(
        Space.REVISIONS,
        HistoryFormat.revisionKey(revision, place),
        HistoryFormat.revisionRow(numbers.hash(), key));
    sizeBytes += revisionBytes(key);
    if (before.isPresent()) {
      Bytes row = before.get();
      engine.put(Space.HISTORY, HistoryFormat.key(key, revision), row.asByteBuffer());
      sizeBytes += rowBytes(key, row);
      numbers =
          new Numbers(
              numbers.compacted(),
              numbers.hash() + HistoryFormat.hash(row, revision),
              numbers.compactedHash());
    }
  }

  /**
   * From now on there is nothing to read below {@code compacted}, which is not above the newest.
   */
  void compact(long compacted) {
    Engine.Rows next = engine.rows(Space.REVISIONS, HistoryFormat.revisionKey(compacted + 1, 0));
    long hash = next.next() ? HistoryFormat.hashBefore(next.row()) : numbers.hash();
    numbers = new Numbers(compacted, numbers.hash(), hash);
  }

  boolean isSwept() {
    return sweptTo >= numbers.compacted();
  }

  /** Removes up to {@code most} changes with the rows that a compaction freed. */
  void sweep(int most) {
    if (isSwept()) {
      return;
    }
    List<Bytes> revisions = new ArrayList<>();
    List<Bytes> keys = new ArrayList<>();
    boolean atEnd = true;
    Engine.Rows rows = engine.rows(Space.REVISIONS, Bytes.EMPTY);
    while (rows.next() && HistoryFormat.revision(rows.key()) <= numbers.compacted()) {
      if (revisions.size() == most) {
        atEnd = false;
        break;
      }
      revisions.add(rows.key());
      keys.add(HistoryFormat.changedKey(rows.row()));
    }
    for (int i = 0; i < revisions.size(); i++) {
      remove(revisions.get(i), keys.get(i));
    }
    if (atEnd) {
      sweptTo = numbers.compacted();
    }
  }

  private void remove(Bytes revisionKey, Bytes key) {
    engine.delete(Space.REVISIONS, revisionKey);
    sizeBytes -= revisionBytes(key);
    Bytes historyKey = HistoryFormat.key(key, HistoryFormat.revision(revisionKey));
    Optional<Bytes> row = engine.get(Space.HISTORY, historyKey);
    if (row.isPresent()) {
      sizeBytes -= rowBytes(key, row.get());
      engine.delete(Space.HISTORY, historyKey);
    }
  }

  static long revisionBytes(Bytes key) {
    return 20L + key.size();
  }

  static long rowBytes(Bytes key, Bytes row) {
    return 10L + key.size() + row.size();
  }
}
