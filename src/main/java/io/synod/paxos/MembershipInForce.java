package io.synod.paxos;

import java.util.Optional;

/**
 * A membership and the slot that decided it ({@link Slot#ZERO} for the founding one); in force for
 * the slots after it.
 */
public record MembershipInForce(Slot decidedAt, Membership membership) {

  /**
   * The membership that takes this one's place when {@code value} is chosen; none if the value is
   * none, or names another one as its predecessor: then it changes nothing.
   */
  public Optional<Membership> successor(Value value) {
    return value instanceof Membership membership && membership.predecessor().equals(decidedAt)
        ? Optional.of(membership)
        : Optional.empty();
  }
}
