package io.synod.journal;

import io.synod.paxos.JournalRecord;
import java.util.List;

/**
 * The journal of a server that keeps nothing: what is handed over counts as durable for as long as
 * the process lives, and its incarnation ends with it (protocol-rules.md, 24). The driver's.
 */
public final class MemoryLog implements DurableLog {
  private final Runnable onDurable;
  private long appended;

  /**
   * @param onDurable called by the driver after each append; it must not block
   */
  public MemoryLog(Runnable onDurable) {
    this.onDurable = onDurable;
  }

  @Override
  public long append(List<JournalRecord> records) {
    if (!records.isEmpty()) {
      appended += records.size();
      onDurable.run();
    }
    return appended;
  }

  @Override
  public void requestSync() {}

  @Override
  public long durable() {
    return appended;
  }

  @Override
  public long syncAgeNanos(long nowNanos) {
    return 0;
  }

  @Override
  public long freeBytes() {
    return Long.MAX_VALUE;
  }
}
