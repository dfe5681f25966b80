package io.synod.store;

import io.synod.paxos.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the rows as they were at a revision, in order of their keys, until the engine
 * changes. A step looks at one key; it may find that the key was not there then.
 */
interface RowsAt extends AutoCloseable {
  /** The key that the next step looks at; null: there is none. */
  @Nullable Bytes nextKey();

  /** Looks at {@link #nextKey}; whether it was there at the revision. */
  boolean step();

  /** The key that the last step looked at. */
  Bytes key();

  /** Its row, if it was there. */
  Bytes row();

  @Override
  void close();
}
