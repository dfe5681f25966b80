package io.synod.paxos;

/**
 * A membership and the slot that decided it ({@link Slot#ZERO} for the founding one); in force for
 * the slots after it.
 */
public record MembershipInForce(Slot decidedAt, Membership membership) {}
