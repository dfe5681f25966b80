package io.synod.paxos;

import java.util.List;
import java.util.Optional;

/**
 * What a server finds of itself when it starts: the journal's records folded together. Everything
 * in it is durable.
 *
 * @param founding what was founded, and whether it is in force
 * @param promised the highest ballot promised or accepted at
 * @param ballotTaken the highest ballot this server took for itself; {@link Ballot#LOWEST} if none
 * @param cut the log begins after this slot; a snapshot covers what is before
 * @param membership in force at {@code cut}: decided at or before it
 * @param accepted the log: consecutive slots from {@code cut} + 1 on, but for those {@code unknown}
 *     or {@code torn}
 * @param chosen the chosen prefix as far as it was written down; at or after {@code cut}
 * @param seen what the others were seen to have voted, as far as it was written down
 * @param longestLeaseNanos no lease was given for longer; 0 if none was given
 */
public record Recovered(
    Optional<Founding> founding,
    boolean opened,
    Ballot promised,
    Ballot ballotTaken,
    Slot cut,
    Optional<MembershipInForce> membership,
    List<AcceptedValue> accepted,
    Slot chosen,
    Optional<SlotRange> unknown,
    Optional<SlotRange> torn,
    List<PeerVotes> seen,
    long longestLeaseNanos) {

  /** One that remembers nothing of the others, and gave no lease. */
  public Recovered(
      Optional<Founding> founding,
      boolean opened,
      Ballot promised,
      Ballot ballotTaken,
      Slot cut,
      Optional<MembershipInForce> membership,
      List<AcceptedValue> accepted,
      Slot chosen,
      Optional<SlotRange> unknown,
      Optional<SlotRange> torn) {
    this(
        founding,
        opened,
        promised,
        ballotTaken,
        cut,
        membership,
        accepted,
        chosen,
        unknown,
        torn,
        List.of(),
        /* longestLeaseNanos= */ 0);
  }

  /** What a new directory holds. */
  public static Recovered nothing() {
    return new Recovered(
        Optional.empty(),
        false,
        Ballot.LOWEST,
        Ballot.LOWEST,
        Slot.ZERO,
        Optional.empty(),
        List.of(),
        Slot.ZERO,
        Optional.empty(),
        Optional.empty());
  }
}
