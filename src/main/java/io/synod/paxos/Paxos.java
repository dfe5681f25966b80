package io.synod.paxos;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The protocol of one server: {@link #step} is its one entrance.
 *
 * <p>It keeps its own time, which advances with {@link Input.TimePassed} by at most one ping
 * interval a step, so that a process that was held up handles what came meanwhile before it takes
 * others for silent (protocol-rules.md, 21).
 */
public final class Paxos {
  private final Roles roles;
  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Learner learner;
  private final VoteMemory memory;
  private final LeasesGiven leases;
  private final StateComparison states;
  private final Peers peers;
  private final Election election;
  private final Pings pings;
  private final FoundingRound founding;
  private final Administration administration;
  private final OwnBallot own;
  private final Reception reception;

  private long realNanos = Long.MIN_VALUE;
  private long nowNanos;
  private Slot membershipSeen = Slot.ZERO;

  /** A server as it finds itself when it starts. {@link #start} comes next. */
  public Paxos(PaxosSettings settings, Recovered recovered) {
    this.settings = settings;
    this.roles = Roles.of(settings, recovered);
    this.effects = roles.effects();
    this.acceptor = roles.acceptor();
    this.learner = roles.learner();
    this.memory = roles.memory();
    this.leases = roles.leases();
    this.states = roles.states();
    this.peers = roles.peers();
    SplittableRandom random = new SplittableRandom(settings.seed());
    SplittableRandom ofElection = random.split();
    this.election = new Election(roles, ofElection, recovered.ballotTaken());
    this.pings = new Pings(roles, election, ofElection);
    this.founding = new FoundingRound(settings, effects, random.split(), recovered);
    this.administration = new Administration(roles);
    this.own = new OwnBallot(roles, election, pings, administration);
    this.reception = new Reception(roles, election, pings, founding, own);
    recovered.membership().or(this::founded).ifPresent(this::open);
  }

  /**
   * Hands over what is chosen and not applied yet. Once, before the first step.
   *
   * @param version in force after {@code applied}, as the store says
   */
  public Output start(Slot applied, VersionInForce version) {
    Check.that(
        !applied.isBefore(acceptor.log().cut()) && !applied.isAfter(acceptor.chosen()),
        "a store applied up to %s does not fit a log cut at %s and chosen up to %s",
        applied,
        acceptor.log().cut(),
        acceptor.chosen());
    learner.replayAfter(applied, version);
    return effects.take();
  }

  /** Does what {@code input} asks for, and says what is to be done. */
  public Output step(Input input) {
    if (input instanceof Input.TimePassed time) {
      onTime(time);
    } else if (input instanceof Input.Received received) {
      reception.onReceived(nowNanos, received);
      openIfFounded();
    } else if (input instanceof Input.Proposed proposed) {
      coordinating("onProposed").ifPresent(acting -> acting.propose(nowNanos, proposed.batches()));
    } else if (input instanceof Input.MembershipProposed proposed) {
      onMembershipProposed(proposed.membership());
    } else if (input instanceof Input.ChangeRequested requested) {
      administration.onChange(nowNanos, own.coordinating(), requested);
    } else if (input instanceof Input.HandOverRequested requested) {
      administration.onHandOver(nowNanos, own.coordinating(), requested);
    } else if (input instanceof Input.Leaving) {
      onLeaving();
    } else if (input instanceof Input.ReadsWaiting reads) {
      onReadsWaiting(reads);
    } else if (input instanceof Input.ClockRead read) {
      onClockRead(read);
    } else if (input instanceof Input.PeerUnreachable unreachable) {
      if (peers.onUnreachable(unreachable.server())) {
        own.settle(nowNanos);
      }
    } else if (input instanceof Input.StateHashed hashed) {
      onStateHashed(hashed.state());
    } else if (input instanceof Input.SnapshotTaken taken) {
      learner.onSnapshotTaken(taken.slot());
    } else if (input instanceof Input.SnapshotInstalled installed) {
      onSnapshotInstalled(installed);
    } else if (input instanceof Input.SnapshotGivenUp) {
      learner.onSnapshotGivenUp();
    } else {
      throw new IllegalArgumentException("no handler for " + input);
    }
    own.handOver(nowNanos);
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
    return own.coordinator().map(Coordinator::room).orElse(0);
  }

  /** Whether this server coordinates: its own value is chosen at its ballot. */
  public boolean isCoordinating() {
    return own.coordinating().isPresent();
  }

  /**
   * Whom to send commands and read requests: the server that acts at the highest ballot known and
   * is content, if it is heard.
   */
  public Optional<ServerId> coordinatorHeard() {
    return isOpen() ? election.coordinatorHeard(own.ballot()) : Optional.empty();
  }

  /** Whether this server sees no reason to elect. */
  public boolean isContent() {
    return election.isContent();
  }

  /** Whether an {@link Input.ClockRead} is wanted: a lease is to be counted, or checked. */
  public boolean wantsClock() {
    return leases.wantsClock() || own.coordinator().map(Coordinator::wantsClock).orElse(false);
  }

  /** How many requests for a read point this server answered under its lease, in this run. */
  public long leaseReads() {
    return own.leaseReads();
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
    return peers.isMember();
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

  /** The version by which the cluster behaves behind the slots known to be chosen. */
  public VersionInForce version() {
    return learner.version();
  }

  /** A version that the cluster could behave by, but for some members. Only when open. */
  public Optional<UpgradeHeldUp> upgradeHeldUp() {
    return new Upgrade(learner.version(), roles.membership(), peers::supportedBy).heldUp();
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

  /** What the values in the log take, in bytes. */
  public long logBytes() {
    return acceptor.log().sizeBytes();
  }

  /** Where to cut the log so that all of it takes at most so many bytes; {@code most} at most. */
  public Slot slotLeaving(long leftBytes, Slot most) {
    return acceptor.log().leaving(leftBytes, most);
  }

  public Ballot promised() {
    return acceptor.promised();
  }

  /** Whether it forgot votes, so that it casts none in this life (protocol-rules.md, 12). */
  public boolean isVoteless() {
    return memory.isVoteless();
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
    return own.coordinator().flatMap(Coordinator::obstacle);
  }

  /** The highest ballot this server knows of. */
  public Ballot followed() {
    return election.followed();
  }

  /** What this server knows of the others. */
  public List<PeerView> peers() {
    return peers.all().stream().map(peer -> peer.view(nowNanos)).toList();
  }

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
            settings.quorum(),
            roles
                .presence()
                .view(
                    nowNanos,
                    member -> !peers.chosenOf(member).isBefore(learner.nearlyAllChosen()),
                    voter -> false))
        .filter(after -> !after.isVoter(settings.server(), settings.incarnation()))
        .isEmpty();
  }

  /** How long, from the last time that passed, until the protocol has something to do by itself. */
  public long nanosUntilDeadline() {
    if (!isOpen()) {
      return settings.pingIntervalNanos();
    }
    long deadline = pings.nextTimeNanos();
    if (own.coordinator().isPresent()) {
      deadline = Math.min(deadline, own.coordinator().get().nextTimeNanos());
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
    boolean barred = !roles.mayVote();
    leases.onTime(realNanos);
    own.noteClock(realNanos);
    founding.onTime(nowNanos);
    openIfFounded();
    if (!isOpen()) {
      return;
    }
    meetAgain();
    roles.condition().onTime(time);
    boolean silent = peers.onTime(nowNanos);
    boolean pinged = pings.isDue(nowNanos);
    if (pinged) {
      own.ping(nowNanos);
    }
    roles.presence().onTime(nowNanos, learner.membership());
    memory.onTime(nowNanos, roles.membership());
    boolean changed = silent || (barred && roles.mayVote());
    if (pinged && peers.isMember() && !memory.isVoteless()) {
      memory.onPinged(roles.membership(), peers.hasWitness(roles.membership()));
    }
    own.onTime(nowNanos, time.syncAgeNanos());
    administration.onTime(nowNanos, own.coordinator(), coordinatorHeard());
    roles.witness().cut();
    fetchWhatIsMissing();
    if (changed || own.coordinator().isEmpty() || own.isDeposed()) {
      own.settle(nowNanos);
    }
  }

  /** Another life than the one that the membership names has to be made known. */
  private void meetAgain() {
    Optional<Member> named = roles.membership().member(settings.server());
    if (named.isPresent() && !named.get().incarnation().equals(settings.incarnation())) {
      founding.meetAgain(nowNanos);
    }
  }

  private void fetchWhatIsMissing() {
    if (!roles.witness().hasRoom()) {
      return;
    }
    Optional<ServerId> coordinator =
        coordinatorHeard().filter(server -> !server.equals(settings.server()));
    Optional<ServerId> source = peers.furthestAhead(coordinator, nowNanos);
    learner.onTime(nowNanos, source, source.map(peers::roundTripNanos).orElse(0.0));
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
    roles.condition().leave();
    if (isOpen()) {
      own.ping(nowNanos);
    }
  }

  private void onReadsWaiting(Input.ReadsWaiting reads) {
    Optional<ServerId> server = coordinatorHeard();
    if (server.isEmpty()) {
      effects.readPoint(new Output.ReadAnswer.Refused(reads.id()));
    } else if (server.get().equals(settings.server())) {
      own.coordinator()
          .orElseThrow()
          .onRead(nowNanos, new Reads.Waiting(settings.server(), reads.id(), reads.underLease()));
    } else {
      effects.send(server.get(), new Message.ReadPointRequest(reads.id(), reads.underLease()));
    }
  }

  private void onClockRead(Input.ClockRead read) {
    leases.onClock(read.nanos());
    own.coordinator().ifPresent(acting -> acting.onClock(read.nanos(), nowNanos));
  }

  private Optional<Coordinator> coordinating(String handler) {
    Optional<Coordinator> acting = own.coordinating();
    if (acting.isEmpty()) {
      effects.ignored(handler, "not the coordinator");
    }
    return acting;
  }

  private void onStateHashed(StateHash state) {
    if (isOpen()) {
      states.onOwn(state, roles.membership());
      own.onStatesCompared(nowNanos);
    }
  }

  // ---- membership
  // --------------------------------------------------------------------------------------------------------------

  private Optional<MembershipInForce> founded() {
    return founding.inForce().map(it -> new MembershipInForce(Slot.ZERO, it.membership()));
  }

  private void openIfFounded() {
    if (!isOpen()) {
      founded().ifPresent(this::open);
    }
  }

  /**
   * It opens a server whose journal does not know of the founding: that was not durable yet, and
   * the snapshot was. How the cluster was founded it is told by the others.
   */
  private void onSnapshotInstalled(Input.SnapshotInstalled installed) {
    boolean wasOpen = isOpen();
    learner.onSnapshotInstalled(installed.slot(), installed.membership(), installed.version());
    if (!wasOpen && isOpen()) {
      memory.onOpenedBySnapshot();
      onOpened();
    }
  }

  private void open(MembershipInForce membership) {
    learner.open(membership);
    onOpened();
  }

  private void onOpened() {
    founding.onOpen();
    membershipSeen = learner.membership().decidedAt();
    peers.onMembership(roles.membership());
  }

  private void noteMembership() {
    if (isOpen() && !learner.membership().decidedAt().equals(membershipSeen)) {
      membershipSeen = learner.membership().decidedAt();
      boolean wasMember = isMember();
      peers.onMembership(roles.membership());
      if (wasMember && !isMember()) {
        effects.notice(new Notice.Removed(membershipSeen));
      }
      memory.onMembership(roles.membership());
      own.settle(nowNanos);
    }
  }
}
