package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What becomes of a member that lost its disk (design.md, section 6): the log first names its new
 * incarnation as a learner, in place of the old one, whose votes are gone; once that has caught up,
 * the log gives it the vote back. No operator is needed as long as there is a quorum without it. A
 * server that joins gets its vote in the same way; whom it replaces leaves then.
 */
final class Replacement {
  private Replacement() {}

  /**
   * The membership to propose next, if one is wanted: one change at a time.
   *
   * @param newLife the incarnation heard lately and steadily under this id, if it is not the one
   *     that the membership names
   * @param clientAddress where clients reach the server of this member now, if it said so
   * @param caughtUp whether this member holds nearly all that is chosen
   * @param witness whether the server of this member is a witness
   */
  static Optional<Membership> wanted(
      MembershipInForce inForce,
      Function<Member, Optional<Incarnation>> newLife,
      Function<Member, Optional<Address>> clientAddress,
      Predicate<Member> caughtUp,
      Predicate<Member> witness) {
    List<Member> members = inForce.membership().members();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      Optional<Incarnation> life = newLife.apply(member);
      if (life.isPresent()) {
        boolean observes = member.role() == Member.Role.OBSERVER;
        return Optional.of(
            with(
                inForce,
                i,
                member
                    .reborn(life.get(), observes ? Member.Role.OBSERVER : Member.Role.LEARNER)
                    .at(
                        member.consensusAddress(),
                        clientAddress.apply(member).orElse(member.clientAddress()))));
      }
      if (member.role() == Member.Role.LEARNER && caughtUp.test(member)) {
        return Optional.of(ChangePlan.promoted(inForce, member, witness.test(member)));
      }
    }
    return Optional.empty();
  }

  private static Membership with(MembershipInForce inForce, int place, Member changed) {
    List<Member> members = new ArrayList<>(inForce.membership().members());
    members.set(place, changed);
    return new Membership(inForce.decidedAt(), members);
  }
}
