package io.synod.paxos;

import java.util.Optional;

/**
 * What a server must not forget. Written in order; recovery replays them in order. One that is not
 * durable may be lost with all that follow it.
 */
public sealed interface JournalRecord {

  /** Whether it is to be durable soon, though no message waits for it. */
  default boolean needsSync() {
    return true;
  }

  /** A founding written down, not opened: replaces an earlier one that was not opened. */
  record FoundingPrepared(Founding founding) implements JournalRecord {}

  /** The founding is in force. */
  record FoundingInForce(Founding founding) implements JournalRecord {}

  /**
   * Nothing below this ballot is accepted any more. Also kept outside the log, in two copies
   * (protocol-rules.md, 3).
   */
  record Promised(Ballot ballot) implements JournalRecord {}

  /** This server took this ballot for itself and never takes it again (protocol-rules.md, 20). */
  record BallotTaken(Ballot ballot) implements JournalRecord {}

  /**
   * A value was accepted; raises the promise to its ballot. Supersedes what was accepted in the
   * slot before, and only there.
   */
  record ValueAccepted(AcceptedValue accepted) implements JournalRecord {}

  /**
   * All slots up to here are chosen, and what this log holds there are the chosen values. Not
   * binding: may be lost, and comes with each batch, a moment after it.
   */
  record ChosenUpTo(Slot slot) implements JournalRecord {
    @Override
    public boolean needsSync() {
      return false;
    }
  }

  /**
   * A durable snapshot covers all slots up to here: the log begins after it, and the journal may
   * drop what is before.
   */
  record Cut(Slot slot, MembershipInForce membership) implements JournalRecord {}

  /**
   * What another server was seen to have voted (protocol-rules.md, 12). Not binding: may be lost,
   * and is written only now and then.
   */
  record VotesNoted(PeerVotes seen) implements JournalRecord {}

  /**
   * A peer saw this life cast a vote that the directory does not hold: it must neither vote nor
   * campaign any more, and the next start begins a new life (protocol-rules.md, 12).
   */
  record VotesForgotten() implements JournalRecord {}

  /**
   * This life may have given leases of so many nanoseconds: after a start it votes for nobody
   * before so long has passed. Replaces what was said before, and is never less. Also kept outside
   * the log, in two copies.
   */
  record LeasesGiven(long longestNanos) implements JournalRecord {}

  /** What was accepted in these slots may be lost; replaces what was said before. Empty: over. */
  record Damage(Optional<SlotRange> unknown, Optional<SlotRange> torn) implements JournalRecord {}
}
