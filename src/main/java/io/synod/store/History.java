package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Change;
import java.util.Optional;

/**
 * What keys were at earlier revisions. A compaction takes effect at once for readers and for the
 * state's hash; the changes that it frees are removed by and by, in {@link #sweep}, of which
 * nothing depends but memory: servers need not agree on how far they are. Driver's thread only.
 */
final class History {
  private final Engine engine;
  private Numbers numbers = Numbers.NONE;

  /** No change at or below this revision is held any more. Not part of the state. */
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
    Optional<Change> first = engine.firstChangeAfter(0);
    sweptTo = restored.compacted();
    if (first.isPresent()) {
      sweptTo = Math.min(sweptTo, first.get().revision() - 1);
    }
  }

  /** A change that the engine is about to keep; {@code before}: the row that it ends, if any. */
  Change add(long revision, int place, Bytes key, Optional<Bytes> before) {
    Change change = new Change(revision, place, numbers.hash(), key, before);
    sizeBytes += ChangeLog.sizeBytes(change);
    if (before.isPresent()) {
      long hash = numbers.hash() + hash(before.get(), revision);
      numbers = new Numbers(numbers.compacted(), hash, numbers.compactedHash());
    }
    return change;
  }

  /** What a row that was ended adds to the hash of the history. */
  static long hash(Bytes row, long ended) {
    return Mix.mix(RowFormat.hash(row), ended);
  }

  /**
   * From now on there is nothing to read below {@code compacted}, which is not above the newest.
   */
  void compact(long compacted) {
    long hash = engine.firstChangeAfter(compacted).map(Change::hashBefore).orElse(numbers.hash());
    numbers = new Numbers(compacted, numbers.hash(), hash);
  }

  boolean isSwept() {
    return sweptTo >= numbers.compacted();
  }

  /** Removes up to {@code most} changes that a compaction freed. */
  void sweep(int most) {
    for (int i = 0; i < most && !isSwept(); i++) {
      Optional<Change> removed = engine.removeOldest(numbers.compacted());
      if (removed.isPresent()) {
        sizeBytes -= ChangeLog.sizeBytes(removed.get());
      } else {
        sweptTo = numbers.compacted();
      }
    }
  }
}
