package io.synod.paxos;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * The protocol of one server: {@link #step} is its one entrance.
 *
 * <p>It keeps its own time, which advances with {@link Input.TimePassed} by at most one ping
 * interval a step, so that a process that was held up handles what came meanwhile before it takes
 * others for silent (protocol-rules.md, 21).
 */
public final class Paxos {
  /** A peer that names a ballot so far above all known ones is not a correct server. */
  private static final long MOST_ROUNDS_AHEAD = 1L << 32;

  /**
   * A candidate that is not chosen, and gets no further, within so many election timeouts gives up
   * (protocol-rules.md, 16).
   */
  private static final int CAMPAIGN_TIMEOUTS = 4;

  private final PaxosSettings settings;
  private final VoteMemory memory;

  /** It forgot votes that others saw: it casts none of any kind, and only learns. */
  private boolean voteless;

  private final Effects effects = new Effects();
  private final Acceptor acceptor;
  private final Learner learner;
  private final LeasesGiven leases;
  private final StateComparison states;
  private final Election election;
  private final FoundingRound founding;
  private final Administration administration;
  private Optional<Coordinator> coordinator = Optional.empty();

  private long realNanos = Long.MIN_VALUE;
  private long nowNanos;
  private Slot membershipSeen = Slot.ZERO;

  /** Of the ballots that are over. */
  private long leaseReads;

  /** Whether the newest chosen membership names this server's id. */
  private boolean isMember;

  /** A server as it finds itself when it starts. {@link #start} comes next. */
  public Paxos(PaxosSettings settings, Recovered recovered) {
    this.settings = settings;
    SplittableRandom random = new SplittableRandom(settings.seed());
    this.acceptor = new Acceptor(settings, effects, recovered);
    this.learner = new Learner(settings, effects, acceptor);
    this.leases = new LeasesGiven(settings, effects, recovered);
    this.states = new StateComparison(settings, effects);
    this.election =
        new Election(
            settings, effects, acceptor, learner, states, random.split(), recovered.ballotTaken());
    this.memory = new VoteMemory(settings, effects, acceptor, recovered);
    this.founding = new FoundingRound(settings, effects, random.split(), recovered);
    this.administration = new Administration(settings, effects, learner, election);
    if (founding.inForce().isPresent()) {
      open(
          recovered
              .membership()
              .orElse(new MembershipInForce(Slot.ZERO, founding.inForce().get().membership())));
    }
  }

  /** Hands over what is chosen and not applied yet. Once, before the first step. */
  public Output start(Slot applied) {
    Check.that(
        !applied.isBefore(acceptor.log().cut()) && !applied.isAfter(acceptor.chosen()),
        "a store applied up to %s does not fit a log cut at %s and chosen up to %s",
        applied,
        acceptor.log().cut(),
        acceptor.chosen());
    learner.replayAfter(applied);
    return effects.take();
  }

  /** Does what {@code input} asks for, and says what is to be done. */
  public Output step(Input input) {
    if (input instanceof Input.TimePassed time) {
      onTime(time);
    } else if (input instanceof Input.Received received) {
      onReceived(received);
    } else if (input instanceof Input.Proposed proposed) {
      coordinating("onProposed").ifPresent(acting -> acting.propose(nowNanos, proposed.batches()));
    } else if (input instanceof Input.MembershipProposed proposed) {
      onMembershipProposed(proposed.membership());
    } else if (input instanceof Input.ChangeRequested requested) {
      administration.onChange(nowNanos, coordinating(), requested);
    } else if (input instanceof Input.HandOverRequested requested) {
      administration.onHandOver(nowNanos, coordinating(), requested);
    } else if (input instanceof Input.Leaving) {
      onLeaving();
    } else if (input instanceof Input.ReadsWaiting reads) {
      onReadsWaiting(reads);
    } else if (input instanceof Input.ClockRead read) {
      onClockRead(read);
    } else if (input instanceof Input.PeerUnreachable unreachable) {
      if (election.onUnreachable(unreachable.server())) {
        settle();
      }
    } else if (input instanceof Input.StateHashed hashed) {
      onStateHashed(hashed.state());
    } else if (input instanceof Input.SnapshotTaken taken) {
      learner.onSnapshotTaken(taken.slot());
    } else if (input instanceof Input.SnapshotInstalled installed) {
      learner.onSnapshotInstalled(installed.slot(), installed.membership());
    } else if (input instanceof Input.SnapshotGivenUp) {
      learner.onSnapshotGivenUp();
    }
    handOver();
    noteMembership();
    return effects.take();
  }

  // ---- what others may ask
  // -----------------------------------------------------------------------------------------------------

  /**
   * How many more batches {@link Input.Proposed} may bring now; 0 when this server does not
   * coordinate.
   */
  public int proposalRoom() {
    return coordinator.map(Coordinator::room).orElse(0);
  }

  /** Whether this server coordinates: its own value is chosen at its ballot. */
  public boolean isCoordinating() {
    return coordinator.map(Coordinator::coordinates).orElse(false);
  }

  /**
   * Whom to send commands and read requests: the server that acts at the highest ballot known and
   * is content, if it is heard.
   */
  public Optional<ServerId> coordinatorHeard() {
    return isOpen() ? election.coordinatorHeard(acting()) : Optional.empty();
  }

  /** Whether this server sees no reason to elect. */
  public boolean isContent() {
    return election.isContent();
  }

  /** Whether an {@link Input.ClockRead} is wanted: a lease is to be counted, or checked. */
  public boolean wantsClock() {
    return leases.wantsClock() || coordinator.map(Coordinator::wantsClock).orElse(false);
  }

  /** How many requests for a read point this server answered under its lease, in this run. */
  public long leaseReads() {
    return leaseReads + coordinator.map(Coordinator::leaseReads).orElse(0L);
  }

  /** The founding in force; none before the cluster is open. */
  public Optional<Founding> founding() {
    return founding.inForce();
  }

  /** The listed servers that the founding waits for. */
  public List<ServerId> waitingFor() {
    return isOpen() ? List.of() : founding.waitingFor(nowNanos);
  }

  public boolean isOpen() {
    return learner.isOpen();
  }

  /**
   * Whether the newest chosen membership that this server knows names it. If not, it was removed,
   * or waits to be added; it is silent until a member calls it. Only when open.
   */
  public boolean isMember() {
    return isMember;
  }

  /** The newest chosen membership. Only when open. */
  public MembershipInForce membership() {
    return learner.membership();
  }

  /**
   * The membership in force at this slot, between the cut and the chosen prefix. Only when open.
   */
  public MembershipInForce membershipAt(Slot slot) {
    return learner.membershipAt(slot);
  }

  public Slot chosen() {
    return acceptor.chosen();
  }

  /** How far anybody was heard to know the log chosen. */
  public Slot heardChosen() {
    return Slot.max(learner.heardChosen(), acceptor.chosen());
  }

  /** The log begins after this slot. */
  public Slot cut() {
    return acceptor.log().cut();
  }

  /**
   * Where to cut the log so that so many bytes before {@code upTo} stay, for members that are a
   * little behind.
   */
  public Slot slotKeeping(long sizeBytes, Slot upTo) {
    return acceptor.log().keeping(sizeBytes, upTo);
  }

  public Ballot promised() {
    return acceptor.promised();
  }

  /** Whether it forgot votes, so that it casts none in this life (protocol-rules.md, 12). */
  public boolean isVoteless() {
    return voteless;
  }

  /** Whether this server's state is another than a quorum's (protocol-rules.md, 14). */
  public boolean isDiverged() {
    return states.isDiverged();
  }

  /** A slot after which no state has a quorum, if there is one: then nobody may serve. */
  public Optional<Slot> disputedState() {
    return states.disputed();
  }

  /** The slots whose acceptances may have been cut off with a torn tail, until that is settled. */
  public Optional<SlotRange> torn() {
    return acceptor.torn();
  }

  /** Why the ballot that this server prepares does not get on although a quorum answered. */
  public Optional<UnknownSlot> obstacle() {
    return coordinator.flatMap(Coordinator::obstacle);
  }

  /**
   * A slot in which a value may have been accepted that no quorum knows of.
   *
   * @param torn those whose torn tail covers it: they count as having accepted nothing there once
   *     {@code absent} is empty, or by an operator's command
   * @param damaged those that have lost what was durable there
   * @param absent voters that have not answered
   */
  public record UnknownSlot(
      Slot slot, List<ServerId> torn, List<ServerId> damaged, List<ServerId> absent) {}

  /** The highest ballot this server knows of. */
  public Ballot followed() {
    return election.followed();
  }

  /** What this server knows of the others, for display. */
  public Collection<PeerView> peers() {
    List<PeerView> views = new ArrayList<>();
    for (Peer peer : election.peers()) {
      views.add(
          new PeerView(
              peer.server(),
              peer.isHeard(),
              peer.incarnation(),
              peer.standing(),
              peer.roundTripNanos()));
    }
    return Collections.unmodifiableList(views);
  }

  /** Another server as this one sees it. */
  public record PeerView(
      ServerId server,
      boolean live,
      Optional<Incarnation> incarnation,
      Optional<Standing> standing,
      double roundTripNanos) {}

  /**
   * Whether this server may stop without its vote being missed, after {@link Input.Leaving}: it has
   * none, or none is to be taken from it. Only when open.
   */
  public boolean isReleased() {
    MembershipInForce inForce = learner.membership();
    if (settings.quorum().mode() == QuorumPolicy.Mode.MAJORITY
        || !inForce.membership().isVoter(settings.server(), settings.incarnation())) {
      return true;
    }
    return DynamicQuorum.wanted(
            inForce,
            settings.quorum().mode(),
            election
                .presence()
                .view(
                    nowNanos,
                    member -> !election.chosenOf(member).isBefore(learner.nearlyAllChosen())))
        .filter(after -> !after.isVoter(settings.server(), settings.incarnation()))
        .isEmpty();
  }

  /** How long, from the last time that passed, until the protocol has something to do by itself. */
  public long nanosUntilDeadline() {
    if (!isOpen()) {
      return settings.pingIntervalNanos();
    }
    long deadline = election.nextPingNanos();
    if (coordinator.isPresent()) {
      deadline = Math.min(deadline, coordinator.get().nextTimeNanos());
    }
    if (election.campaignAtNanos().isPresent()) {
      deadline = Math.min(deadline, election.campaignAtNanos().get());
    }
    return deadline <= nowNanos ? 0 : deadline - nowNanos;
  }

  // ---- inputs
  // ------------------------------------------------------------------------------------------------------------------

  private void onTime(Input.TimePassed time) {
    long passed = realNanos == Long.MIN_VALUE ? 0 : time.nanos() - realNanos;
    Check.that(passed >= 0, "time went back by %s ns", -passed);
    realNanos = time.nanos();
    nowNanos += Math.min(passed, settings.pingIntervalNanos());
    boolean barred = !mayVote();
    leases.onTime(realNanos);
    coordinator.ifPresent(acting -> acting.noteClock(realNanos));
    if (!isOpen()) {
      founding.onTime(nowNanos);
      openIfFounded();
      return;
    }
    Optional<Member> named = membership().membership().member(settings.server());
    if (named.isPresent() && !named.get().incarnation().equals(settings.incarnation())) {
      founding.meetAgain(nowNanos);
    }
    Input.TimePassed own = new Input.TimePassed(nowNanos, time.syncAgeNanos(), time.applied());
    long pings = election.pingNumber();
    OptionalLong lease = election.isPingDue(nowNanos) ? leaseToAsk() : OptionalLong.empty();
    boolean silent = election.onTime(own, acting(), chosenPrefix(), lease);
    memory.onTime(nowNanos, learner.membership().membership());
    silent |= barred && mayVote();
    if (election.pingNumber() != pings && !voteless) {
      memory.onPinged(learner.membership().membership());
    }
    coordinator.ifPresent(acting -> acting.onTime(nowNanos));
    if (coordinator.isPresent()) {
      checkCoordinator(time.syncAgeNanos());
    }
    administration.onTime(nowNanos, coordinator, coordinatorHeard());
    Optional<ServerId> source = catchUpSource();
    learner.onTime(nowNanos, source, source.map(election::roundTripNanos).orElse(0.0));
    if (silent || coordinator.isEmpty() || coordinator.get().isDeposed()) {
      settle();
    }
  }

  /** Reasons to give the ballot up, or to take a higher one. */
  private void checkCoordinator(long syncAgeNanos) {
    Coordinator acting = coordinator.orElseThrow();
    if (syncAgeNanos > settings.electionTimeoutNanos()) {
      stepDown("its disk has not synced for the election timeout");
      return;
    }
    if (acting.coordinates()
        && !learner.membership().membership().isVoter(settings.server(), settings.incarnation())) {
      // Nobody would promise it anything any more, so that it could not even change the membership.
      stepDown("the membership gives it no vote");
      return;
    }
    long age = nowNanos - acting.startedNanos();
    long stuck = nowNanos - acting.progressedNanos();
    if (!acting.coordinates() && stuck > CAMPAIGN_TIMEOUTS * settings.electionTimeoutNanos()) {
      stepDown("not chosen in time");
      return;
    }
    if (administration.isHandingOver() || !election.isContent()) {
      return;
    }
    Optional<Ballot> orphan =
        acting.orphan().or(() -> election.followedByHeardAbove(acting.ballot()));
    if (orphan.isPresent() && age >= 2 * settings.pingIntervalNanos() && !isActing(orphan.get())) {
      // protocol-rules.md, 22: the owner of that ballot is not heard; prepare above it, without
      // stepping down.
      prepareAbove("a member follows " + orphan.get() + ", whose owner does not act");
      return;
    }
    acting
        .voterInDoubt(nowNanos)
        .ifPresent(
            voter ->
                prepareAbove(
                    "the log of server "
                        + voter.number()
                        + " may lack what it accepted, which a new ballot settles"));
  }

  private boolean isActing(Ballot ballot) {
    return election
        .peer(ballot.server())
        .map(
            owner ->
                owner.isHeard()
                    && owner.standing().flatMap(Standing::acting).equals(Optional.of(ballot)))
        .orElse(false);
  }

  /** Gives the ballot up once the hand-over that is under way has come to its end. */
  private void handOver() {
    if (isCoordinating()) {
      administration
          .handedOver(nowNanos, coordinator.orElseThrow())
          .ifPresent(
              why -> {
                stepDown(why);
                election.onHandedOver(nowNanos);
              });
    }
  }

  /** The coordinator that this server follows asks it to be the next. */
  private void onTakeOver(ServerId from, Message.TakeOver takeOver) {
    if (!takeOver.ballot().server().equals(from)
        || !takeOver.ballot().equals(election.followed())
        || coordinator.isPresent()
        || !mayVote()) {
      effects.ignored("onTakeOver", "not of the ballot that is followed");
      return;
    }
    election
        .takeOver()
        .ifPresentOrElse(
            ballot -> {
              effects.notice(new Notice.Campaigning(ballot, from + " hands over"));
              begin(ballot);
            },
            () -> effects.ignored("onTakeOver", "cannot campaign"));
  }

  private Optional<ServerId> catchUpSource() {
    Optional<ServerId> heard =
        coordinatorHeard().filter(server -> !server.equals(settings.server()));
    boolean ahead =
        heard
            .flatMap(election::peer)
            .flatMap(Peer::standing)
            .map(standing -> standing.chosen().isAfter(chosen()))
            .orElse(false);
    if (ahead) {
      return heard;
    }
    Optional<ServerId> best = Optional.empty();
    Slot most = chosen();
    for (Peer peer : election.peers()) {
      Slot has = peer.standing().map(Standing::chosen).orElse(Slot.ZERO);
      if ((peer.isHeard() || election.isOfNewerMembership(peer, nowNanos)) && has.isAfter(most)) {
        most = has;
        best = Optional.of(peer.server());
      }
    }
    return best;
  }

  private void onMembershipProposed(Membership membership) {
    Optional<Coordinator> acting = coordinating("onMembershipProposed");
    if (acting.isEmpty()) {
      return;
    }
    if (acting.get().isChangingMembership()) {
      effects.ignored("onMembershipProposed", "another change is in flight");
      return;
    }
    acting.get().proposeMembership(nowNanos, membership);
  }

  private void onLeaving() {
    election.leave();
    if (isOpen()) {
      ping();
    }
  }

  private void onReadsWaiting(Input.ReadsWaiting reads) {
    Optional<ServerId> server = coordinatorHeard();
    if (server.isEmpty()) {
      effects.readPoint(new Output.ReadAnswer.Refused(reads.id()));
    } else if (server.get().equals(settings.server())) {
      Reads.Waiting own = new Reads.Waiting(settings.server(), reads.id(), reads.underLease());
      coordinator.orElseThrow().onReads(nowNanos, own);
    } else {
      effects.send(server.get(), new Message.ReadPointRequest(reads.id(), reads.underLease()));
    }
  }

  private void onClockRead(Input.ClockRead read) {
    leases.onClock(read.nanos());
    coordinator.ifPresent(acting -> acting.onClock(read.nanos(), nowNanos));
  }

  private Optional<Coordinator> coordinating() {
    return coordinator.filter(Coordinator::coordinates);
  }

  private Optional<Coordinator> coordinating(String handler) {
    Optional<Coordinator> acting = coordinating();
    if (acting.isEmpty()) {
      effects.ignored(handler, "not the coordinator");
    }
    return acting;
  }

  // ---- messages
  // ----------------------------------------------------------------------------------------------------------------

  private void onReceived(Input.Received received) {
    ServerId from = received.from();
    Message message = received.message();
    Optional<Ballot> named = ballotIn(message);
    if (named.isPresent()
        && named.get().round() - election.followed().round() > MOST_ROUNDS_AHEAD) {
      effects.notice(new Notice.PeerMisbehaved(from, "a ballot far above all others"));
      return;
    }
    if (onFounding(from, received.incarnation(), message)) {
      openIfFounded();
      return;
    }
    if (!isOpen()) {
      effects.ignored("onReceived", "not open yet");
      if (message instanceof Message.Ping) {
        founding.introduce(from);
      }
      return;
    }
    boolean asksForVote = message instanceof Message.Prepare || message instanceof Message.Propose;
    if (asksForVote && !mayVote()) {
      effects.ignored(
          "onReceived",
          voteless
              ? "no vote: some are forgotten"
              : leases.isWaiting()
                  ? "no vote: a lease given before the start may be in force"
                  : "no vote: others are asked for more");
      return;
    }
    if (message instanceof Message.Ping ping) {
      onPing(from, received.incarnation(), ping);
    } else if (message instanceof Message.Pong pong) {
      onPong(from, received.incarnation(), pong);
    } else if (message instanceof Message.Prepare prepare) {
      onPrepare(from, received.incarnation(), prepare);
    } else if (message instanceof Message.Propose propose) {
      onPropose(from, propose);
    } else if (message instanceof Message.Inform inform) {
      onChosenPrefix(from, inform.chosen());
    } else if (message instanceof Message.TakeOver takeOver) {
      onTakeOver(from, takeOver);
    } else if (message instanceof Message.LeaseReturned returned) {
      onLeaseReturned(from, returned);
    } else if (message instanceof Message.Fetch fetch) {
      learner.onFetch(from, fetch);
    } else if (message instanceof Message.Fetched fetched) {
      learner.onFetched(nowNanos, from, fetched);
      coordinator.ifPresent(acting -> acting.advance(nowNanos));
      settle();
    } else if (message instanceof Message.VotesCast cast) {
      onVotes(from, received.incarnation(), cast.votes());
    } else if (message instanceof Message.VotesSeenRequest) {
      memory.onRequest(from, received.incarnation());
    } else if (message instanceof Message.VotesSeen seen) {
      onVotesSeen(from, seen);
    } else if (message instanceof Message.ReadPoint point) {
      effects.readPoint(new Output.ReadAnswer.Ready(point.id(), point.point()));
    } else if (message instanceof Message.ReadPointRefused refused) {
      effects.readPoint(new Output.ReadAnswer.Refused(refused.id()));
    } else {
      onForCoordinator(from, received.incarnation(), message);
    }
  }

  private static Optional<Ballot> ballotIn(Message message) {
    if (message instanceof Message.Ping ping) {
      return Optional.of(ping.standing().followed());
    } else if (message instanceof Message.Pong pong) {
      return Optional.of(Ballot.max(pong.standing().followed(), pong.promised()));
    } else if (message instanceof Message.Prepare prepare) {
      return Optional.of(prepare.ballot());
    } else if (message instanceof Message.Propose propose) {
      return Optional.of(propose.ballot());
    } else if (message instanceof Message.Refused refused) {
      return Optional.of(refused.promised());
    }
    return Optional.empty();
  }

  private boolean onFounding(ServerId from, Incarnation incarnation, Message message) {
    if (message instanceof Message.Meet meet) {
      founding.onMeet(nowNanos, from, incarnation, meet);
      if (isOpen()) {
        election.onMeet(from, meet.clientAddress());
      }
    } else if (message instanceof Message.Found found) {
      founding.onFound(from, found);
    } else if (message instanceof Message.FoundingSynced synced) {
      founding.onSynced(nowNanos, from, synced);
    } else if (message instanceof Message.FoundingOpened opened) {
      founding.onOpened(from, incarnation, opened);
    } else {
      return false;
    }
    return true;
  }

  private void onPing(ServerId from, Incarnation incarnation, Message.Ping ping) {
    boolean changed = election.onPing(nowNanos, from, incarnation, ping, acting(), mayVote());
    if (ping.leaseNanos().isPresent()
        && mayVote()
        && learner.membership().membership().isVoter(from, incarnation)) {
      leases.onPing(from, ping, acceptor.promised(), election.followed());
    }
    if (ping.chosen().isPresent()) {
      onChosenPrefix(from, ping.chosen().get());
    }
    onStateOf(new Life(from, incarnation), ping.standing());
    if (changed) {
      settle();
    }
  }

  private void onLeaseReturned(ServerId from, Message.LeaseReturned returned) {
    if (!returned.ballot().server().equals(from)) {
      effects.notice(new Notice.PeerMisbehaved(from, "returned another server's lease"));
      return;
    }
    leases.onReturned(returned);
  }

  private void onPong(ServerId from, Incarnation incarnation, Message.Pong pong) {
    boolean changed = election.onPong(nowNanos, from, incarnation, pong);
    coordinator.ifPresent(acting -> acting.confirmReads(nowNanos));
    onStateOf(new Life(from, incarnation), pong.standing());
    if (changed) {
      settle();
    }
  }

  // ---- what the replicas made of the log
  // -------------------------------------------------------------------------------------------

  private void onStateHashed(StateHash state) {
    if (isOpen()) {
      states.onOwn(state, learner.membership().membership());
      onStatesCompared();
    }
  }

  private void onStateOf(Life peer, Standing standing) {
    states.onPeer(peer, standing.state(), learner.membership().membership());
    onStatesCompared();
  }

  /** A coordinator would answer reads from its state, and have others follow it. */
  private void onStatesCompared() {
    if (states.isDiverged() && coordinator.isPresent()) {
      stepDown("its state differs from a quorum's");
      settle();
    }
  }

  private void onChosenPrefix(ServerId from, ChosenPrefix prefix) {
    if (!prefix.ballot().server().equals(from)) {
      effects.notice(new Notice.PeerMisbehaved(from, "a chosen prefix at another server's ballot"));
      return;
    }
    learner.onChosenPrefix(prefix);
  }

  private void onPrepare(ServerId from, Incarnation incarnation, Message.Prepare prepare) {
    if (!prepare.ballot().server().equals(from)) {
      effects.notice(new Notice.PeerMisbehaved(from, "a Prepare at another server's ballot"));
      return;
    }
    if (!mayCoordinate(from, incarnation)) {
      effects.ignored("onPrepare", "not from a voter");
      return;
    }
    if (leases.forbids(prepare.ballot())) {
      effects.ignored("onPrepare", "a lease is given to another");
      return;
    }
    acceptor.onPrepare(from, prepare);
    onPromised();
  }

  /**
   * Whether the sender may be a coordinator as far as this server can know: it votes in the newest
   * chosen membership, or there may be a newer one (protocol-rules.md, 18).
   */
  private boolean mayCoordinate(ServerId from, Incarnation incarnation) {
    if (learner.membership().membership().isVoter(from, incarnation)) {
      return true;
    }
    boolean mayBeNewer =
        election
            .peer(from)
            .flatMap(Peer::standing)
            .map(standing -> standing.membershipAt().isAfter(learner.membership().decidedAt()))
            .orElse(false);
    if (mayBeNewer) {
      return true;
    }
    Log log = acceptor.log();
    for (Slot slot = acceptor.chosen().next(); !slot.isAfter(log.last()); slot = slot.next()) {
      if (log.get(slot).value() instanceof Membership accepted
          && accepted.isVoter(from, incarnation)) {
        return true;
      }
    }
    return false;
  }

  private void onPropose(ServerId from, Message.Propose propose) {
    if (!propose.ballot().server().equals(from)) {
      effects.notice(new Notice.PeerMisbehaved(from, "a Propose at another server's ballot"));
      return;
    }
    if (propose.values().isEmpty()) {
      effects.notice(new Notice.PeerMisbehaved(from, "a Propose without a value"));
      return;
    }
    if (leases.forbids(propose.ballot())) {
      effects.ignored("onPropose", "a lease is given to another");
      return;
    }
    acceptor.onPropose(from, propose);
    learner.onChosenPrefix(new ChosenPrefix(propose.ballot(), propose.chosen()));
    onPromised();
  }

  /** The promise may have risen: whoever acts below it is not followed any more. */
  private void onPromised() {
    if (acceptor.promised().isAbove(election.followed())) {
      election.onPromised(acceptor.promised(), nowNanos);
      settle();
    }
  }

  // ---- what was voted
  // -------------------------------------------------------------------------------------------------------------

  /**
   * Whether this server's votes are in order (protocol-rules.md, 3 and 12), and no lease that it
   * gave before it started can be in force.
   */
  private boolean mayVote() {
    return !voteless && !memory.isWithholding() && !leases.isWaiting();
  }

  private void onVotes(ServerId from, Incarnation incarnation, Votes votes) {
    if (!from.equals(settings.server())) {
      memory.onSeen(new Life(from, incarnation), votes, learner.membership().membership());
    }
  }

  private void onVotesSeen(ServerId from, Message.VotesSeen seen) {
    if (voteless) {
      effects.ignored("onVotesSeen", "it is known that votes are forgotten");
      return;
    }
    if (!memory.onVotesSeen(from, seen)) {
      return;
    }
    voteless = true;
    effects.record(new JournalRecord.VotesForgotten());
    if (coordinator.isPresent()) {
      stepDown("it has forgotten votes");
    }
    settle();
  }

  private void onForCoordinator(ServerId from, Incarnation incarnation, Message message) {
    if (message instanceof Message.ReadPointRequest request && !isCoordinating()) {
      effects.send(from, new Message.ReadPointRefused(request.id()));
      return;
    }
    if (coordinator.isEmpty()) {
      effects.ignored("onReceived", "for a coordinator, which this server is not");
      return;
    }
    Coordinator acting = coordinator.get();
    if (message instanceof Message.Promise promise) {
      acting.onPromise(nowNanos, from, incarnation, promise);
      onVotes(from, incarnation, new Votes(promise.ballot(), promise.last()));
    } else if (message instanceof Message.Accepted accepted) {
      acting.onAccepted(nowNanos, from, incarnation, accepted);
      onVotes(from, incarnation, new Votes(accepted.ballot(), accepted.upTo()));
    } else if (message instanceof Message.Missing missing) {
      acting.onMissing(nowNanos, from, incarnation, missing);
    } else if (message instanceof Message.Refused refused) {
      acting.onRefused(from, refused);
    } else if (message instanceof Message.ReadPointRequest request) {
      acting.onReads(nowNanos, new Reads.Waiting(from, request.id(), request.underLease()));
    } else if (message instanceof Message.LeaseGiven given) {
      acting.onLeaseGiven(from, incarnation, given);
    }
    if (acting.isDeposed()) {
      settle();
    }
  }

  // ---- who acts
  // ----------------------------------------------------------------------------------------------------------------

  private Optional<Ballot> acting() {
    return coordinator.map(Coordinator::ballot);
  }

  private Optional<ChosenPrefix> chosenPrefix() {
    return coordinator.filter(Coordinator::coordinates).map(Coordinator::chosenPrefix);
  }

  /**
   * Draws the conclusions from what changed: contentment, stepping down, a campaign. Each change is
   * told to all at once.
   */
  private void settle() {
    if (coordinator.isPresent() && coordinator.get().isDeposed()) {
      stepDown("slots were chosen that it did not propose");
    }
    boolean changed = election.updateContent(acting());
    if (coordinator.isPresent() && !election.isContent()) {
      stepDown("it hears no quorum that follows its ballot");
      changed = true;
    }
    if (changed) {
      ping();
    }
    if (coordinator.isEmpty() && mayVote()) {
      election.campaign(nowNanos).ifPresent(this::act);
    }
  }

  private void ping() {
    election.ping(nowNanos, acting(), chosenPrefix(), leaseToAsk());
  }

  private OptionalLong leaseToAsk() {
    return coordinator.map(acting -> acting.askForLease(nowNanos)).orElse(OptionalLong.empty());
  }

  /** Begins to act at a ballot that this server has just taken. */
  private void act(Ballot ballot) {
    effects.notice(new Notice.Campaigning(ballot, "no server that it hears is content"));
    begin(ballot);
  }

  private void begin(Ballot ballot) {
    Coordinator acting =
        new Coordinator(settings, effects, acceptor, learner, election, memory, ballot, nowNanos);
    acting.noteClock(realNanos);
    coordinator.ifPresent(acting::inherit);
    leaseReads = leaseReads();
    coordinator = Optional.of(acting);
    election.updateContent(acting());
    acting.prepare(nowNanos);
    election.ping(nowNanos, acting(), Optional.empty(), OptionalLong.empty());
  }

  private void prepareAbove(String why) {
    coordinator.orElseThrow().close();
    Ballot ballot = election.take();
    effects.notice(new Notice.Campaigning(ballot, why));
    begin(ballot);
  }

  private void stepDown(String why) {
    Coordinator acting = coordinator.orElseThrow();
    boolean won = acting.coordinates();
    acting.close();
    leaseReads = leaseReads();
    coordinator = Optional.empty();
    if (!won) {
      election.onCampaignLost(nowNanos);
    }
    election.updateContent(acting());
    effects.notice(new Notice.SteppedDown(acting.ballot(), why));
  }

  // ---- membership
  // --------------------------------------------------------------------------------------------------------------

  private void openIfFounded() {
    if (!isOpen() && founding.inForce().isPresent()) {
      open(new MembershipInForce(Slot.ZERO, founding.inForce().get().membership()));
    }
  }

  private void open(MembershipInForce membership) {
    learner.open(membership);
    membershipSeen = learner.membership().decidedAt();
    isMember = learner.membership().membership().member(settings.server()).isPresent();
    election.onMembership(learner.membership().membership());
  }

  private void noteMembership() {
    if (isOpen() && !learner.membership().decidedAt().equals(membershipSeen)) {
      membershipSeen = learner.membership().decidedAt();
      boolean wasMember = isMember;
      isMember = learner.membership().membership().member(settings.server()).isPresent();
      if (wasMember && !isMember) {
        effects.notice(new Notice.Removed(membershipSeen));
      }
      election.onMembership(learner.membership().membership());
      memory.onMembership(learner.membership().membership());
      settle();
    }
  }
}
