package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;

/**
 * What the log's commands are applied to: deterministic, so that every server that has applied the
 * same slots holds the same state. No clock and no randomness; time, where it matters, comes from
 * the log. Confined to the driver's thread, but for the writing and reading of snapshots, which is
 * off it.
 */
public interface StateMachine {

  /** The slot up to which everything is applied. */
  Slot applied();

  /**
   * Applies a slot that decided a batch. Slots come in order, without a gap.
   *
   * @param results told the result of each command, in the batch's order, before this returns
   * @throws IllegalArgumentException if the bytes are not commands of a version this server knows
   */
  void apply(Slot slot, Bytes commands, Results results);

  /** Notes that a slot decided something else than commands. */
  void skip(Slot slot);

  /** Who is told what came of each command. */
  interface Results {
    void result(long session, long sequence, Result result);
  }
}
