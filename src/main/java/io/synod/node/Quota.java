package io.synod.node;

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
  private static final long WARNING_PERCENT = 80;
  private static final long CALM_PERCENT = 70;

  /** This part of the quota has to be free again before that is said. */
  private static final long ROOM_SHARE = 100;

  private final long limitBytes;
  private final KeyValueStore store;
  private final Consumer<String> report;
  private boolean warned;
  private boolean full;

  /** What the least that was refused would have added, since it was last full; 0 if nothing was. */
  private long refusedBytes;

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
    return store.liveBytes() + KeyValueStore.KEY_BYTES * store.keys();
  }

  /**
   * Why a write that adds so many bytes of a key and a value is refused, if it is. What adds none
   * need not be asked about.
   */
  Optional<String> refusal(long growthBytes) {
    long more = growthBytes + KeyValueStore.KEY_BYTES;
    if (usedBytes() + more <= limitBytes) {
      return Optional.empty();
    }
    refusedBytes = refusedBytes == 0 ? more : Math.min(refusedBytes, more);
    return Optional.of("the store is full: " + words());
  }

  private String words() {
    return figures()
        + "; delete keys, or raise quota_mib on all servers; puts go on by themselves when there is"
        + " room";
  }

  private String figures() {
    return String.format(
        Locale.ROOT,
        "%,d keys of %,d bytes, counted as %,d of %,d bytes",
        store.keys(),
        store.liveBytes(),
        usedBytes(),
        limitBytes);
  }

  /** The figures and what to do, as long as it is full. */
  Optional<String> reached() {
    return full ? Optional.of(words()) : Optional.empty();
  }

  /** What a person should know: puts are refused, or soon will be. */
  Optional<String> warning() {
    if (full) {
      return Optional.of("the quota is reached, puts are refused: " + words());
    }
    return warned ? Optional.of(filling()) : Optional.empty();
  }

  private String filling() {
    return "the store is " + percent() + " % full: " + words();
  }

  private long percent() {
    return usedBytes() * 100 / limitBytes;
  }

  /** Says, once, that it is getting full, is full, or has room again. */
  void check() {
    long percent = percent();
    // What was refused would fit again, and some more: one key less and one more is no news.
    boolean hasRoom = usedBytes() + refusedBytes <= limitBytes - limitBytes / ROOM_SHARE;
    if (!full && (percent >= 100 || refusedBytes > 0)) {
      full = true;
      warned = true;
      report.accept("the quota is reached, puts are refused: " + words());
    } else if (full && hasRoom) {
      full = false;
      refusedBytes = 0;
      report.accept("puts are taken again: " + figures());
    } else if (!warned && percent >= WARNING_PERCENT) {
      warned = true;
      report.accept(filling());
    }
    warned &= percent >= CALM_PERCENT;
  }
}
