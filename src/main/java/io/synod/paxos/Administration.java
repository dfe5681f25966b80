package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What operators asked of this server as the coordinator, and what became of it; and the changes
 * that the coordinator makes by itself. A coordinator never proposes a membership that takes its
 * own vote: it hands over first, and the next one goes on.
 *
 * <p>All of it is memory.
 */
final class Administration {
  /** Of a hand-over that no operator asked for. */
  private static final Optional<Long> NOBODY = Optional.empty();

  private static final String OWN_VOTE = "it is to lose its vote";

  /** A coordinator that was slow for more of the last while hands over. */
  private static final double SLOW = 0.25;

  /** To one that was so many times less slow. */
  private static final int TIMES_BETTER = 4;

  /** Not again before so many times the while. */
  private static final int RESTS = 6;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final Peers peers;
  private final List<Pending> pending = new ArrayList<>();
  private final List<Leaving> left = new ArrayList<>();
  private Optional<HandOver> handOver = Optional.empty();
  private Optional<Long> slowSinceNanos = Optional.empty();

  /** A change that was proposed at this ballot. */
  private record Pending(
      long id, Ballot ballot, ChangePlan.Result.Proposal proposal, long sinceNanos) {
    Membership membership() {
      return proposal.membership();
    }
  }

  /** Under way: no new command is taken, and what is in flight comes to an end. */
  private record HandOver(
      Optional<Long> id, Ballot ballot, ServerId to, String why, long sinceNanos) {}

  /** Given up for another server, which is not heard to coordinate yet. */
  private record Leaving(long id, long sinceNanos) {}

  Administration(Roles roles) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.learner = roles.learner();
    this.peers = roles.peers();
  }

  /** Whether the coordinator is about to hand over. */
  boolean isHandingOver() {
    return handOver.isPresent();
  }

  // ---- changes
  // ------------------------------------------------------------------------------------------------------------------

  void onChange(
      long nowNanos, Optional<Coordinator> coordinating, Input.ChangeRequested requested) {
    long id = requested.id();
    if (coordinating.isEmpty()) {
      refuse(id, ChangeAnswer.Reason.NOT_COORDINATOR, "this server does not coordinate");
      return;
    }
    Coordinator acting = coordinating.get();
    ChangePlan.Result result =
        new ChangePlan(learner.membership(), learner.version(), acting.view())
            .of(requested.change());
    if (result instanceof ChangePlan.Result.Refusal refusal) {
      refuse(id, refusal.reason(), refusal.why());
      return;
    }
    onProposal(nowNanos, acting, requested, (ChangePlan.Result.Proposal) result);
  }

  private void onProposal(
      long nowNanos,
      Coordinator acting,
      Input.ChangeRequested requested,
      ChangePlan.Result.Proposal proposal) {
    long id = requested.id();
    Membership after = proposal.membership();
    boolean keeps = keepsOwnVote(after);
    Optional<Member> next = keeps ? Optional.empty() : successorIn(after, acting);
    if (acting.isChangingMembership() || acting.isUpgrading() || handOver.isPresent()) {
      refuse(id, ChangeAnswer.Reason.UNDER_WAY, "another change is under way: ask again");
    } else if (!keeps && next.isEmpty()) {
      refuse(
          id,
          ChangeAnswer.Reason.WOULD_LOSE_QUORUM,
          "it takes the coordinator's vote, and no other voter has caught up to coordinate");
    } else if (requested.dryRun()) {
      effects.change(new ChangeAnswer.Planned(id, learner.inForce(), after, proposal.outlook()));
    } else if (next.isEmpty()) {
      pending.add(new Pending(id, acting.ballot(), proposal, nowNanos));
      acting.proposeMembership(nowNanos, after);
    } else {
      begin(nowNanos, acting, NOBODY, next.get().server(), OWN_VOTE);
      refuse(
          id,
          ChangeAnswer.Reason.HANDS_OVER,
          "server " + next.get().server().number() + " coordinates next: ask that");
    }
  }

  private boolean keepsOwnVote(Membership after) {
    return after.isVoter(settings.server(), settings.incarnation());
  }

  /** Proposes what is to be changed without an operator. */
  private void changeByItself(long nowNanos, Coordinator acting) {
    if (handOver.isPresent()) {
      return;
    }
    Optional<Membership> wanted =
        acting.membershipWanted(
            nowNanos, after -> keepsOwnVote(after) || successorIn(after, acting).isPresent());
    if (wanted.isEmpty()) {
      handOverIfSlow(nowNanos, acting);
      return;
    }
    if (keepsOwnVote(wanted.get())) {
      noteVotes(wanted.get());
      acting.proposeMembership(nowNanos, wanted.get());
      return;
    }
    successorIn(wanted.get(), acting)
        .ifPresent(next -> begin(nowNanos, acting, NOBODY, next.server(), OWN_VOTE));
  }

  /** Where another one is not. All may be: then it would not help, and nobody hands over. */
  private void handOverIfSlow(long nowNanos, Coordinator acting) {
    Slowness own = peers.ownSlowness();
    if (own.share() < SLOW || acting.isChangingMembership()) {
      return;
    }
    boolean rests =
        slowSinceNanos.filter(since -> nowNanos - since < RESTS * own.whileNanos()).isPresent();
    if (rests) {
      return;
    }
    successor(acting, next -> TIMES_BETTER * peers.slownessOf(next) < own.share())
        .ifPresent(
            next -> {
              slowSinceNanos = Optional.of(nowNanos);
              begin(nowNanos, acting, NOBODY, next.server(), "it is slow: " + own.describe());
            });
  }

  private void noteVotes(Membership wanted) {
    List<ServerId> taken = new ArrayList<>();
    List<ServerId> given = new ArrayList<>();
    for (Member before : learner.inForce().members()) {
      Optional<Member.Role> after = wanted.member(before.server()).map(Member::role);
      if (before.role() != Member.Role.STANDBY && after.equals(Optional.of(Member.Role.STANDBY))) {
        taken.add(before.server());
      } else if (before.role() == Member.Role.STANDBY
          && after.equals(Optional.of(Member.Role.VOTER))) {
        given.add(before.server());
      }
    }
    if (!taken.isEmpty() || !given.isEmpty()) {
      effects.notice(new Notice.VotesMoved(taken, given));
    }
  }

  /** Answers the changes whose fate is known. */
  private void answerChanges(long nowNanos, Optional<Coordinator> acting) {
    pending.removeIf(each -> answer(nowNanos, acting, each));
  }

  private boolean answer(long nowNanos, Optional<Coordinator> acting, Pending each) {
    boolean late = nowNanos - each.sinceNanos() > 2 * settings.electionTimeoutNanos();
    Optional<MembershipInForce> next = learner.membershipAfter(each.membership().predecessor());
    if (next.isPresent() && next.get().membership().equals(each.membership())) {
      Slot slot = next.get().decidedAt();
      boolean known = each.membership().isQuorum(member -> peers.knowsMembership(member, slot));
      if (!known && !late && acting.isPresent()) {
        return false;
      }
      effects.change(new ChangeAnswer.Done(each.id(), next.get(), each.proposal().outlook()));
      return true;
    }
    if (learner.membership().decidedAt().isAfter(each.membership().predecessor())) {
      if (next.isPresent()) {
        refuse(each.id(), ChangeAnswer.Reason.UNDER_WAY, "another change came first: ask again");
      } else {
        effects.change(new ChangeAnswer.Unknown(each.id()));
      }
      return true;
    }
    boolean lost = acting.isEmpty() || !acting.get().ballot().equals(each.ballot());
    if (lost) {
      effects.change(new ChangeAnswer.Unknown(each.id()));
    }
    return lost;
  }

  // ---- handing over
  // ------------------------------------------------------------------------------------------------------------------

  void onHandOver(
      long nowNanos, Optional<Coordinator> coordinating, Input.HandOverRequested requested) {
    long id = requested.id();
    if (coordinating.isEmpty()) {
      refuse(id, ChangeAnswer.Reason.NOT_COORDINATOR, "this server does not coordinate");
      return;
    }
    Coordinator acting = coordinating.get();
    if (acting.isChangingMembership() || handOver.isPresent()) {
      refuse(id, ChangeAnswer.Reason.UNDER_WAY, "another change is under way: ask again");
      return;
    }
    if (requested.to().isPresent() && refuses(id, acting, requested.to().get())) {
      return;
    }
    Optional<ServerId> to =
        requested.to().or(() -> successor(acting, any -> true).map(Member::server));
    if (to.isEmpty()) {
      refuse(id, ChangeAnswer.Reason.NOT_CAUGHT_UP, "no other voter is heard and caught up");
      return;
    }
    begin(nowNanos, acting, Optional.of(id), to.get(), requested.why());
  }

  private boolean refuses(long id, Coordinator acting, ServerId to) {
    String name = "server " + to.number();
    Optional<Member> member = learner.inForce().member(to);
    if (to.equals(settings.server())) {
      refuse(id, ChangeAnswer.Reason.NOTHING_TO_DO, name + " coordinates already");
    } else if (member.isPresent() && member.get().role() == Member.Role.WITNESS) {
      refuse(
          id,
          ChangeAnswer.Reason.NOT_A_MEMBER,
          name + " is a witness, which has no store and never coordinates");
    } else if (member.isEmpty() || member.get().role() != Member.Role.VOTER) {
      refuse(id, ChangeAnswer.Reason.NOT_A_MEMBER, name + " is no voter");
    } else if (!acting.view().isLive(member.get())) {
      refuse(id, ChangeAnswer.Reason.UNREACHABLE, name + " is not heard");
    } else if (!acting.view().isCaughtUp(member.get())) {
      refuse(id, ChangeAnswer.Reason.NOT_CAUGHT_UP, name + " has not caught up");
    } else {
      return false;
    }
    return true;
  }

  /** The voter that is best placed to coordinate next, in a membership to come. */
  private Optional<Member> successorIn(Membership after, Coordinator acting) {
    return successor(acting, member -> after.isVoter(member.server(), member.incarnation()));
  }

  /** The voter that is best placed to coordinate next, of those that suit. */
  private Optional<Member> successor(Coordinator acting, Predicate<Member> suits) {
    Optional<Member> best = Optional.empty();
    for (Member member : learner.inForce().members()) {
      boolean may =
          !member.server().equals(settings.server())
              && member.role() == Member.Role.VOTER
              && acting.view().isCaughtUp(member)
              && suits.test(member);
      if (may && (best.isEmpty() || isBetter(member, best.get()))) {
        best = Optional.of(member);
      }
    }
    return best;
  }

  private boolean isBetter(Member member, Member than) {
    int preferred = Integer.compare(peers.priorityOf(member), peers.priorityOf(than));
    return preferred > 0
        || (preferred == 0 && TIMES_BETTER * peers.slownessOf(member) < peers.slownessOf(than));
  }

  private void begin(
      long nowNanos, Coordinator acting, Optional<Long> id, ServerId to, String why) {
    handOver = Optional.of(new HandOver(id, acting.ballot(), to, why, nowNanos));
    acting.rest(true);
    effects.notice(new Notice.HandingOver(acting.ballot(), to, why));
  }

  /** Whether the time has come to give the ballot up; the next coordinator has been told then. */
  private boolean isHandedOver(long nowNanos, Coordinator acting) {
    if (handOver.isEmpty() || !handOver.get().ballot().equals(acting.ballot())) {
      return false;
    }
    HandOver under = handOver.get();
    Optional<Member> to = learner.inForce().member(under.to());
    if (to.isPresent() && acting.isDrained(to.get())) {
      effects.send(under.to(), new Message.TakeOver(acting.ballot()));
      under.id().ifPresent(id -> left.add(new Leaving(id, nowNanos)));
      handOver = Optional.empty();
      return true;
    }
    boolean gone = to.isEmpty() || !peers.isHeard(to.get());
    if (gone || nowNanos - under.sinceNanos() > settings.electionTimeoutNanos()) {
      under
          .id()
          .ifPresent(
              id ->
                  refuse(
                      id,
                      gone ? ChangeAnswer.Reason.UNREACHABLE : ChangeAnswer.Reason.NOT_CAUGHT_UP,
                      "server " + under.to().number() + " did not catch up in time"));
      handOver = Optional.empty();
      acting.rest(false);
    }
    return false;
  }

  /** Whether it was meant to lose the ballot: why, for the log. */
  Optional<String> handedOver(long nowNanos, Coordinator acting) {
    Optional<HandOver> before = handOver;
    return isHandedOver(nowNanos, acting)
        ? before.map(each -> "handed over to server " + each.to().number() + ": " + each.why())
        : Optional.empty();
  }

  // ---- upkeep
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * Goes on with what is under way.
   *
   * @param acting this server as a coordinator or candidate
   * @param heard who coordinates, as far as this server hears
   */
  void onTime(long nowNanos, Optional<Coordinator> acting, Optional<ServerId> heard) {
    boolean lost =
        handOver.isPresent()
            && !acting.map(Coordinator::ballot).equals(Optional.of(handOver.get().ballot()));
    if (lost) {
      handOver.get().id().ifPresent(id -> left.add(new Leaving(id, nowNanos)));
      handOver = Optional.empty();
    }
    answerChanges(nowNanos, acting);
    left.removeIf(each -> answerLeft(nowNanos, heard, each));
    acting
        .filter(Coordinator::coordinates)
        .ifPresent(
            coordinator -> {
              changeByItself(nowNanos, coordinator);
              coordinator.upgrade(nowNanos);
            });
  }

  private boolean answerLeft(long nowNanos, Optional<ServerId> heard, Leaving each) {
    if (heard.isPresent() && !heard.get().equals(settings.server())) {
      effects.change(new ChangeAnswer.HandedOver(each.id(), heard.get()));
      return true;
    }
    boolean late = nowNanos - each.sinceNanos() > 2 * settings.electionTimeoutNanos();
    if (late) {
      effects.change(new ChangeAnswer.Unknown(each.id()));
    }
    return late;
  }

  private void refuse(long id, ChangeAnswer.Reason reason, String why) {
    effects.change(new ChangeAnswer.Refused(id, reason, why));
  }
}
