package io.synod.paxos;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * What a server does at a ballot of its own: prepare ({@link Preparation}), adopt and have itself
 * chosen as coordinator ({@link Pipeline}, {@link Delivery}), then order the commands and answer
 * reads ({@link ReadPoints}). Made when a ballot is taken, dropped when it is lost; all of it is
 * memory.
 */
final class Coordinator {
  /** In this order, once each. */
  private enum Phase {
    /** Prepare is out; waits for a quorum of promises, and for what they say is chosen. */
    PREPARING,
    /** Proposes what was adopted, and then itself. */
    RECOVERING,
    /** Its own value is chosen: takes commands and reads. */
    COORDINATING
  }

  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final VoteMemory memory;
  private final Peers peers;
  private final Presence presence;
  private final Election election;

  private final Ballot ballot;
  private final long startedNanos;

  /** When a member last came further: with slots accepted, or with catch-up. */
  private long progressedNanos;

  private final MemberProgress progress;
  private final Preparation preparation;
  private final Pipeline pipeline;
  private final Delivery delivery;
  private final ReadPoints readPoints;
  private final WitnessCare witnesses;

  private Phase phase = Phase.PREPARING;

  /** It is about to hand over. */
  private boolean resting;

  /**
   * The highest foreign promise met at this ballot whose owner nobody heard (protocol-rules.md,
   * 22).
   */
  private Optional<Ballot> orphan = Optional.empty();

  Coordinator(Roles roles, Election election, Pings pings, Ballot ballot, long nowNanos) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.learner = roles.learner();
    this.memory = roles.memory();
    this.peers = roles.peers();
    this.presence = roles.presence();
    this.election = election;
    this.ballot = ballot;
    this.startedNanos = nowNanos;
    this.progressedNanos = nowNanos;
    this.progress = new MemberProgress(settings, learner);
    this.preparation = new Preparation(roles, progress, ballot);
    this.pipeline = new Pipeline(roles, preparation, progress, ballot, nowNanos);
    this.delivery = new Delivery(roles, pipeline, progress);
    this.readPoints =
        new ReadPoints(roles, pings, pipeline, ballot, () -> coordinates() && !resting);
    this.witnesses = new WitnessCare(roles, pipeline, this::knowsNearlyAll);
  }

  Ballot ballot() {
    return ballot;
  }

  boolean coordinates() {
    return phase == Phase.COORDINATING;
  }

  long startedNanos() {
    return startedNanos;
  }

  /** When a member last came further: with its promise, with slots accepted, or with catch-up. */
  long progressedNanos() {
    return Math.max(progressedNanos, preparation.progressedNanos());
  }

  Optional<Ballot> orphan() {
    return orphan;
  }

  /** Whether slots were chosen otherwise than was proposed here: this ballot is lost. */
  boolean isDeposed() {
    return pipeline.isDeposed();
  }

  /** How far the log is chosen as far as this ballot goes. */
  ChosenPrefix chosenPrefix() {
    return pipeline.chosenPrefix();
  }

  /**
   * Each vote counts only from the incarnation that a membership in force, or about to be, names
   * (protocol-rules.md, 5); whether the member has a vote is asked when a quorum is counted.
   */
  private boolean isMember(Life life) {
    boolean named =
        learner.inForce().isMember(life.server(), life.incarnation())
            || pipeline
                .barrierMembership()
                .map(membership -> membership.isMember(life.server(), life.incarnation()))
                .orElse(false);
    return named && !memory.isForgetful(life);
  }

  // ---- what acceptors answer
  // ------------------------------------------------------------------------------------------------------------------

  /** Phase 1b came back. */
  void onPromise(long nowNanos, Life from, Message.Promise promise) {
    if (!promise.ballot().equals(ballot)) {
      effects.ignored("onPromise", "of another ballot");
      return;
    }
    if (!isMember(from)) {
      effects.ignored("onPromise", "not of a member");
      return;
    }
    if (preparation.onPromise(nowNanos, from, promise)) {
      advance(nowNanos);
    }
  }

  /** Phase 2b came back. */
  void onAccepted(long nowNanos, Life from, Message.Accepted accepted) {
    if (!accepted.ballot().equals(ballot)) {
      effects.ignored("onAccepted", "of another ballot");
      return;
    }
    // One whose chosen prefix is ahead acknowledges that: news, beyond what was proposed here.
    learner.onNews(accepted.upTo());
    Slot upTo = Slot.min(accepted.upTo(), pipeline.last());
    if (!isMember(from)) {
      effects.ignored("onAccepted", "not of a member");
      return;
    }
    if (!progress.of(from).onMatched(upTo, nowNanos)) {
      effects.ignored("onAccepted", "nothing new");
      return;
    }
    progressedNanos = nowNanos;
    advance(nowNanos);
  }

  /** A member met a gap. */
  void onMissing(long nowNanos, Life from, Message.Missing missing) {
    if (!missing.ballot().equals(ballot)) {
      effects.ignored("onMissing", "of another ballot");
      return;
    }
    if (!isMember(from)) {
      effects.ignored("onMissing", "not of a member");
      return;
    }
    if (progress.of(from).onMissing(missing.from())) {
      progressedNanos = nowNanos;
    }
    delivery.onMissing(nowNanos, from, missing.from());
  }

  /** Somebody promised a higher ballot. */
  void onRefused(Message.Refused refused) {
    if (!refused.ballot().equals(ballot) || !refused.promised().isAbove(ballot)) {
      effects.ignored("onRefused", "of another ballot");
      return;
    }
    orphan =
        Optional.of(
            orphan.map(known -> Ballot.max(known, refused.promised())).orElse(refused.promised()));
  }

  // ---- going on
  // ------------------------------------------------------------------------------------------------------------------

  /** Asks everybody in the live set for a promise (phase 1a). */
  void prepare(long nowNanos) {
    preparation.ask(learner.inForce(), nowNanos);
  }

  /**
   * Goes on as far as what is known allows: with the adoption, the barrier, and the next proposals.
   */
  void advance(long nowNanos) {
    if (phase == Phase.PREPARING) {
      if (!preparation.suffices(learner.inForce(), nowNanos)) {
        return;
      }
      pipeline.begin();
      phase = Phase.RECOVERING;
    }
    pipeline.dropLearned();
    if (!pipeline.isDeposed()) {
      pipeline.countAccepted(nowNanos);
      pump(nowNanos);
    }
    if (phase == Phase.RECOVERING && pipeline.isElected()) {
      phase = Phase.COORDINATING;
      election.onCampaignWon();
    }
  }

  /** Proposes for the next slots, and sends what was not sent yet. */
  private void pump(long nowNanos) {
    pipeline.fill();
    delivery.sendNew(nowNanos);
  }

  /**
   * Sends again what was not answered in time, and tells those that wait how far the log is chosen.
   */
  void onTime(long nowNanos) {
    if (phase == Phase.PREPARING) {
      prepare(nowNanos);
      advance(nowNanos);
      return;
    }
    delivery.onTime(nowNanos);
    advance(nowNanos);
    if (!pipeline.isDeposed() && pipeline.isIdle()) {
      delivery.inform();
    }
  }

  /** When {@link #onTime} has something to do next. */
  long nextTimeNanos() {
    return phase == Phase.PREPARING
        ? preparation.nextTimeNanos(learner.inForce())
        : delivery.nextTimeNanos();
  }

  /** Why the promises do not suffice although a quorum answered in full. */
  Optional<UnknownSlot> obstacle() {
    return phase == Phase.PREPARING ? preparation.obstacle(learner.inForce()) : Optional.empty();
  }

  /**
   * A voter that knows the log up to this coordinator's election and still counts in no election
   * for slots that its log lost: a higher ballot settles them (protocol-rules.md, 3), if a quorum
   * beyond doubt is there to be asked. Until then more such losses, one after another, could leave
   * no quorum that counts.
   */
  Optional<ServerId> voterInDoubt(long nowNanos) {
    Membership membership = learner.inForce();
    if (phase != Phase.COORDINATING
        || isChangingMembership()
        || nowNanos - startedNanos < settings.electionTimeoutNanos()
        || !membership.isQuorum(peers::isBeyondDoubt)) {
      return Optional.empty();
    }
    Slot electedAt = pipeline.ownSlot().orElseThrow();
    return membership.members().stream()
        .filter(member -> member.role().votes() && peers.isHeard(member))
        .filter(member -> !peers.chosenOf(member).isBefore(electedAt))
        .filter(member -> peers.isLongInDoubt(member, nowNanos))
        .map(Member::server)
        .findFirst();
  }

  // ---- commands and memberships
  // ------------------------------------------------------------------------------------------------------------------

  /** How many more values may be proposed now. */
  int room() {
    if (phase != Phase.COORDINATING || resting || isChangingMembership() || witnesses.isFull()) {
      return 0;
    }
    return pipeline.room();
  }

  /** Commands to be chosen, one slot each. */
  void propose(long nowNanos, List<Value.Batch> batches) {
    Check.that(batches.size() <= room(), "%s batches, room for %s", batches.size(), room());
    pipeline.add(batches);
    pump(nowNanos);
  }

  /** Takes over from this server's own earlier ballot what was not proposed there yet. */
  void inherit(Coordinator earlier) {
    pipeline.inherit(earlier.pipeline);
  }

  /** Whether a membership is proposed and not through its barrier. */
  boolean isChangingMembership() {
    return pipeline.isChangingMembership();
  }

  /** Whether a version is proposed and not chosen. */
  boolean isUpgrading() {
    return pipeline.isUpgrading();
  }

  /**
   * Proposes the version that the cluster is to behave by next, without an operator, if there is
   * one: see {@link Upgrade}. Only where it need not wait for a slot: what members said would be
   * old by then.
   */
  void upgrade(long nowNanos) {
    if (settings.supported().newest() <= learner.version().number()
        || room() == 0
        || isUpgrading()) {
      return;
    }
    new Upgrade(learner.version(), learner.inForce(), peers::supportedBy)
        .wanted()
        .ifPresent(
            version -> {
              pipeline.add(List.of(version));
              pump(nowNanos);
            });
  }

  /** A membership to be chosen. */
  void proposeMembership(long nowNanos, Membership membership) {
    pipeline.add(List.of(membership));
    pump(nowNanos);
  }

  /**
   * The membership that should be next, without an operator: see {@link Replacement} and {@link
   * DynamicQuorum}.
   *
   * @param goesOn whether there is somebody to coordinate in this membership
   */
  Optional<Membership> membershipWanted(long nowNanos, Predicate<Membership> goesOn) {
    if (phase != Phase.COORDINATING || resting || isChangingMembership()) {
      return Optional.empty();
    }
    ChangePlan.View view = view();
    return new Replacement(learner.membership(), view, goesOn)
        .wanted(
            member -> peers.newLifeOf(member, nowNanos),
            member -> peers.clientAddressOf(member.server()))
        .or(
            () ->
                DynamicQuorum.wanted(
                    learner.membership(),
                    settings.quorum(),
                    presence.view(
                        nowNanos,
                        view::isCaughtUp,
                        voter -> witnesses.isHeldUpBy(voter, nowNanos))))
        .filter(after -> !isUpgrading() && goesOn.test(after));
  }

  /** How the members are, as this coordinator sees them. */
  ChangePlan.View view() {
    return new ChangePlan.View() {
      @Override
      public boolean isLive(Member member) {
        return peers.isHeard(member);
      }

      @Override
      public boolean isCaughtUp(Member member) {
        return knowsNearlyAll(member) && peers.isDiskWell(member) && witnesses.mayGetVote(member);
      }

      @Override
      public boolean isWitness(Member member) {
        return peers.isWitness(member);
      }
    };
  }

  private boolean knowsNearlyAll(Member member) {
    return peers.isHeard(member) && !holds(member).isBefore(learner.nearlyAllChosen());
  }

  /** With the Ping that leaves next: how far witnesses may cut their logs, if there are any. */
  Optional<Slot> tellHeld(long nowNanos) {
    return witnesses.tell(nowNanos);
  }

  /** How much of the log this member is known to hold, by acceptance or as chosen. */
  private Slot holds(Member member) {
    return Slot.max(progress.of(member).matched(), peers.chosenOf(member));
  }

  // ---- handing over
  // ------------------------------------------------------------------------------------------------------------------

  /** Takes no more commands, so that what is in flight comes to an end; or takes them again. */
  void rest(boolean now) {
    resting = now;
    if (now) {
      readPoints.returnLease();
    }
  }

  /** Whether nothing is in flight or waiting, and this member has all of it. */
  boolean isDrained(Member successor) {
    return phase == Phase.COORDINATING
        && pipeline.isDrained()
        && peers.isDiskWell(successor)
        && !holds(successor).isBefore(pipeline.last());
  }

  // ---- reads
  // ------------------------------------------------------------------------------------------------------------------

  /** Somebody waits for a read point. */
  void onRead(long nowNanos, Reads.Waiting read) {
    if (phase != Phase.COORDINATING) {
      readPoints.refuse(List.of(read));
      return;
    }
    readPoints.onRead(nowNanos, read);
  }

  /** A Pong came: it may confirm the reads that wait. */
  void confirmReads(long nowNanos) {
    readPoints.confirm(nowNanos);
  }

  /** With the Ping that leaves next: for how long a lease is asked for, if it is. */
  OptionalLong leaseToAsk(long nowNanos) {
    return readPoints.leaseToAsk(nowNanos);
  }

  /** An acceptor gave the lease. */
  void onLeaseGiven(Life from, Message.LeaseGiven given) {
    if (!given.ballot().equals(ballot)) {
      effects.ignored("onLeaseGiven", "of another ballot");
    } else if (!isMember(from)) {
      effects.ignored("onLeaseGiven", "not of a member");
    } else if (!readPoints.onLeaseGiven(from, given)) {
      effects.ignored("onLeaseGiven", "nothing new");
    }
  }

  /** Whether reads wait for the clock to be read. */
  boolean wantsClock() {
    return readPoints.wantsClock();
  }

  /** The clock was read after all that has come. */
  void onClock(long clockNanos, long nowNanos) {
    readPoints.onClock(clockNanos, nowNanos);
  }

  /** So much the clock showed at some time before now. */
  void noteClock(long nanos) {
    readPoints.noteClock(nanos);
  }

  /** How many requests for a read point were answered under the lease. */
  long leaseReads() {
    return readPoints.leaseReads();
  }

  /** The ballot is lost: reads that wait are refused. What was proposed may still be chosen. */
  void close() {
    readPoints.close();
  }
}
