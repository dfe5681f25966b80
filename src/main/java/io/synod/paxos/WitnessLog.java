package io.synod.paxos;

/**
 * How the log of a {@link Witness} is, as it tells the others.
 *
 * @param cut it begins after this slot: what is before, nobody can have from this server
 * @param full whether it is larger than it may be, and was cut as far as it may be
 */
public record WitnessLog(Slot cut, boolean full) {}
