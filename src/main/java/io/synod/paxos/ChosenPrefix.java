package io.synod.paxos;

/**
 * All slots up to {@code upTo} are chosen, says the server that coordinates at {@code ballot} now.
 * One field, never taken apart (protocol-rules.md, 1): a learner may take a slot below {@code upTo}
 * as chosen only if what it accepted there bears {@code ballot}.
 */
public record ChosenPrefix(Ballot ballot, Slot upTo) {}
