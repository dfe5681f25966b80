package io.synod.paxos;

/** That a value was accepted for a slot at a ballot. */
public record AcceptedValue(Slot slot, Ballot ballot, Value value) {}
