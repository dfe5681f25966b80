package io.synod.paxos;

import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * For how long each member has been there or not, as this server hears them; every server notes it,
 * so that whoever coordinates next knows. Memory only: after a start nobody has been silent yet.
 */
final class Presence {
  /** After so many losses of its vote the time for which a member must be there grows no more. */
  private static final int MOST_DOUBLINGS = 5;

  /** A loss so many times the usual silence ago is forgotten. */
  private static final int REMEMBERED = 64;

  private final PaxosSettings settings;
  private final Peers peers;
  private final TreeMap<Life, Seen> seen = new TreeMap<>();
  private Optional<Slot> membershipAt = Optional.empty();
  private long notedAtNanos = Long.MIN_VALUE / 2;

  /** What is known of one life. */
  private static final class Seen {
    boolean there;
    long sinceNanos;

    /** It said that it stops, and was not there since. */
    boolean stopped;

    boolean voted;
    int losses;
    long lostAtNanos;
  }

  Presence(PaxosSettings settings, Peers peers) {
    this.settings = settings;
    this.peers = peers;
  }

  /** Looks who is there. */
  void onTime(long nowNanos, MembershipInForce inForce) {
    if (nowNanos - notedAtNanos < settings.pingIntervalNanos() / 2) {
      return;
    }
    notedAtNanos = nowNanos;
    Membership membership = inForce.membership();
    boolean changed = !membershipAt.equals(Optional.of(inForce.decidedAt()));
    if (changed) {
      membershipAt = Optional.of(inForce.decidedAt());
      seen.keySet().removeIf(life -> !membership.isMember(life.server(), life.incarnation()));
    }
    for (Member member : membership.members()) {
      Seen of = seen.get(Life.of(member));
      if (of == null) {
        of = new Seen();
        of.sinceNanos = nowNanos;
        seen.put(Life.of(member), of);
      }
      note(of, member, nowNanos);
      if (changed) {
        noteVote(of, member.role(), membership, nowNanos);
      }
    }
  }

  private void note(Seen of, Member member, long nowNanos) {
    boolean there = isThere(member);
    if (there != of.there) {
      of.there = there;
      of.sinceNanos = nowNanos;
    }
    of.stopped = !there && (of.stopped || peers.isLeaving(member));
  }

  private void noteVote(Seen of, Member.Role role, Membership inForce, long nowNanos) {
    boolean toTheLast = inForce.voters() == 1 && of.there;
    if (of.voted && role == Member.Role.STANDBY && !of.stopped && !toTheLast) {
      boolean again = nowNanos - of.lostAtNanos < REMEMBERED * standbyAfterNanos();
      of.losses = of.losses > 0 && again ? of.losses + 1 : 1;
      of.lostAtNanos = nowNanos;
    }
    of.voted = role.votes();
  }

  private long standbyAfterNanos() {
    return settings.quorum().standbyAfterNanos();
  }

  private boolean isThere(Member member) {
    boolean answers =
        member.server().equals(settings.server())
            || (peers.isHeard(member) && peers.isDiskWell(member));
    return answers && !peers.isLeaving(member);
  }

  private boolean isGone(Member member, long nowNanos) {
    if (peers.isLeaving(member)) {
      return true;
    }
    Seen of = seen.get(Life.of(member));
    return of != null && !of.there && nowNanos - of.sinceNanos >= standbyAfterNanos();
  }

  /** A member that lost its vote again and again must be there for longer each time. */
  private boolean isSteady(Member member, long nowNanos) {
    Seen of = seen.get(Life.of(member));
    if (of == null || !of.there) {
      return false;
    }
    int doublings = Math.min(Math.max(0, of.losses - 1), MOST_DOUBLINGS);
    return nowNanos - of.sinceNanos >= standbyAfterNanos() << doublings;
  }

  /**
   * How the members are now.
   *
   * @param caughtUp whether this member holds nearly all that is chosen
   * @param holdsUpAWitness whether a witness cannot keep its log for this voter any longer
   */
  DynamicQuorum.View view(
      long nowNanos, Predicate<Member> caughtUp, Predicate<Member> holdsUpAWitness) {
    return new DynamicQuorum.View() {
      @Override
      public boolean isHeard(Member member) {
        return peers.isHeard(member);
      }

      @Override
      public boolean isThere(Member member) {
        return Presence.this.isThere(member);
      }

      @Override
      public boolean isGone(Member voter) {
        return Presence.this.isGone(voter, nowNanos);
      }

      @Override
      public boolean holdsUpAWitness(Member voter) {
        return holdsUpAWitness.test(voter);
      }

      @Override
      public boolean isBack(Member standby) {
        return isSteady(standby, nowNanos) && caughtUp.test(standby);
      }
    };
  }
}
