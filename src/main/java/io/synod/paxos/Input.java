package io.synod.paxos;

import java.util.List;
import java.util.Optional;

/** What can happen to a server, as the protocol sees it. */
public sealed interface Input {

  /**
   * Time went by.
   *
   * @param nanos on a monotonic clock of this process; never goes back
   * @param syncAgeNanos age of the oldest journal write that still waits for its sync; 0 when none
   *     waits
   * @param applied the slot up to which the store has applied, for others to see
   */
  record TimePassed(long nanos, long syncAgeNanos, Slot applied) implements Input {}

  /**
   * A message came, from this life of this server. A server's messages to itself come this way too.
   */
  record Received(ServerId from, Incarnation incarnation, Message message) implements Input {}

  /**
   * Commands to be chosen, each batch one slot. Only when {@link Paxos#proposalRoom} has room for
   * them.
   */
  record Proposed(List<Value.Batch> batches) implements Input {}

  /**
   * A membership to be chosen, whatever it says: the coordinator's own changes are {@link
   * ChangeRequested} and what {@link Replacement} wants, and this one is how the barrier is tried
   * with memberships that these would not propose. Only on a coordinator with none in flight.
   */
  record MembershipProposed(Membership membership) implements Input {}

  /**
   * An operator asks for a change of the membership; answered by {@link Output#changes} under this
   * id, unless the process ends first.
   *
   * @param dryRun whether only to say what it would be
   */
  record ChangeRequested(long id, MembershipChange change, boolean dryRun) implements Input {}

  /**
   * This server is to give up coordinating, without a failed request; answered by {@link
   * Output#changes} under this id.
   *
   * @param to who is to coordinate next; the best placed if none
   * @param why for the log
   */
  record HandOverRequested(long id, Optional<ServerId> to, String why) implements Input {}

  /** This server is about to stop: its vote should not be waited for. */
  record Leaving() implements Input {}

  /** The store has applied a slot at which {@link StateHash#isDueAt} asks for the state's hash. */
  record StateHashed(StateHash state) implements Input {}

  /**
   * Reads wait at this server; answered by {@link Output#readPoints} under this id.
   *
   * @param underLease whether the coordinator's lease will do, if it holds
   */
  record ReadsWaiting(long id, boolean underLease) implements Input {}

  /**
   * The clock was read after everything that was handed in before this. Wanted soon while {@link
   * Paxos#wantsClock}: leases are counted by it.
   *
   * @param nanos on the clock of {@link TimePassed}
   */
  record ClockRead(long nanos) implements Input {}

  /**
   * The stream to this server broke and a new connection was refused: it is gone until it is heard
   * again.
   */
  record PeerUnreachable(ServerId server) implements Input {}

  /** A durable snapshot covers the slots up to here; the log may be cut behind it. */
  record SnapshotTaken(Slot slot) implements Input {}

  /** The snapshot asked for by {@link Notice.SnapshotNeeded} could not be had. */
  record SnapshotGivenUp() implements Input {}

  /**
   * A snapshot from a peer is installed and durable: the state is that after {@code slot}, and so
   * are the membership and the version in force.
   */
  record SnapshotInstalled(Slot slot, MembershipInForce membership, VersionInForce version)
      implements Input {}
}
