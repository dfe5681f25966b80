package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Where the rows are: an ordered map from bytes to bytes, with consistent views and the slot up to
 * which it is applied. To the engine a row is bytes; {@link KeyValueStore} knows what is in it.
 *
 * <p>Confined to the driver's thread, but for views and loaders, which are used by one thread at a
 * time, whichever it is.
 */
interface Engine {

  /** The slot of the last {@link #commit}; {@link Slot#ZERO} before the first. */
  Slot applied();

  /** How many keys there are. */
  long keys();

  /** The row of a key: bytes that never change and may be kept. */
  Optional<Bytes> get(Bytes key);

  /** Sets a row. Copies what it keeps. Reads see it at once. */
  void put(Bytes key, ByteBuffer row);

  /** Removes a row that is there. Reads see it at once. */
  void delete(Bytes key);

  /**
   * Ends the changes of a slot. An engine with files of its own keeps them and the slot durably as
   * one, together with all before and whenever it likes (protocol-rules.md, 7).
   */
  void commit(Slot slot);

  /** The rows as they are now, from {@code from} on in order, until the next change. */
  Rows rows(Bytes from);

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

    /** The key of this row: bytes that never change. */
    Bytes key();

    /** This row: bytes that never change. */
    Bytes row();
  }

  /** The rows at one moment. Holds memory until it is closed or forgotten. */
  interface View extends AutoCloseable {
    /** All of them, each time from the first. */
    Rows rows();

    @Override
    void close();
  }

  /** Takes rows in ascending order of their keys. */
  interface Loader {
    /**
     * Adds a row. Copies what it keeps.
     *
     * @throws IllegalArgumentException if the key is not above the one before
     */
    void add(Bytes key, ByteBuffer row);
  }
}
