package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;

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
   * @throws IllegalArgumentException if the bytes are not commands of a version this server knows;
   *     nothing is applied then
   */
  void apply(Slot slot, Bytes commands, Results results);

  /**
   * Notes that a slot decided a version: from the next slot on it behaves by that, if it is higher
   * than the one before.
   *
   * @throws UnsupportedVersionException if it cannot; the slot is not applied then
   */
  void upgrade(Slot slot, Value.Version decided);

  /** Notes that a slot decided something that is nothing to the state. */
  void skip(Slot slot);

  /** The version by which it behaves after the last slot that is applied. */
  VersionInForce version();

  /** A hash of the state: equal on all servers that have applied the same slots. */
  long hash();

  /** The time of the last batch; never goes back. The next batch's time grows from it. */
  long logTimeMillis();

  /** Who is told what came of each command. */
  interface Results {
    /**
     * Told of one command.
     *
     * @param session of the command; for one that opens a session, the session, or 0 if none
     * @param sequence of the command; for one that opens a session, 0
     */
    void result(long session, long sequence, Result result);
  }
}
