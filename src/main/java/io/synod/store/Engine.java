package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows are, as they are now and as they were before each change that is kept: changed as
 * one, with consistent views and the slot up to which they are applied. To the engine a row is
 * bytes, never none; {@link KeyValueStore} knows what is in it.
 *
 * <p>Confined to the driver's thread, but for views and loaders, which are used by one thread at a
 * time, whichever it is. All of it may throw {@link EngineFailedException} if there are files.
 */
interface Engine {

  /** The slot of the last {@link #commit}; {@link Slot#ZERO} before the first. */
  Slot applied();

  /**
   * A change of a key, one of those that a revision made. A revision changes a key only once.
   *
   * @param place in the revision, from 0
   * @param hashBefore the sum of the hashes of all rows that were ended by what came before
   * @param before the row that it ended; empty if there was none
   */
  record Change(long revision, int place, long hashBefore, Bytes key, Optional<Bytes> before) {}

  /** The row of a key: bytes that never change and may be kept. */
  Optional<Bytes> get(Bytes key);

  /** Sets a row, and keeps the change, the newest so far. Copies both. Reads see it at once. */
  void put(Change change, ByteBuffer row);

  /** Removes the row that was there, and keeps the change, like {@link #put}. */
  void delete(Change change);

  /**
   * Removes the oldest change that is kept, of a revision up to {@code last}: from now on nobody
   * reads at a revision below. The keys' rows as they are now stay.
   *
   * @return what was removed, good until the next change; empty if there is no such change
   */
  Optional<Change> removeOldest(long last);

  /**
   * Ends the changes of a slot. An engine with files of its own keeps them, the slot and what is
   * beside them durably as one, together with all before and whenever it likes (protocol-rules.md,
   * 7).
   */
  void commit(Slot slot, Beside beside);

  /** The first change that a revision above {@code revision} made, of those that are kept. */
  Optional<Change> firstChangeAfter(long revision);

  /**
   * The rows as they were at a revision after which no change was removed, from {@code from} on in
   * order, until the next change. Not between a change and its commit.
   */
  RowsAt rowsAt(long revision, Bytes from);

  /** The rows as they are after the last commit, unaffected by what comes after; quick to get. */
  View view();

  /** A new set of rows, built beside the present ones. */
  Loader loader();

  /**
   * About how much of the disk {@link #loader} takes for a snapshot of so many bytes, while the
   * present rows are there too; 0 if it takes none.
   */
  long loadBytes(long snapshotBytes);

  /**
   * Puts what was loaded in the place of all rows; quick. The loader is not used again. The commit
   * that follows says of which slot it is.
   */
  void replaceBy(Loader loaded);

  // ---- of engines with files of their own

  /** Whether it has files of its own, so that its rows outlive the process. */
  boolean keeps();

  /** What is kept beside the rows; empty if nothing was ever committed, or nothing is kept. */
  Optional<Kept> kept();

  /**
   * Makes all that is committed durable. Any thread; blocks for the disk.
   *
   * @return a slot up to which everything is durable now
   */
  Slot flush() throws IOException;

  /**
   * Reads all that is kept, as it is now. Any thread; blocks for the disk, for long.
   *
   * @param pace told after each piece about how many bytes were read; may wait
   * @return what is damaged; empty if nothing is
   */
  Optional<String> scrub(LongConsumer pace);

  /** Databases that were set aside as damaged. Any thread; blocks for the disk. */
  SetAside setAside();

  /** What is kept is wrong: the next start is to throw it away. Any thread; blocks for the disk. */
  void distrust(String why) throws IOException;

  /** Makes all durable and lets go of the files. Views and loaders fail from here on. */
  void close();

  /** What the machine holds beside rows. An engine that keeps nothing does not ask for it. */
  interface Beside {
    /** All numbers: small. */
    Bytes numbers();

    /** What became of sessions since the commit before: no bytes if nothing did. */
    Bytes sessionChanges();

    /** All sessions, with those changes. */
    Bytes sessions();
  }

  /**
   * What was committed beside the rows.
   *
   * @param numbers of the last commit
   * @param sessions of some commit, and {@code sessionChanges} of all since, in order
   */
  record Kept(Bytes numbers, Bytes sessions, List<Bytes> sessionChanges) {}

  /** Rows in order of their keys. */
  interface Rows {
    /** Goes to the next row; false if there is none. */
    boolean next();

    /** The key of this row: bytes that never change. */
    Bytes key();

    /** This row: bytes that never change. */
    Bytes row();

    /**
     * What is there.
     *
     * @throws IllegalStateException if nothing is, before the first row or behind the last
     */
    static Bytes present(@Nullable Bytes bytes) {
      if (bytes == null) {
        throw new IllegalStateException("not at a row");
      }
      return bytes;
    }
  }

  /** Rows and changes at one moment. Holds memory until it is closed or forgotten. */
  interface View extends AutoCloseable {
    /** All rows, each time anew. */
    Rows rows();

    /** The changes that revisions above {@code revision} made, in order. */
    Iterator<Change> changesAfter(long revision);

    @Override
    void close();
  }

  /** Takes all rows, and then all changes. */
  interface Loader {
    /**
     * Adds a row. Copies what it keeps.
     *
     * @throws IllegalArgumentException if the key is not above the one before
     */
    void add(Bytes key, ByteBuffer row);

    /**
     * Adds a change. Copies what it keeps.
     *
     * @throws IllegalArgumentException if it is not behind the one before
     */
    void add(Change change);

    /**
     * Lets go of what was loaded: it will not be installed, and the loader is not used again. May
     * block for the disk.
     *
     * @throws IOException if it stays until the next start
     */
    void abandon() throws IOException;
  }
}
