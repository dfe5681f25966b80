package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.light;

import java.util.List;

/** Defects of the rounds: promises, acceptances, adoption, learning. */
final class ProtocolMutants {
  private static final String ACCEPTOR = "paxos/Acceptor";
  private static final String PIPELINE = "paxos/Pipeline";
  private static final String LEARNER = "paxos/Learner";
  private static final String PROMISES = "paxos/Promises";

  private ProtocolMutants() {}

  static List<Mutant> all() {
    return List.of(
        directed("SettledByAnyElection", "rule 3: only a later election settles what was lost")
            .in("paxos/Acceptor", "&& elected.ballot().isAbove(lostUpTo);", ";"),
        directed("SettledWithoutAQuorum", "rule 3: no new ballot that cannot get a quorum")
            .in("paxos/Coordinator", "|| !membership.isQuorum(peers::isBeyondDoubt)) {", ") {"),
        directed("LossesAreNeverSettled", "rule 3: losses one after another leave a quorum")
            .in(
                "paxos/OwnBallot",
                ".voterInDoubt(nowNanos)",
                ".voterInDoubt(nowNanos).filter(any -> false)"),
        core("QuorumOfHalf", "two quorums intersect")
            .in("paxos/Membership", "return voters() / 2 + 1;", "return (voters() + 1) / 2;"),
        light("QuorumOfTheLiveSet", "a quorum is of the members, not of those that are heard")
            .in(
                PIPELINE,
                "private final Preparation preparation;",
                "private final Preparation preparation; private final Peers peers;")
            .in(
                PIPELINE,
                "this.preparation = preparation;",
                "this.preparation = preparation; this.peers = roles.peers();")
            .in(
                PIPELINE,
                "return membership.isQuorum(member -> progress.hasMatched(member, slot));",
                """
                long live = membership.members().stream()
                    .filter(each -> each.role().votes() && peers.isHeard(each)).count();
                long matched = membership.members().stream()
                    .filter(each -> each.role().votes() && progress.hasMatched(each, slot))
                    .count();
                return matched > live / 2
                    || membership.isQuorum(member -> progress.hasMatched(member, slot));
                """),
        core("AcceptBelowThePromise", "P1a")
            .in(
                ACCEPTOR,
                "Ballot ballot = propose.ballot(); if (ballot.isBelow(promised)) {",
                "Ballot ballot = propose.ballot(); if (false) {"),
        core("BufferIsNotCheckedAgain", "rule 6")
            .in(ACCEPTOR, "matched = chosen; ahead.clear();", "matched = chosen;")
            .in(ACCEPTOR, "if (next.ballot().equals(promised)) {", "if (true) {"),
        light("PromiseNotJournaled", "P1a survives a restart")
            .in(ACCEPTOR, "effects.record(new JournalRecord.Promised(ballot));", ""),
        light("AcceptanceNotJournaled", "an acceptance survives a restart")
            .in(
                ACCEPTOR,
                "log.put(accepted); effects.record(new JournalRecord.ValueAccepted(accepted));",
                "log.put(accepted);"),
        core("MatchedKeptAcrossBallots", "an acceptance is of one ballot")
            .in(ACCEPTOR, "matchedBallot = ballot; matched = chosen;", "matchedBallot = ballot;"),
        core("AcceptTruncatesAbove", "putting a value never touches the slots above it")
            .in(
                "paxos/Log",
                "values.set((int) place, accepted);",
                """
                values.subList((int) place, values.size()).clear();
                values.add(accepted);
                """),
        core("AdoptTheLowestBallot", "P2c")
            .in(PROMISES, "a.ballot().isAbove(b.ballot())", "a.ballot().isBelow(b.ballot())"),
        core("AdoptNothing", "P2c").in(PIPELINE, "if (adopted.isPresent()) {", "if (false) {"),
        core("PartOfAReportIsWhole", "P2c: a promise reports all that was accepted")
            .in(PROMISES, "return !last.isAfter(Slot.max(until, chosen));", "return true;"),
        core("CutIsFree", "rule 10: what is chosen elsewhere is fetched first")
            .in(
                "paxos/Preparation",
                "if (promises.highestChosen().isAfter(learner.chosen())) {",
                "if (false) {"),
        core("PrefixOfAnotherBallot", "rule 1")
            .in(
                LEARNER,
                "if (!prefix.ballot().equals(acceptor.matchedBallot())) {",
                "if (prefix.ballot().isBelow(acceptor.matchedBallot())) {"),
        directed(
                "InformsOfWhatWasLearned",
                "rule 1: learned from others is not chosen at this ballot")
            .in(
                PIPELINE,
                "return new ChosenPrefix(ballot, chosenHere);",
                "return new ChosenPrefix(ballot, learner.chosen());"),
        light("NewsMakesChosen", "rule 1: any other chosen prefix is news")
            .in(
                LEARNER,
                "void onNews(Slot upTo) {",
                "void onNews(Slot upTo) { choose(Slot.min(upTo, acceptor.matched()));"),
        light("FetchedBeyondTheChosen", "only chosen values are handed out")
            .in(
                LEARNER,
                "log.read(from, acceptor.chosen(), settings.messageBytes())",
                "log.read(from, log.last(), settings.messageBytes())"),
        light("AppliedPastAHole", "chosen values are applied in slot order")
            .in(
                LEARNER,
                "if (value.slot().equals(acceptor.chosen().next())) {",
                "if (value.slot().isAfter(acceptor.chosen())) {")
            .in(LEARNER, "if (fetched.from().isAfter(before.next())) {", "if (false) {"),
        light("SnapshotForgetsAcceptances", "what was accepted behind a snapshot stays")
            .in("paxos/Log", "if (count >= values.size()) {", "if (true) {"));
  }
}
