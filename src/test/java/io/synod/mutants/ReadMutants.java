package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.lease;
import static io.synod.mutants.Mutant.light;

import java.util.ArrayList;
import java.util.List;

/** Defects of linearizable reads. */
final class ReadMutants {
  private static final String POINTS = "paxos/ReadPoints";
  private static final String HELD = "paxos/LeaseHeld";
  private static final String GIVEN = "paxos/LeasesGiven";

  private ReadMutants() {}

  static List<Mutant> all() {
    List<Mutant> all = new ArrayList<>(confirmed());
    all.addAll(underALease());
    return all;
  }

  private static List<Mutant> underALease() {
    return List.of(
        directed("LeaseCountedFromTheAnswer", "a lease is counted from the sending of the Ping")
            .in(
                POINTS,
                "lease.onGiven(from, given.number())",
                "lease.onGiven(from, given.number(), clockNanos)")
            .in(
                HELD,
                "boolean onGiven(Life from, long number) {",
                "boolean onGiven(Life from, long number, long now) {")
            .in(HELD, "givenFrom.put(from, askedAtNanos[place]);", "givenFrom.put(from, now);"),
        directed("LeaseCheckedBeforeTheRead", "the clock is read after the reads came")
            .in(
                POINTS,
                "lease.add(read, learner.chosen(), nowNanos);",
                "lease.add(read, learner.chosen(), nowNanos); onClock(clockNanos, nowNanos);"),
        directed("LeaseCheckedAtTheTurnsTime", "the clock is read after the reads came")
            .in("node/Node", "surroundings.monotonicNanos()", "nowNanos"),
        lease("LeaseIsNotChecked", "a lease ends")
            .in(
                HELD,
                "return from != null && clockNanos - from < heldNanos;",
                "return from != null;"),
        directed("LeaseNotShortened", "clocks run at different speeds")
            .in(HELD, "static final int HELD_TENTHS = 9;", "static final int HELD_TENTHS = 10;"),
        lease("VotesDuringALease", "who gave a lease votes for no other meanwhile")
            .in(GIVEN, "return given && other.isAbove(ballot);", "return false;"),
        directed("LeaseCountedFromAnOldReading", "an acceptor counts from after the Ping came")
            .in(
                GIVEN,
                "if (given && ends && clockNanos - endNanos >= 0) {",
                "if (given && !ends) { ends = true; endNanos = clockNanos + forNanos; }"
                    + " if (given && ends && clockNanos - endNanos >= 0) {"),
        directed("RestartedAcceptorVotesAtOnce", "a lease outlives the acceptor's process")
            .in(GIVEN, "this.waiting = longestNanos > 0;", "this.waiting = false;"),
        directed("LeaseNotJournaled", "that a lease was given is durable")
            .in(GIVEN, "effects.record(new JournalRecord.LeasesGiven(asked));", ""),
        directed("LeaseGivenBelowAPromise", "who promised a higher ballot gives no lease")
            .in(
                GIVEN,
                "if (promised.isAbove(acting) || followed.isAbove(acting)) {",
                "if (false) {"),
        directed("LeaseKeptInAHandOver", "what is returned is not used")
            .in(HELD, "givenFrom.clear();", ""),
        directed("LeaseNeverReturned", "a hand-over does not wait for the lease")
            .in(
                POINTS,
                "effects.send(member.server(), new Message.LeaseReturned(ballot, number));",
                ""),
        directed("LeaseOfThoseWithoutAVote", "a lease counts in the membership in force")
            .in(
                HELD,
                "return inForce.isQuorum(",
                "if (2 * (givenFrom.size() + 1) > inForce.members().size() && clockNanos"
                    + " - givenFrom.values().iterator().next() < heldNanos) { return true; }"
                    + " return inForce.isQuorum("));
  }

  private static List<Mutant> confirmed() {
    return List.of(
        core("ReadWithoutARound", "a read point is confirmed by a quorum")
            .in(
                POINTS,
                "if (!reads.isRunning() || !isConfirmed(reads.round())) {",
                "if (!reads.isRunning()) {"),
        core("ReadConfirmedByEarlierPings", "a round begins after the read arrived")
            .in(POINTS, "&& peer.answered() >= pingNumber", ""),
        light("ReadJoinsARunningRound", "a round confirms only what arrived before it began")
            .in(
                "paxos/Reads",
                "void add(Waiting read) { next.add(read); }",
                "void add(Waiting read) { (running.isEmpty() ? next : running).add(read); }"),
        light("ReadPointStays", "a read point is the chosen prefix when the round begins")
            .in(
                "paxos/Reads",
                "point = chosen;",
                "point = point.equals(Slot.ZERO) ? chosen : point;"),
        core("ReadBeforeTheOwnBarrier", "a read point counts only once the own value is chosen")
            .in(
                "paxos/Coordinator",
                "if (phase != Phase.COORDINATING) { readPoints.refuse(List.of(read));",
                "if (phase == Phase.PREPARING) { readPoints.refuse(List.of(read));")
            .in(
                "paxos/Reception",
                "request && own.coordinating().isEmpty()) {",
                "request && own.coordinator().isEmpty()) {"),
        core("DeposedCoordinatorReads", "rule 5: a Pong with a higher promise confirms nothing")
            .in(POINTS, "&& !peer.promised().isAbove(ballot))", ")"),
        core("NoReportedPromiseCounts", "rule 5, with the coordinator's own vote too")
            .in(POINTS, "&& !peer.promised().isAbove(ballot))", ")")
            .in(POINTS, "return hasPromisedNothingAbove();", "return true;"));
  }
}
