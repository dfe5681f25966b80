package io.synod.node;

import io.synod.node.ClientRequest.Operation;
import io.synod.store.KeyValueStore;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How much the store may hold. Asked by the server that a client gave a write to, before the write
 * is proposed, and by what that server has applied: what is in the log is applied whatever the
 * quota, so that servers cannot differ. What is under way may exceed it by the size of the queues.
 * Driver thread only.
 */
final class Quota {
  /** What a key takes besides its bytes and its value's, about. */
  static final int KEY_BYTES = 128;

  private static final long WARNING_PERCENT = 80;
  private static final long CALM_PERCENT = 70;

  private final long limitBytes;
  private final KeyValueStore store;
  private final Consumer<String> report;
  private boolean warned;
  private boolean full;

  /**
   * @param report told when it gets full and when it is not any more
   */
  Quota(long limitBytes, KeyValueStore store, Consumer<String> report) {
    this.limitBytes = limitBytes;
    this.store = store;
    this.report = report;
  }

  long limitBytes() {
    return limitBytes;
  }

  private long usedBytes() {
    return store.liveBytes() + KEY_BYTES * store.keys();
  }

  /** Why a write is refused; deletes and compactions never are. */
  Optional<String> refusal(Operation operation) {
    if (!(operation instanceof Operation.Put put)) {
      return Optional.empty();
    }
    long more = (long) put.key().size() + put.value().size() + KEY_BYTES;
    return usedBytes() + more <= limitBytes
        ? Optional.empty()
        : Optional.of(
            "the store is full: "
                + figures()
                + "; delete keys, or raise quota_mib on all servers; writes go on by themselves"
                + " when there is room");
  }

  private String figures() {
    return String.format(
        Locale.ROOT,
        "%d keys of %d bytes, counted as %d of %d bytes",
        store.keys(),
        store.liveBytes(),
        usedBytes(),
        limitBytes);
  }

  /** Says, once, that it is getting full, is full, or has room again. */
  void check() {
    long percent = usedBytes() * 100 / limitBytes;
    if (!full && percent >= 100) {
      full = true;
      warned = true;
      report.accept("the quota is reached, puts are refused: " + figures());
    } else if (full && percent < 100) {
      full = false;
      report.accept("puts are taken again: " + figures());
    } else if (!warned && percent >= WARNING_PERCENT) {
      warned = true;
      report.accept("the store is " + percent + " % full: " + figures());
    }
    warned &= percent >= CALM_PERCENT;
  }
}
