package io.synod.store;

import io.synod.paxos.Bytes;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Of the rows and of the index of changes, in which a key may be that has no row now. */
final class RocksRowsAt implements RowsAt {
  private final RocksChanges changes;
  private final long revision;
  private final RocksCursor rows;

  /** None if the rows are as they were then. */
  private final @Nullable RocksCursor index;

  private @Nullable Bytes key;
  private @Nullable Bytes row;

  RocksRowsAt(RocksChanges changes, long revision, Bytes from) {
    this.changes = changes;
    this.revision = revision;
    rows = changes.rows();
    rows.seek(from.toArray());
    if (revision >= changes.newestRevision()) {
      index = null;
    } else {
      index = changes.index();
      index.seek(RocksFormat.indexFrom(from));
    }
  }

  private static @Nullable Bytes keyOf(RocksCursor rows) {
    byte[] key = rows.key();
    return key == null ? null : Bytes.wrap(key);
  }

  private @Nullable Bytes nextIndexed() {
    return index == null ? null : RocksFormat.indexedKey(index.key());
  }

  @Override
  public @Nullable Bytes nextKey() {
    Bytes one = keyOf(rows);
    Bytes other = nextIndexed();
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.compareTo(other) < 0 ? one : other;
  }

  @Override
  public boolean step() {
    Bytes next = nextKey();
    if (next == null) {
      throw new IllegalStateException("behind the last key");
    }
    Optional<Engine.Change> after = firstAfter(next);
    boolean isRow = Objects.equals(next, keyOf(rows));
    key = next;
    if (after.isPresent()) {
      row = after.get().before().orElse(null);
    } else {
      row = isRow ? RocksFormat.row(rows.value()) : null;
    }
    if (isRow) {
      rows.next();
    }
    return row != null;
  }

  /** The first change of the key after the revision; leaves the index behind the key. */
  private Optional<Engine.Change> firstAfter(Bytes sought) {
    RocksCursor at = index;
    if (at == null || !Objects.equals(sought, RocksFormat.indexedKey(at.key()))) {
      return Optional.empty();
    }
    at.seek(RocksFormat.indexKey(sought, revision + 1));
    byte[] found = at.key();
    if (found == null || !Objects.equals(sought, RocksFormat.indexedKey(found))) {
      return Optional.empty();
    }
    long changed = RocksFormat.indexedRevision(found);
    Engine.Change change = changes.get(changed, RocksFormat.place(at.value()));
    at.seek(RocksFormat.indexBehind(sought));
    return Optional.of(change);
  }

  @Override
  public Bytes key() {
    return Engine.Rows.present(key);
  }

  @Override
  public Bytes row() {
    return Engine.Rows.present(row);
  }

  @Override
  public void close() {
    rows.close();
    if (index != null) {
      index.close();
    }
  }
}
