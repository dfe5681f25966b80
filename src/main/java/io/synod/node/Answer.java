package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.store.RangeRead;

/** What a client gets. */
public sealed interface Answer {

  /** A write is chosen, applied, and durable on a quorum. */
  record Written(long revision) implements Answer {}

  /** A key's value, and the slot up to which this server had applied. */
  record Found(Bytes value, Slot applied) implements Answer {}

  /** The key is absent. */
  record NotFound(Slot applied) implements Answer {}

  /** Rows of a range, or their number, and the slot up to which this server had applied. */
  record Rows(RangeRead read, Slot applied) implements Answer {}

  /**
   * A read or a compaction at a revision that cannot be had.
   *
   * @param compacted whether history begins behind it; false: it is not written yet
   */
  record RevisionUnavailable(boolean compacted, String why) implements Answer {}

  /** A write for which there is no room, or none in the quota; it was never proposed. */
  record Exhausted(String why) implements Answer {}

  /**
   * No answer from a quorum in time.
   *
   * @param unknown whether the write may still take effect, or did; false: it never will
   */
  record Unavailable(boolean unknown, String why) implements Answer {}
}
