package io.synod.paxos;

/**
 * Where the named last voter is the only one left, it alone makes a quorum, and what it chose would
 * be on one disk. So a choice waits for each standby that keeps up as well: one whose disk syncs,
 * that has all but what may be under way, and that was never silent for an election timeout since;
 * with a new ballot, also for one that was not heard yet, for as long. It decides nothing: a choice
 * may always be later. The loss of a standby costs that time once; the loss of the last voter stops
 * the store, and no answer, as the standby in sync holds all that was acknowledged.
 *
 * <p>Memory of the coordinator.
 */
final class InSync {
  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final Peers peers;
  private final MemberProgress progress;

  /** Since when there is this ballot. */
  private final long startedNanos;

  InSync(Roles roles, MemberProgress progress, long nowNanos) {
    this.startedNanos = nowNanos;
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.learner = roles.learner();
    this.peers = roles.peers();
    this.progress = progress;
  }

  /** Whether a standby that keeps up has not accepted all up to here yet. */
  boolean isAwaited(Slot slot, Membership inForce, long nowNanos) {
    if (settings.quorum().lastVoter().isEmpty() || inForce.voters() != 1) {
      return false;
    }
    boolean awaited = false;
    for (Member member : inForce.members()) {
      if (member.role() == Member.Role.STANDBY) {
        awaited |=
            (keepsUp(member, nowNanos) || isUnheard(member, nowNanos))
                && !progress.hasMatched(member, slot);
      }
    }
    return awaited;
  }

  /** Whether nobody can tell yet whether it keeps up: this server may just have started. */
  private boolean isUnheard(Member standby, long nowNanos) {
    return !peers.isHeard(standby) && nowNanos - startedNanos < settings.electionTimeoutNanos();
  }

  private boolean keepsUp(Member standby, long nowNanos) {
    Progress of = progress.of(standby);
    boolean answers =
        peers.isHeard(standby)
            && !peers.isLeaving(standby)
            && peers.isDiskWell(standby)
            && of.waitsNanos(nowNanos) < settings.electionTimeoutNanos();
    // What it says of itself: with a new ballot it has accepted nothing yet.
    Slot holds = Slot.max(of.matched(), peers.chosenOf(standby));
    boolean now = answers && (of.inSync() || !holds.isBefore(learner.nearlyAllChosen()));
    if (now != of.inSync()) {
      of.inSync(now);
      effects.notice(new Notice.InSyncChanged(standby.server(), now));
    }
    return now;
  }
}
