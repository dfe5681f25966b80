package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.light;

import java.util.List;

/** Defects of membership changes, incarnations and founding. */
final class MembershipMutants {
  private static final String PIPELINE = "paxos/Pipeline";
  private static final String LEARNER = "paxos/Learner";

  private MembershipMutants() {}

  static List<Mutant> all() {
    return List.of(
        light("NoBarrier", "nothing is proposed behind a membership that is not chosen")
            .in(
                PIPELINE,
                """
                if (learner.membership().successor(value).isPresent()) {
                  barrier = Optional.of(last);
                """,
                "if (learner.membership().successor(value).isPresent()) {"),
        core("OldMajorityOnly", "the barrier: a majority of the new membership too")
            .in(
                PIPELINE,
                "if (!hasMatched(slot, next) || !promises.isQuorum(next)) {",
                "if (false) {"),
        light("NewMajorityOnly", "a membership is chosen by the one in force")
            .in(
                PIPELINE,
                "if (!hasMatched(slot, inForce)) {",
                "if (!hasMatched(slot, inForce) && !barrier.equals(Optional.of(slot))) {"),
        light("VotesOfOldIncarnations", "rule 5")
            .in(
                "paxos/Coordinator",
                "inForce().isMember(life.server(), life.incarnation()) || pipeline",
                "inForce().member(life.server()).isPresent() || pipeline")
            .in(
                "paxos/Coordinator",
                "if (!progress.of(from).onMatched(upTo, nowNanos)) {",
                """
                Life named = learner.inForce().member(from.server()).map(Life::of).orElse(from);
                if (!progress.of(named).onMatched(upTo, nowNanos)) {
                """)
            .in(
                "paxos/Peers",
                """
                return peer != null
                    && peer.isHeard()
                    && peer.incarnation().equals(Optional.of(member.incarnation()));
                """,
                "return peer != null && peer.isHeard();"),
        core("StaleMembershipInForce", "a membership follows the one that it names")
            .in("paxos/MembershipInForce", "&& membership.predecessor().equals(decidedAt)", ""),
        light("CutWithTheFirstMembership", "a cut carries the membership in force there")
            .in(
                LEARNER,
                "MembershipInForce membership = membershipAt(slot);",
                "MembershipInForce membership = memberships.get(0);"),
        core("SnapshotKeepsTheOldMembership", "a snapshot brings its membership")
            .in(
                LEARNER,
                "memberships.clear(); memberships.add(membership); heardChosen = Slot.max(heardChosen, slot);",
                "heardChosen = Slot.max(heardChosen, slot);"),
        core("ReplacedAsVoter", "rule 5: a new life is a learner until it has caught up")
            .in(
                "paxos/Replacement",
                "observes ? Member.Role.OBSERVER : Member.Role.LEARNER)",
                "Member.Role.VOTER)"),
        directed(
                "OpenedBeforeAllAreSynced",
                "rule 8: a founding is in force when all have it durable")
            .in(
                "paxos/FoundingRound",
                "if (synced.containsAll(votersOf(members))) {",
                "if (!synced.isEmpty()) {"),
        directed("BarrierWithoutPromises", "rule 10: the new voters report the slots above")
            .in(
                "paxos/Pipeline",
                "if (!hasMatched(slot, next) || !promises.isQuorum(next)) {",
                "if (!hasMatched(slot, next)) {"),
        directed("BarrierIgnoresChosen", "rule 10: what a new voter knows chosen is fetched")
            .in("paxos/Pipeline", "if (promises.highestChosen().isAfter(slot)) {", "if (false) {"),
        directed("LearnedOpensTheBarrier", "rule 10: a learned membership ends the ballot")
            .in("paxos/Pipeline", "|| barrier.equals(Optional.of(proposed.slot()))", ""),
        light("VotesMovedWithoutABarrier", "a membership that only moves votes has a barrier too")
            .in(
                PIPELINE,
                "if (learner.membership().successor(value).isPresent()) {",
                """
                if (learner.membership().successor(value).isPresent()
                    && ((Membership) value).members().stream()
                        .noneMatch(member -> member.role() == Member.Role.STANDBY)) {
                """),
        light("VotesMovedByThoseThatStay", "votes are taken by the voters in force")
            .in(
                PIPELINE,
                "if (!hasMatched(slot, inForce)) {",
                """
                boolean taken =
                    barrier.equals(Optional.of(slot))
                        && ((Membership) inFlight.getFirst().value()).voters() < inForce.voters();
                if (!taken && !hasMatched(slot, inForce)) {
                """),
        directed("VotesForNobodyThere", "a quorum of the next voters is there when votes move")
            .in("paxos/DynamicQuorum", "&& after.isQuorum(view::isThere)", ""),
        directed("VoteLostAtOnce", "a vote is lost after a long silence only")
            .in(
                "paxos/Presence",
                "return of != null && !of.there && nowNanos - of.sinceNanos >= standbyAfterNanos();",
                "return of != null && !of.there;"),
        directed("VoteBackAtOnce", "a vote comes back after a while only, later each time")
            .in(
                "paxos/Presence",
                "return nowNanos - of.sinceNanos >= standbyAfterNanos() << doublings;",
                "return true;"),
        directed("EvenVoters", "one that is down votes where that makes the number odd")
            .in(
                "paxos/DynamicQuorum",
                "if (target.size() % 2 == 1 && target.size() >= LEAST_VOTERS) {",
                "if (target.size() >= LEAST_VOTERS) {"),
        directed("WitnessCampaigns", "rule 13: a witness never coordinates")
            .in(
                "paxos/Election",
                "if (own.isEmpty() || own.get().role() != Member.Role.VOTER",
                "if (own.isEmpty() || !own.get().role().votes()"),
        directed("WitnessCutsWhatAVoterLacks", "rule 13: it cuts what all voters hold")
            .in(
                "paxos/Witness",
                "Slot slot = Slot.min(held, learner.chosen());",
                "Slot slot = learner.chosen();"),
        directed("AbsentVotersAreNotWaitedFor", "rule 13: the absent voter first loses its vote")
            .in(
                "paxos/WitnessCare",
                "if (member.role() == Member.Role.VOTER || (full",
                "if ((member.role() == Member.Role.VOTER && peers.isHeard(member)) || (full"),
        directed(
                "WitnessKeepsForEver", "rule 13: at its size limit the absent voter loses its vote")
            .in("paxos/WitnessCare", "if (lasting && isKeptFor(voter, log)) {", "if (false) {"),
        directed("LessThanThreeVoters", "three vote at least")
            .in(
                "paxos/DynamicQuorum",
                "} else if (dynamic) { addStandbys(others);",
                "} else if (false) { addStandbys(others);"),
        directed("LastVoterBesideTwo", "the last voter votes alone beside one other only")
            .in("paxos/DynamicQuorum", "&& target.size() <= 2", ""),
        directed("ChosenOnOneDisk", "a choice of one voter waits for the standby in sync")
            .in(PIPELINE, "return !inSync.isAwaited(slot, inForce, nowNanos);", "return true;"),
        directed("WaitsForASilentStandby", "nobody waits for a standby that answers nothing")
            .in(
                "paxos/InSync",
                "&& of.waitsNanos(nowNanos) < settings.electionTimeoutNanos();",
                ";"));
  }
}
