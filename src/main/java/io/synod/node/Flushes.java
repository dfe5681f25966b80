package io.synod.node;

import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;

/**
 * When a store that keeps files of its own makes them durable, so that the log can be cut: when so
 * many bytes were applied, whatever it holds, since a flush writes only what has changed. Driver
 * thread only; of a store without files it never asks for anything.
 */
final class Flushes {
  private static final long RETRY_NANOS = 500_000_000;

  private final KeyValueStore store;
  private final long everyBytes;
  private long appliedBytes;
  private boolean wanted;
  private boolean underWay;
  private long notBeforeNanos = Long.MIN_VALUE;
  private Slot durable;

  Flushes(KeyValueStore store, long everyBytes) {
    this.store = store;
    this.everyBytes = everyBytes;
    this.durable = store.keepsFiles() ? store.applied() : Slot.ZERO;
  }

  void onApplied(int sizeBytes) {
    appliedBytes += sizeBytes;
  }

  /** One is wanted soon, whatever was applied. */
  void want() {
    wanted = true;
  }

  /** Whether one is to begin now; if so, it has begun. */
  boolean begin(long nowNanos) {
    boolean due =
        store.keepsFiles()
            && !underWay
            && nowNanos >= notBeforeNanos
            && (wanted || appliedBytes > everyBytes);
    if (due) {
      underWay = true;
      wanted = false;
      appliedBytes = 0;
    }
    return due;
  }

  /** It is over: all up to this slot is durable. */
  void onFlushed(Slot slot) {
    underWay = false;
    durable = Slot.max(durable, slot);
  }

  /** It is over, and made nothing durable: the next one waits for a while. */
  void onFailed(long nowNanos) {
    underWay = false;
    notBeforeNanos = nowNanos + RETRY_NANOS;
  }

  /** The slot up to which the store's files are durable. */
  Slot durable() {
    return durable;
  }
}
