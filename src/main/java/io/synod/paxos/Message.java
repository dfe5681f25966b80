package io.synod.paxos;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What servers say to each other. The sender's id and incarnation travel with each ({@link
 * Input.Received}); messages of another cluster never get here.
 *
 * <p>A {@link Binding} message commits its sender: it is a type of its own so that sending one
 * before its record is durable does not compile. Everything else may leave at once.
 */
public sealed interface Message {

  /**
   * Binds its sender beyond a crash: leaves only when all that was journaled before it is durable.
   */
  sealed interface Binding extends Message {}

  /** Leaves at once. */
  sealed interface Unbound extends Message {}

  // ---- the rounds
  // --------------------------------------------------------------------------------------------------------------

  /**
   * Every member to every member; the coordinator's carries how far the log is chosen.
   *
   * @param number grows with each round of this sender's pings; the Pong bears it. A read waits for
   *     a quorum of answers to a round that began after it arrived.
   * @param leaseNanos for how long the coordinator asks for a lease, if it does
   * @param held of a coordinator that acts at {@code standing.acting}: who may have to go on from
   *     what a witness holds has all up to here durably (rule 13); only where there is a witness
   */
  record Ping(
      long number,
      Standing standing,
      Optional<ChosenPrefix> chosen,
      OptionalLong leaseNanos,
      Optional<Slot> held)
      implements Unbound {
    /** One that asks for no lease, where there is no witness. */
    public Ping(long number, Standing standing, Optional<ChosenPrefix> chosen) {
      this(number, standing, chosen, OptionalLong.empty(), Optional.empty());
    }
  }

  /**
   * Answers a Ping. A vote for reads: confirms the pinger as coordinator unless {@code promised} is
   * above its ballot (rule 5).
   *
   * @param promised the highest ballot this acceptor promised
   * @param lastAccepted its last slot: for display and catch-up, never an acceptance
   */
  record Pong(long number, Standing standing, Ballot promised, Slot lastAccepted)
      implements Unbound {}

  /**
   * Asks for a promise for all slots from {@code from} on (phase 1a). Binding: the ballot is
   * durable before it leaves, so that it is never used again.
   *
   * @param from the first slot whose acceptance the candidate asks to be told; on a retransmission,
   *     the first it still lacks
   */
  record Prepare(Ballot ballot, Slot from) implements Binding {}

  /**
   * Promises to accept nothing below {@code ballot}, and reports what was accepted (phase 1b).
   * Large reports come in parts.
   *
   * @param chosen the acceptor's chosen prefix: slots up to it are fetched, never proposed (rule
   *     10)
   * @param cut its log begins after this slot
   * @param accepted consecutive slots from the later of the Prepare's {@code from} and {@code
   *     chosen} + 1; a part ends early when it reaches its size bound
   * @param last the last slot accepted; the report is whole when {@code accepted} reaches it
   * @param owned it may have voted up to here, though nothing of it is left: it does not forget
   *     what it owns up to (rule 12)
   * @param unknown slots whose acceptances may be lost to damage: never counted as "accepted
   *     nothing" (rule 3)
   * @param torn slots whose acceptances may have been cut off with a torn tail: count as nothing
   *     only when every voter has answered (rule 4)
   */
  record Promise(
      Ballot ballot,
      Slot chosen,
      Slot cut,
      List<AcceptedValue> accepted,
      Slot last,
      Slot owned,
      Optional<SlotRange> unknown,
      Optional<SlotRange> torn)
      implements Binding {}

  /** Refuses a Prepare or a Propose at {@code ballot} because a higher one is promised. */
  record Refused(Ballot ballot, Ballot promised) implements Unbound {}

  /**
   * Asks to accept consecutive slots (phase 2a), and informs.
   *
   * @param values for {@code first} and the slots after it, in order
   * @param chosen how far the log is chosen, at the same ballot
   */
  record Propose(Ballot ballot, Slot first, List<Value> values, Slot chosen) implements Unbound {}

  /** Has accepted, at this ballot, every slot up to {@code upTo} (phase 2b); cumulative. */
  record Accepted(Ballot ballot, Slot upTo) implements Binding {}

  /** A Propose came ahead of a gap: send again from {@code from} on. */
  record Missing(Ballot ballot, Slot from) implements Unbound {}

  /**
   * The coordinator at {@code ballot} gives it up, with nothing in flight, and asks the receiver to
   * campaign at once.
   */
  record TakeOver(Ballot ballot) implements Unbound {}

  /** How far the log is chosen, when there is no Propose or Ping to carry it. */
  record Inform(ChosenPrefix chosen) implements Unbound {}

  // ---- catch-up
  // ----------------------------------------------------------------------------------------------------------------

  /** Asks for chosen values from {@code from} on. */
  record Fetch(Slot from) implements Unbound {}

  /**
   * Chosen values, consecutive from the Fetch's {@code from}; empty when {@code cut} is at or after
   * it (a snapshot is needed), or when nothing is chosen there yet.
   *
   * @param cut the sender's log begins after this slot
   * @param chosen the sender's chosen prefix
   * @param atCut the membership in force at {@code cut}, if a snapshot is needed: a witness needs
   *     no more to begin there
   */
  record Fetched(
      Slot from,
      List<AcceptedValue> values,
      Slot cut,
      Slot chosen,
      Optional<MembershipInForce> atCut)
      implements Unbound {
    /** One that brings values. */
    public Fetched(Slot from, List<AcceptedValue> values, Slot cut, Slot chosen) {
      this(from, values, cut, chosen, Optional.empty());
    }
  }

  // ---- reads
  // -------------------------------------------------------------------------------------------------------------------

  /**
   * Asks the coordinator for a read point, for all reads now waiting at the sender.
   *
   * @param underLease whether its lease will do, if it holds
   */
  record ReadPointRequest(long id, boolean underLease) implements Unbound {}

  /**
   * Answers: reads that were waiting when the request left are linearizable once {@code point} is
   * applied.
   */
  record ReadPoint(long id, Slot point) implements Unbound {}

  /**
   * Gives the lease that the coordinator at {@code ballot} asked for with its Ping of this number:
   * for so long nothing is promised or accepted at a higher ballot. Binding: that leases are given
   * is durable, for the sender's next start.
   */
  record LeaseGiven(Ballot ballot, long number) implements Binding {}

  /**
   * The sender makes no use any more, nor ever will, of leases given to it at {@code ballot} for
   * its pings up to this number.
   */
  record LeaseReturned(Ballot ballot, long number) implements Unbound {}

  /** The receiver of a ReadPointRequest does not coordinate (any more). */
  record ReadPointRefused(long id) implements Unbound {}

  // ---- what was voted (protocol-rules.md, 12)
  // -------------------------------------------------------------------------------------

  /**
   * How far the sender's present life has voted, for the others to remember in case its directory
   * does not. Binding: all of it is durable.
   *
   * @param chosen how far it knows the log to be chosen: all up to here is in its durable log, or
   *     in the durable state that this was cut behind
   */
  record VotesCast(Votes votes, Slot chosen) implements Binding {}

  /** The sender has just started and asks what votes of its present life the receiver has seen. */
  record VotesSeenRequest() implements Unbound {}

  /**
   * Answers, and is sent unasked to one whose Promise shows that it forgot: the receiver's life
   * {@code incarnation} was seen to cast these votes.
   */
  record VotesSeen(Incarnation incarnation, Votes votes) implements Unbound {}

  // ---- founding
  // ----------------------------------------------------------------------------------------------------------------

  /**
   * What a server knows of its cluster's founding; each server that has not opened says it to all
   * in its list, and an open one answers it.
   *
   * @param listed the founding list's consensus addresses in order: lists that differ are refused
   *     with both shown
   * @param founding the founding it has durable, none if its directory is new
   * @param opened whether the founding is in force
   * @param witness whether the sender is to be a witness
   */
  record Meet(
      List<Address> listed,
      Address clientAddress,
      Optional<Founding> founding,
      boolean opened,
      boolean witness)
      implements Unbound {
    /** Of a server that is no witness. */
    public Meet(
        List<Address> listed, Address clientAddress, Optional<Founding> founding, boolean opened) {
      this(listed, clientAddress, founding, opened, /* witness= */ false);
    }
  }

  /** Asks to write this founding down. */
  record Found(Founding founding) implements Unbound {}

  /** This founding is durable here, and an earlier one that was not opened is withdrawn. */
  record FoundingSynced(ClusterId cluster) implements Binding {}

  /**
   * Every listed server has this founding durable; it is in force. Binding: the founder has it
   * journaled as opened first.
   */
  record FoundingOpened(Founding founding) implements Binding {}
}
