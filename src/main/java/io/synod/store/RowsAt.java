package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Space;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the rows as they were at a revision, in order of their keys, until the engine
 * changes. A step looks at one key; it may find that the key was not there then.
 */
final class RowsAt {
  private final long revision;
  private final Engine.Rows keys;
  private final Engine.Rows history;
  private boolean atKey;
  private boolean atHistory;
  private @Nullable Bytes key;
  private @Nullable Bytes row;

  RowsAt(Engine engine, long revision, long newest, Bytes from) {
    this.revision = revision;
    this.keys = engine.rows(Space.KEYS, from);
    this.history = engine.rows(Space.HISTORY, HistoryFormat.first(from));
    this.atKey = keys.next();
    this.atHistory = revision < newest && history.next();
  }

  /** The key that the next step looks at; null: there is none. */
  @Nullable Bytes nextKey() {
    if (!atHistory) {
      return atKey ? keys.key() : null;
    }
    Bytes ended = HistoryFormat.userKey(history.key());
    return atKey && keys.key().compareTo(ended) < 0 ? keys.key() : ended;
  }

  /** Looks at {@link #nextKey}; whether it was there at the revision. */
  boolean step() {
    Bytes at = nextKey();
    if (at == null) {
      throw new IllegalStateException("behind the last key");
    }
    key = at;
    row = null;
    boolean found = atHistory && HistoryFormat.userKey(history.key()).equals(at) && ended(at);
    if (atKey && keys.key().equals(at)) {
      if (!found) {
        take(keys.row());
      }
      atKey = keys.next();
    }
    return row != null;
  }

  /** Looks for the row that ended next after the revision: if there is one, it decides. */
  private boolean ended(Bytes at) {
    boolean found = false;
    if (HistoryFormat.ended(history.key()) <= revision) {
      atHistory = history.seek(HistoryFormat.key(at, revision + 1));
    }
    if (atHistory && HistoryFormat.userKey(history.key()).equals(at)) {
      found = true;
      take(history.row());
      atHistory = history.seek(HistoryFormat.behind(at));
    }
    return found;
  }

  private void take(Bytes candidate) {
    if (RowFormat.modRevision(candidate) <= revision) {
      row = candidate;
    }
  }

  /** The key that the last step looked at. */
  Bytes key() {
    return present(key);
  }

  /** Its row, if it was there. */
  Bytes row() {
    return present(row);
  }

  private static Bytes present(@Nullable Bytes bytes) {
    if (bytes == null) {
      throw new IllegalStateException("not at a row");
    }
    return bytes;
  }
}
