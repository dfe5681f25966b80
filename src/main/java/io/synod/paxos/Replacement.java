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
 * server that joins gets its vote in the same way; whom it replaces leaves then, or, if that is the
 * only one that can coordinate, once this one does.
 */
final class Replacement {
  private final MembershipInForce inForce;
  private final ChangePlan.View view;
  private final Predicate<Membership> goesOn;

  /**
   * @param goesOn whether there is somebody to coordinate in this membership
   */
  Replacement(MembershipInForce inForce, ChangePlan.View view, Predicate<Membership> goesOn) {
    this.inForce = inForce;
    this.view = view;
    this.goesOn = goesOn;
  }

  /**
   * The membership to propose next, if one is wanted: one change at a time.
   *
   * @param newLife the incarnation heard lately and steadily under this id, if it is not the one
   *     that the membership names
   * @param clientAddress where clients reach the server of this member now, if it said so
   */
  Optional<Membership> wanted(
      Function<Member, Optional<Incarnation>> newLife,
      Function<Member, Optional<Address>> clientAddress) {
    List<Member> members = inForce.membership().members();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      Optional<Incarnation> life = newLife.apply(member);
      if (life.isPresent()) {
        boolean observes = member.role() == Member.Role.OBSERVER;
        return Optional.of(
            with(
                i,
                member
                    .reborn(life.get(), observes ? Member.Role.OBSERVER : Member.Role.LEARNER)
                    .at(
                        member.consensusAddress(),
                        clientAddress.apply(member).orElse(member.clientAddress()))));
      }
      boolean joins = member.role() == Member.Role.LEARNER || member.replaces().isPresent();
      Optional<Membership> joined =
          joins && view.isCaughtUp(member) ? joined(i, member) : Optional.empty();
      if (joined.isPresent()) {
        return joined;
      }
    }
    return Optional.empty();
  }

  /**
   * With a vote for this one, and without whom it replaces where the rest can go on; else that one
   * stays beside it, until it has handed over.
   */
  private Optional<Membership> joined(int place, Member joining) {
    Membership alone = ChangePlan.promoted(inForce, joining, view.isWitness(joining));
    if (alone.isQuorum(view::isLive) && goesOn.test(alone)) {
      return Optional.of(alone);
    }
    return joining.role().votes() || view.isWitness(joining)
        ? Optional.empty()
        : Optional.of(with(place, joining.votesAs(Member.Role.VOTER)));
  }

  private Membership with(int place, Member changed) {
    List<Member> members = new ArrayList<>(inForce.membership().members());
    members.set(place, changed);
    return new Membership(inForce.decidedAt(), members);
  }
}
