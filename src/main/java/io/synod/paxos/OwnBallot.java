package io.synod.paxos;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * The ballot that this server acts at, if it acts: when one is taken, when a higher one takes its
 * place, and when it is given up (protocol-rules.md, 16 and 22). All of it is memory.
 */
final class OwnBallot {
  /**
   * A candidate that is not chosen, and gets no further, within so many election timeouts gives up
   * (protocol-rules.md, 16).
   */
  private static final int CAMPAIGN_TIMEOUTS = 4;

  private final Roles roles;
  private final PaxosSettings settings;
  private final Effects effects;
  private final Peers peers;
  private final Election election;
  private final Pings pings;
  private final Administration administration;

  /** Since when a member follows a higher ballot whose owner does not act. */
  private OptionalLong orphanSinceNanos = OptionalLong.empty();

  private Optional<Coordinator> coordinator = Optional.empty();

  /** The last reading of the clock that is known. */
  private long clockNanos = Long.MIN_VALUE;

  /** Of the ballots that are over. */
  private long leaseReads;

  OwnBallot(Roles roles, Election election, Pings pings, Administration administration) {
    this.roles = roles;
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.peers = roles.peers();
    this.election = election;
    this.pings = pings;
    this.administration = administration;
  }

  /** What this server does at its ballot, if it has one, as a candidate too. */
  Optional<Coordinator> coordinator() {
    return coordinator;
  }

  /** The same if its own value is chosen at its ballot. */
  Optional<Coordinator> coordinating() {
    return coordinator.filter(Coordinator::coordinates);
  }

  Optional<Ballot> ballot() {
    return coordinator.map(Coordinator::ballot);
  }

  /** What pings say is chosen: a coordinator's word only. */
  Optional<ChosenPrefix> chosenPrefix() {
    return coordinating().map(Coordinator::chosenPrefix);
  }

  /** For how long the Ping that leaves next asks for a lease, if it does. */
  OptionalLong leaseToAsk(long nowNanos) {
    return coordinator.map(acting -> acting.leaseToAsk(nowNanos)).orElse(OptionalLong.empty());
  }

  /** How many requests for a read point were answered under a lease, in this run. */
  long leaseReads() {
    return leaseReads + coordinator.map(Coordinator::leaseReads).orElse(0L);
  }

  /** So much the clock showed at some time before now. */
  void noteClock(long nanos) {
    clockNanos = nanos;
    coordinator.ifPresent(acting -> acting.noteClock(nanos));
  }

  // ---- drawing conclusions
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * Draws the conclusions from what changed: contentment, stepping down, a campaign. Each change is
   * told to all at once.
   */
  void settle(long nowNanos) {
    if (isDeposed()) {
      stepDown(nowNanos, "slots were chosen that it did not propose");
    }
    boolean changed = election.updateContent(ballot());
    if (coordinator.isPresent() && !election.isContent()) {
      stepDown(nowNanos, "it hears no quorum that follows its ballot");
      changed = true;
    }
    if (changed) {
      ping(nowNanos);
    }
    if (coordinator.isEmpty() && roles.mayVote()) {
      election
          .campaign(nowNanos)
          .ifPresent(taken -> begin(nowNanos, taken, "no server that it hears is content"));
    }
  }

  /** A coordinator would answer reads from its state, and have others follow it. */
  void onStatesCompared(long nowNanos) {
    if (coordinator.isPresent() && roles.states().isDiverged()) {
      stepDown(nowNanos, "its state differs from a quorum's");
      settle(nowNanos);
    }
  }

  /** Whether slots were chosen otherwise than was proposed at its ballot. */
  boolean isDeposed() {
    return coordinator.isPresent() && coordinator.get().isDeposed();
  }

  /** Pings everybody now. */
  void ping(long nowNanos) {
    pings.send(
        nowNanos,
        ballot(),
        chosenPrefix(),
        leaseToAsk(nowNanos),
        coordinating().flatMap(acting -> acting.tellHeld(nowNanos)));
  }

  /** Goes on at its ballot; finds reasons to give it up, or to take a higher one. */
  void onTime(long nowNanos, long syncAgeNanos) {
    if (coordinator.isEmpty()) {
      return;
    }
    Coordinator acting = coordinator.get();
    acting.onTime(nowNanos);
    Optional<String> whyNotAct = reasonToStepDown(acting, nowNanos, syncAgeNanos);
    if (whyNotAct.isPresent()) {
      stepDown(nowNanos, whyNotAct.get());
    } else if (!administration.isHandingOver() && election.isContent()) {
      reasonToPrepareAbove(acting, nowNanos).ifPresent(why -> prepareAbove(nowNanos, why));
    }
  }

  private Optional<String> reasonToStepDown(Coordinator acting, long nowNanos, long syncAgeNanos) {
    if (syncAgeNanos > settings.electionTimeoutNanos()) {
      return Optional.of("its disk has not synced for the election timeout");
    }
    if (acting.coordinates()
        && !roles.membership().isVoter(settings.server(), settings.incarnation())) {
      // Nobody would promise it anything any more, so that it could not even change the membership.
      return Optional.of("the membership gives it no vote");
    }
    long stuck = nowNanos - acting.progressedNanos();
    if (!acting.coordinates() && stuck > CAMPAIGN_TIMEOUTS * settings.electionTimeoutNanos()) {
      return Optional.of("not chosen in time");
    }
    return Optional.empty();
  }

  private Optional<String> reasonToPrepareAbove(Coordinator acting, long nowNanos) {
    long age = nowNanos - acting.startedNanos();
    Optional<Ballot> orphan = acting.orphan().or(() -> peers.followedByHeardAbove(acting.ballot()));
    if (orphan.isPresent()
        && age >= 2 * settings.pingIntervalNanos()
        && !peers.isActing(orphan.get())) {
      // protocol-rules.md, 22: the owner of that ballot is not heard; prepare above it, without
      // stepping down. Not at once: of one that stood still, what the owner says waits to be read.
      long since = orphanSinceNanos.orElse(nowNanos);
      orphanSinceNanos = OptionalLong.of(since);
      if (nowNanos - since >= 2 * settings.pingIntervalNanos()) {
        return Optional.of("a member follows " + orphan.get() + ", whose owner does not act");
      }
    } else {
      orphanSinceNanos = OptionalLong.empty();
    }
    return acting
        .voterInDoubt(nowNanos)
        .map(
            voter ->
                "the log of server "
                    + voter.number()
                    + " may lack what it accepted, which a new ballot settles");
  }

  // ---- taking one and giving it up
  // ------------------------------------------------------------------------------------------------------------------

  /** The coordinator that this server follows asks it to be the next. */
  void onTakeOver(long nowNanos, ServerId from, Message.TakeOver takeOver) {
    if (!takeOver.ballot().server().equals(from)
        || !takeOver.ballot().equals(election.followed())
        || coordinator.isPresent()
        || !roles.mayVote()) {
      effects.ignored("onTakeOver", "not of the ballot that is followed");
      return;
    }
    election
        .takeOver()
        .ifPresentOrElse(
            taken -> begin(nowNanos, taken, from + " hands over"),
            () -> effects.ignored("onTakeOver", "cannot campaign"));
  }

  /** Gives the ballot up once the hand-over that is under way has come to its end. */
  void handOver(long nowNanos) {
    coordinating()
        .flatMap(acting -> administration.handedOver(nowNanos, acting))
        .ifPresent(
            why -> {
              stepDown(nowNanos, why);
              election.onHandedOver(nowNanos);
            });
  }

  private void prepareAbove(long nowNanos, String why) {
    coordinator.orElseThrow().close();
    begin(nowNanos, election.take(), why);
  }

  /** Begins to act at a ballot that this server has just taken. */
  private void begin(long nowNanos, Ballot taken, String why) {
    orphanSinceNanos = OptionalLong.empty();
    effects.notice(new Notice.Campaigning(taken, why));
    Coordinator acting = new Coordinator(roles, election, pings, taken, nowNanos);
    acting.noteClock(clockNanos);
    coordinator.ifPresent(acting::inherit);
    leaseReads = leaseReads();
    coordinator = Optional.of(acting);
    election.updateContent(ballot());
    acting.prepare(nowNanos);
    pings.send(nowNanos, ballot(), Optional.empty(), OptionalLong.empty(), Optional.empty());
  }

  /** Gives the ballot up, if there is one. */
  void stepDown(long nowNanos, String why) {
    if (coordinator.isEmpty()) {
      return;
    }
    Coordinator acting = coordinator.get();
    acting.close();
    leaseReads = leaseReads();
    coordinator = Optional.empty();
    if (!acting.coordinates()) {
      election.onCampaignLost(nowNanos);
    }
    election.updateContent(ballot());
    effects.notice(new Notice.SteppedDown(acting.ballot(), why));
  }
}
