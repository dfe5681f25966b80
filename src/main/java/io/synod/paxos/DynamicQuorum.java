package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who should vote (design.md, section 6): the members that are there, and one that is not where
 * that makes their number odd, and never fewer than three. So servers that fail one after another
 * leave a store that works down to the last two. It is a function of the membership in force and of
 * what the coordinator sees; what it wants is proposed as any membership is, behind the barrier of
 * the old majority and the new one.
 *
 * <p>An odd number, because one voter more than an odd number asks for one vote more and bears the
 * loss of no more; three, because two bear the loss of none, as three do of which one is down,
 * while the third that comes back helps at once.
 *
 * <p>Where a last voter is named and only one other is there with it, it votes alone, and the loss
 * of the other stops nothing. What it answers for waits for the other too, as long as that keeps up
 * ({@link InSync}).
 *
 * <p>Whatever the policy, a voter for which a witness cannot keep its log any longer loses its vote
 * until it is back and has caught up.
 */
final class DynamicQuorum {
  private static final int LEAST_VOTERS = 3;

  /** How the members are now. */
  interface View {
    /** Whether this life of it answers now. */
    boolean isHeard(Member member);

    /** Whether it answers, its disk syncs, and it does not stop. */
    boolean isThere(Member member);

    /** Whether it stops, or was not there for so long that it loses its vote. */
    boolean isGone(Member voter);

    /** Whether a witness cannot keep its log for it any longer (protocol-rules.md, 13). */
    boolean holdsUpAWitness(Member voter);

    /** Whether it has been there for long enough, and has caught up, to get its vote back. */
    boolean isBack(Member standby);
  }

  private final List<Member> members;
  private final QuorumPolicy policy;
  private final View view;
  private final Set<ServerId> target = new TreeSet<>();

  private DynamicQuorum(Membership inForce, QuorumPolicy policy, View view) {
    this.members = inForce.members();
    this.policy = policy;
    this.view = view;
  }

  /** The membership to propose next, if another is wanted and a quorum of both is there. */
  static Optional<Membership> wanted(MembershipInForce inForce, QuorumPolicy policy, View view) {
    if (isAsItShouldBe(inForce.membership(), policy, view)) {
      return Optional.empty();
    }
    DynamicQuorum dynamic = new DynamicQuorum(inForce.membership(), policy, view);
    dynamic.choose();
    Membership after = new Membership(inForce.decidedAt(), dynamic.withVotes());
    boolean differs = !after.members().equals(inForce.membership().members());
    return differs && inForce.membership().isQuorum(view::isHeard) && after.isQuorum(view::isThere)
        ? Optional.of(after)
        : Optional.empty();
  }

  /**
   * The usual case, without a walk through the rest: nobody is gone, and nobody waits for a vote.
   */
  private static boolean isAsItShouldBe(Membership membership, QuorumPolicy policy, View view) {
    if (policy.lastVoter().isPresent() && membership.voters() == 2) {
      return false;
    }
    for (Member member : membership.members()) {
      boolean loses =
          member.role() == Member.Role.VOTER
              && (view.holdsUpAWitness(member)
                  || (policy.mode() == QuorumPolicy.Mode.DYNAMIC && view.isGone(member)));
      if (loses || member.role() == Member.Role.STANDBY) {
        return false;
      }
    }
    return true;
  }

  private void choose() {
    boolean dynamic = policy.mode() == QuorumPolicy.Mode.DYNAMIC;
    List<Member> others = new ArrayList<>();
    for (Member member : members) {
      boolean votes =
          switch (member.role()) {
            case VOTER -> !view.holdsUpAWitness(member) && (!dynamic || !view.isGone(member));
            case WITNESS -> true;
            case STANDBY -> view.isBack(member);
            case LEARNER, OBSERVER -> false;
          };
      if (votes) {
        target.add(member.server());
      } else if (member.role() == Member.Role.VOTER && !view.holdsUpAWitness(member)) {
        others.add(member);
      }
    }
    if (policy.lastVoter().filter(this::mayVoteAlone).isPresent()) {
      target.clear();
      target.add(policy.lastVoter().get());
    } else if (dynamic) {
      addStandbys(others);
      for (Member member : others) {
        if (target.size() % 2 == 1 && target.size() >= LEAST_VOTERS) {
          break;
        }
        target.add(member.server());
      }
    }
  }

  /** Whether it is left with one other at most, and no witness can vote with it. */
  private boolean mayVoteAlone(ServerId last) {
    return target.contains(last)
        && target.size() <= 2
        && members.stream().noneMatch(member -> member.role() == Member.Role.WITNESS);
  }

  /** Behind the voters, so that no vote goes from one that is not there to another. */
  private void addStandbys(List<Member> others) {
    boolean joining =
        members.stream()
            .anyMatch(member -> member.role() == Member.Role.LEARNER && view.isHeard(member));
    if (joining) {
      // One that is there will have a vote soon: none goes to one that is not meanwhile.
      return;
    }
    if (members.stream().anyMatch(member -> member.role() == Member.Role.WITNESS)) {
      // It may have cut what one that is behind would have to go on from (protocol-rules.md, 13).
      return;
    }
    for (boolean there : new boolean[] {true, false}) {
      for (Member member : members) {
        if (member.role() == Member.Role.STANDBY
            && !target.contains(member.server())
            && view.isThere(member) == there) {
          others.add(member);
        }
      }
    }
  }

  private List<Member> withVotes() {
    List<Member> changed = new ArrayList<>();
    for (Member member : members) {
      boolean votes = target.contains(member.server());
      if (member.role() == Member.Role.VOTER && !votes) {
        changed.add(member.votesAs(Member.Role.STANDBY));
      } else if (member.role() == Member.Role.STANDBY && votes) {
        changed.add(member.votesAs(Member.Role.VOTER));
      } else {
        changed.add(member);
      }
    }
    return changed;
  }
}
