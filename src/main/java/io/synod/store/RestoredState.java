package io.synod.store;

import java.io.IOException;

/**
 * The state that a whole and verified snapshot holds, ready to be put in the place of another by
 * {@link KeyValueStore#install}.
 */
public final class RestoredState {
  private final SnapshotInfo info;
  private final Engine.Loader rows;
  private final long rowsHash;
  private final long historyBytes;
  private final Sessions sessions;

  RestoredState(
      SnapshotInfo info, Engine.Loader rows, long rowsHash, long historyBytes, Sessions sessions) {
    this.info = info;
    this.rows = rows;
    this.rowsHash = rowsHash;
    this.historyBytes = historyBytes;
    this.sessions = sessions;
  }

  /** What the snapshot is of. */
  public SnapshotInfo info() {
    return info;
  }

  /** Whether its rows are there; else only its file is, for the next start. */
  public boolean isLoaded() {
    return !(rows instanceof NoLoader);
  }

  /**
   * Lets go of it: it will not be installed. May block for the disk.
   *
   * @throws IOException if it stays until the next start
   */
  public void abandon() throws IOException {
    rows.abandon();
  }

  Engine.Loader rows() {
    return rows;
  }

  long rowsHash() {
    return rowsHash;
  }

  long historyBytes() {
    return historyBytes;
  }

  Sessions sessions() {
    return sessions;
  }
}
