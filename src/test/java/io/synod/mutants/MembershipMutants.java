package io.synod.mutants;

import static io.synod.mutants.Mutant.light;

import java.util.List;

/** Defects of membership changes, incarnations and founding. */
final class MembershipMutants {
  private static final String COORDINATOR = "paxos/Coordinator";
  private static final String LEARNER = "paxos/Learner";

  private MembershipMutants() {}

  static List<Mutant> all() {
    return List.of(
        light("NoBarrier", "nothing is proposed behind a membership that is not chosen")
            .in(
                COORDINATOR,
                """
                && membership.predecessor().equals(learner.membership().decidedAt())) {
                  barrier = Optional.of(last);
                """,
                "&& membership.predecessor().equals(learner.membership().decidedAt())) {"),
        light("NewMajorityOnly", "a membership is chosen by the one in force")
            .in(
                COORDINATOR,
                "if (!hasMatched(slot, inForce)) {",
                "if (!hasMatched(slot, inForce) && !barrier.equals(Optional.of(slot))) {"),
        light("VotesOfOldIncarnations", "rule 5")
            .in(
                COORDINATOR,
                "learner.membership().membership().isMember(from, incarnation) || barrierMembership()",
                "learner.membership().membership().member(from).isPresent() || barrierMembership()")
            .in(
                COORDINATOR,
                "if (!progressOf(new Life(from, incarnation)).onMatched(upTo, nowNanos)) {",
                """
                Life named =
                    learner.membership().membership().member(from).map(Life::of)
                        .orElse(new Life(from, incarnation));
                if (!progressOf(named).onMatched(upTo, nowNanos)) {
                """)
            .in(
                "paxos/Election",
                """
                return peer != null
                    && peer.isHeard()
                    && peer.incarnation().equals(Optional.of(member.incarnation()));
                """,
                "return peer != null && peer.isHeard();"),
        light("CutWithTheFirstMembership", "a cut carries the membership in force there")
            .in(
                LEARNER,
                "MembershipInForce membership = membershipAt(slot);",
                "MembershipInForce membership = memberships.get(0);"));
  }
}
