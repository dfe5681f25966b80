package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Change;
import java.util.ArrayDeque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The changes that are kept of one generation, those of the batch under way included. Driver's
 * thread only.
 */
final class RocksChanges {
  static final byte[] NOTHING_REMOVED = RocksFormat.changeKey(0, 0);

  /** How much is read ahead of what is removed. */
  private static final int AHEAD_CHANGES = 256;

  private static final long AHEAD_BYTES = 1 << 20;

  private final RocksDatabase database;
  private final RocksGeneration generation;
  private final RocksBatch batch;

  /** Made by the batch under way, oldest first. */
  private final ArrayDeque<Change> pending = new ArrayDeque<>();

  /** The oldest, read in advance: all of them are in the database. */
  private final ArrayDeque<Change> oldest = new ArrayDeque<>();

  /** The key of the last change that was removed: what is before it is not looked at again. */
  private byte[] removed;

  private long newestRevision;

  RocksChanges(
      RocksDatabase database, RocksGeneration generation, RocksBatch batch, byte[] removed) {
    this.database = database;
    this.generation = generation;
    this.batch = batch;
    this.removed = removed;
    try (RocksCursor last = RocksCursor.ofChanges(database, generation, database.reading())) {
      last.seekToLast();
      byte[] key = last.key();
      newestRevision = key == null ? 0 : RocksFormat.change(key, last.value()).revision();
    }
  }

  RocksGeneration generation() {
    return generation;
  }

  /** The revision of the newest change so far; of one that is not kept any more, perhaps. */
  long newestRevision() {
    return newestRevision;
  }

  byte[] removed() {
    return removed;
  }

  void add(Change change) {
    write(batch, generation, change);
    pending.add(change);
    newestRevision = change.revision();
  }

  static void write(RocksBatch to, RocksGeneration generation, Change change) {
    byte[] key = RocksFormat.changeKey(change.revision(), change.place());
    to.put(generation.changes(), key, RocksFormat.changeValue(change));
    byte[] index = RocksFormat.indexKey(change.key(), change.revision());
    to.put(generation.index(), index, RocksFormat.place(change.place()));
  }

  /** The batch was written. */
  void onCommitted() {
    pending.clear();
  }

  Optional<Change> removeOldest(long last) {
    if (oldest.isEmpty()) {
      readOldest();
    }
    ArrayDeque<Change> from = oldest.isEmpty() ? pending : oldest;
    Change first = from.peek();
    if (first == null || first.revision() > last) {
      return Optional.empty();
    }
    from.remove();
    removed = RocksFormat.changeKey(first.revision(), first.place());
    batch.delete(generation.changes(), removed);
    batch.delete(generation.index(), RocksFormat.indexKey(first.key(), first.revision()));
    return Optional.of(first);
  }

  private void readOldest() {
    try (RocksCursor at = RocksCursor.ofChanges(database, generation, database.reading())) {
      at.seek(RocksFormat.behind(removed));
      long sizeBytes = 0;
      byte[] key = at.key();
      while (key != null && oldest.size() < AHEAD_CHANGES && sizeBytes < AHEAD_BYTES) {
        byte[] value = at.value();
        sizeBytes += value.length;
        oldest.add(RocksFormat.change(key, value));
        at.next();
        key = at.key();
      }
    }
  }

  Optional<Change> firstAfter(long revision) {
    byte[] from = RocksFormat.changeKey(revision + 1, 0);
    byte[] left = RocksFormat.behind(removed);
    try (RocksCursor at = RocksCursor.ofChanges(database, generation, database.reading())) {
      at.seek(Bytes.wrap(from).compareTo(Bytes.wrap(left)) < 0 ? left : from);
      byte[] key = at.key();
      if (key != null) {
        return Optional.of(RocksFormat.change(key, at.value()));
      }
    }
    return pending.stream().filter(change -> change.revision() > revision).findFirst();
  }

  /** A change that is in the database. */
  Change get(long revision, int place) {
    byte[] key = RocksFormat.changeKey(revision, place);
    byte @Nullable [] value =
        database.call("read", db -> db.get(generation.changes(), database.reading(), key));
    if (value == null) {
      throw new EngineFailedException("the change of revision " + revision + " is gone");
    }
    return RocksFormat.change(key, value);
  }

  RocksCursor rows() {
    return RocksCursor.ofRows(database, generation, database.reading());
  }

  RocksCursor index() {
    return RocksCursor.ofIndex(database, generation, database.reading());
  }
}
