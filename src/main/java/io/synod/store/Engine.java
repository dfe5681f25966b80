package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Where the rows are: a few ordered maps from bytes to bytes, changed as one, with consistent views
 * and the slot up to which they are applied. To the engine a row is bytes; {@link KeyValueStore}
 * knows what is in it.
 *
 * <p>Confined to the driver's thread, but for views and loaders, which are used by one thread at a
 * time, whichever it is.
 */
interface Engine {

  /** The slot of the last {@link #commit}; {@link Slot#ZERO} before the first. */
  Slot applied();

  /** The maps; numbers are part of what an engine writes to files, and never change. */
  enum Space {
    /** The rows as they are now, by key. */
    KEYS(1),
    /** Rows that were replaced or deleted, by {@link HistoryFormat#key}. */
    HISTORY(2),
    /** Which key each revision changed, by {@link HistoryFormat#revisionKey}. */
    REVISIONS(3),
    /** What else an engine with files of its own must keep together with the rows. */
    STATE(4);

    private final int number;

    Space(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }

    /** From 0, without a gap: for an array with an element for each. */
    int place() {
      return number - 1;
    }
  }

  /** The row of a key: bytes that never change and may be kept. */
  Optional<Bytes> get(Space space, Bytes key);

  /** Sets a row. Copies what it keeps. Reads see it at once. */
  void put(Space space, Bytes key, ByteBuffer row);

  /** Removes a row that is there. Reads see it at once. */
  void delete(Space space, Bytes key);

  /**
   * Ends the changes of a slot. An engine with files of its own keeps them and the slot durably as
   * one, together with all before and whenever it likes (protocol-rules.md, 7).
   */
  void commit(Slot slot);

  /** The rows as they are now, from {@code from} on in order, until the next change. */
  Rows rows(Space space, Bytes from);

  /** The rows as they are after the last commit, unaffected by what comes after; quick to get. */
  View view();

  /** A new set of rows, built beside the present ones. */
  Loader loader();

  /** Puts what was loaded in the place of all rows; quick. The loader is not used again. */
  void replaceBy(Loader loaded, Slot slot);

  /** Rows in order of their keys. */
  interface Rows {
    /** Goes to the next row; false if there is none. */
    boolean next();

    /** Goes to the first row whose key is not below {@code from}; false if there is none. */
    boolean seek(Bytes from);

    /** The key of this row: bytes that never change. */
    Bytes key();

    /** This row: bytes that never change. */
    Bytes row();
  }

  /** The rows at one moment. Holds memory until it is closed or forgotten. */
  interface View extends AutoCloseable {
    /** Those whose key is not below {@code from}, each time anew. */
    Rows rows(Space space, Bytes from);

    @Override
    void close();
  }

  /** Takes rows, those of each space in ascending order of their keys. */
  interface Loader {
    /**
     * Adds a row. Copies what it keeps.
     *
     * @throws IllegalArgumentException if the key is not above the one before
     */
    void add(Space space, Bytes key, ByteBuffer row);
  }
}
