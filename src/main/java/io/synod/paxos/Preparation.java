package io.synod.paxos;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Phase 1 at one ballot (Lamport, "Paxos Made Simple", section 2.2): asks for promises, takes them,
 * and says whether they suffice to propose. At a membership's barrier it asks the new voters too.
 * Memory of the coordinator.
 */
final class Preparation {
  /** No server holds, or may have lost, so many slots beyond what it knows chosen. */
  private static final long MOST_SLOTS_AHEAD = 1L << 24;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final VoteMemory memory;
  private final Peers peers;
  private final MemberProgress progress;
  private final Ballot ballot;

  /** What was seen of each life before it was asked: its promise must report as much. */
  private final Map<Life, Votes> votesBefore;

  private final Promises promises;

  /** How far it had fetched what is chosen when it last looked. */
  private Slot fetchedUpTo = Slot.ZERO;

  private long progressedNanos = Long.MIN_VALUE;

  Preparation(Roles roles, MemberProgress progress, Ballot ballot) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.learner = roles.learner();
    this.memory = roles.memory();
    this.peers = roles.peers();
    this.progress = progress;
    this.ballot = ballot;
    this.votesBefore = memory.snapshot();
    this.promises = new Promises(learner.chosen().next());
  }

  /** What was promised so far. */
  Promises promises() {
    return promises;
  }

  /** When a member last came further with its promise, or with what it has fetched for it. */
  long progressedNanos() {
    return progressedNanos;
  }

  /**
   * Asks the voters in the live set for a promise (phase 1a); those that did not answer are asked
   * again in time.
   */
  void ask(Membership membership, long nowNanos) {
    for (Member member : membership.members()) {
      if (isToPromise(member) && isPrepareDue(progress.of(member), nowNanos)) {
        sendPrepare(Life.of(member), nowNanos);
      }
    }
  }

  private boolean isToPromise(Member member) {
    return member.role().votes() && peers.isHeard(member) && !promises.isWhole(Life.of(member));
  }

  private boolean isPrepareDue(Progress of, long nowNanos) {
    return of.prepareSentAtNanos() == Progress.NEVER
        || nowNanos - of.prepareSentAtNanos() >= prepareTimeoutNanos();
  }

  private long prepareTimeoutNanos() {
    return settings.pingIntervalNanos() / 2;
  }

  private void sendPrepare(Life to, long nowNanos) {
    progress.of(to).onPrepareSent(nowNanos);
    effects.sendWhenDurable(to.server(), new Message.Prepare(ballot, promises.askFrom(to)));
  }

  /** When {@link #ask} has something to do next. */
  long nextTimeNanos(Membership membership) {
    long next = Long.MAX_VALUE;
    for (Member member : membership.members()) {
      if (isToPromise(member)) {
        next = Math.min(next, progress.of(member).prepareSentAtNanos() + prepareTimeoutNanos());
      }
    }
    return next;
  }

  /** Phase 1b came back, from a member at this ballot. Returns whether it is taken. */
  boolean onPromise(long nowNanos, Life from, Message.Promise promise) {
    Votes before = votesBefore.getOrDefault(from, Votes.NONE);
    Slot owned = Slot.max(promise.last(), promise.owned());
    Slot furthest =
        Stream.of(promise.unknown(), promise.torn())
            .flatMap(Optional::stream)
            .map(SlotRange::last)
            .reduce(promise.last(), Slot::max);
    if (furthest.minus(Slot.max(promise.chosen(), learner.chosen())) > MOST_SLOTS_AHEAD) {
      effects.notice(
          new Notice.PeerMisbehaved(from.server(), "a Promise of slots far ahead of all others"));
      return false;
    }
    if (owned.isBefore(before.accepted())) {
      // protocol-rules.md, 12: the same incarnation with forgotten votes.
      memory.onForgot(from, before, new Votes(promise.ballot(), owned));
      return false;
    }
    if (!promises.isWhole(from)) {
      progressedNanos = nowNanos;
    }
    Optional<Slot> more = promises.add(from, promise);
    learner.onNews(promise.chosen());
    if (more.isPresent()) {
      sendPrepare(from, nowNanos);
    }
    return true;
  }

  /**
   * Whether the promises suffice: a quorum, for every slot that may hold something, and all chosen
   * ones fetched.
   */
  boolean suffices(Membership membership, long nowNanos) {
    if (!promises.isQuorum(membership)) {
      return false;
    }
    if (promises.highestChosen().isAfter(learner.chosen())) {
      // protocol-rules.md, 10: what is chosen is fetched first, never proposed.
      if (learner.chosen().isAfter(fetchedUpTo)) {
        fetchedUpTo = learner.chosen();
        progressedNanos = nowNanos;
      }
      ServerId furthest = promises.furthest();
      if (isLost(furthest, membership)) {
        // It takes to the grave what only it knows to be chosen; the others' promises tell as much.
        promises.remove(furthest);
        return suffices(membership, nowNanos);
      }
      learner.onTime(nowNanos, Optional.of(furthest), peers.roundTripNanos(furthest));
      return false;
    }
    return promises.firstInDoubt(learner.chosen(), membership).isEmpty();
  }

  private boolean isLost(ServerId server, Membership membership) {
    return !server.equals(settings.server())
        && membership.member(server).filter(peers::isHeard).isEmpty();
  }

  /** Why the promises do not suffice although a quorum answered in full. */
  Optional<UnknownSlot> obstacle(Membership membership) {
    if (!promises.isQuorum(membership)) {
      return Optional.empty();
    }
    return promises
        .firstInDoubt(learner.chosen(), membership)
        .map(slot -> promises.unknown(slot, membership));
  }
}
