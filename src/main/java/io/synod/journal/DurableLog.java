package io.synod.journal;

import io.synod.paxos.JournalRecord;
import java.util.List;

/** What the driver asks of the journal. Driver thread only; nothing here blocks. */
public interface DurableLog {

  /**
   * Hands records over to be written: soon after {@link #requestSync}, or within a moment with what
   * comes after them.
   *
   * @return the position after them: how many records were handed over since the process started
   */
  long append(List<JournalRecord> records);

  /** Somebody waits until all that was handed over is durable. */
  void requestSync();

  /** The position up to which every record is durable; never goes back. */
  long durable();

  /** The age of the oldest record that still waits for its sync; 0 when none waits. */
  long syncAgeNanos(long nowNanos);

  /**
   * How many bytes could still be written to the disk, a moment ago; {@link Long#MAX_VALUE} if
   * there is no disk, or nobody has looked yet.
   */
  long freeBytes();
}
