package io.synod.store;

import io.synod.paxos.Bytes;
import org.jspecify.annotations.Nullable;

/** Sees to it that a loader is given rows and changes in order. One thread at a time. */
final class LoadOrder {
  private @Nullable Bytes lastKey;
  private long lastRevision;
  private int lastPlace;

  /**
   * A row comes.
   *
   * @throws IllegalArgumentException if its key is not behind the one before
   */
  void check(Bytes key) {
    Bytes before = lastKey;
    if (before != null && key.compareTo(before) <= 0) {
      throw new IllegalArgumentException("key " + key + " after " + before);
    }
  }

  /** The key of the row that came, in bytes of the loader's own. */
  void onAdded(Bytes key) {
    lastKey = key;
  }

  /**
   * A change comes.
   *
   * @throws IllegalArgumentException if it is not behind the one before
   */
  void add(Engine.Change change) {
    boolean behind =
        change.revision() > lastRevision
            || (change.revision() == lastRevision && change.place() > lastPlace);
    if (!behind) {
      throw new IllegalArgumentException(
          "a change of revision " + change.revision() + " behind one of " + lastRevision);
    }
    lastRevision = change.revision();
    lastPlace = change.place();
  }
}
