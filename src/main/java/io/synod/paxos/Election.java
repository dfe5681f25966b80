package io.synod.paxos;

import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Who may try to become coordinator: ballot leader election (Ng et al., "Omni-Paxos", section 5) on
 * Ping and Pong. A server campaigns only if it hears a quorum, and only when no server that it
 * hears is content with the present coordinator. This takes the place of pre-vote and check-quorum,
 * and ends the shapes of partial connectivity in which others live-lock.
 *
 * <p>All of it is memory: a restarted server begins with nothing heard.
 */
final class Election {
  /** Campaigns that lost are repeated after at most this many ping intervals. */
  private static final int MAX_BACKOFF_SHIFT = 5;

  private static final long MOST_PINGS_BEFORE = 1L << 48;

  /** Servers of a membership that is not known yet included. */
  private static final int MOST_PEERS = 256;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Learner learner;
  private final StateComparison states;
  private final SplittableRandom random;
  private final TreeMap<ServerId, Peer> peers = new TreeMap<>();
  private final Peer.PingTimes pingTimes = new Peer.PingTimes();

  /**
   * Pings are numbered from a random number on in each run, so that the answer to a ping of an
   * earlier run of this server is told from one to this run's: it must not confirm a read.
   */
  private final long pingsBefore;

  private long pingNumber;
  private long pingedAtNanos = Long.MIN_VALUE;
  private Slot applied = Slot.ZERO;
  private long syncAgeNanos;

  /** The highest ballot this server knows of: promised, heard of, or taken. */
  private Ballot followed;

  /** The highest ballot this server took for itself; never taken again. Survives a restart. */
  private Ballot taken;

  private boolean content;

  private boolean leaving;

  private final Presence presence;

  /** Whether this server's id is in the membership; if not it pings nobody. */
  private boolean member;

  /** When it may campaign, once nothing speaks against it; none while something does. */
  private Optional<Long> campaignAtNanos = Optional.empty();

  private int failedCampaigns;
  private long backoffUntilNanos = Long.MIN_VALUE;

  Election(
      PaxosSettings settings,
      Effects effects,
      Acceptor acceptor,
      Learner learner,
      StateComparison states,
      SplittableRandom random,
      Ballot taken) {
    this.settings = settings;
    this.effects = effects;
    this.acceptor = acceptor;
    this.learner = learner;
    this.states = states;
    this.random = random;
    this.taken = taken;
    this.presence = new Presence(settings, this);
    this.pingsBefore = random.nextLong(MOST_PINGS_BEFORE);
    this.pingNumber = pingsBefore;
    this.followed = Ballot.max(acceptor.promised(), taken);
  }

  /** The other members. */
  Collection<Peer> peers() {
    return peers.values();
  }

  /** What is known of another member. */
  Optional<Peer> peer(ServerId server) {
    return Optional.ofNullable(peers.get(server));
  }

  /** The smoothed round trip to another member; 0 if it was not measured. */
  double roundTripNanos(ServerId server) {
    return peer(server).map(Peer::roundTripNanos).orElse(0.0);
  }

  boolean isContent() {
    return content;
  }

  Ballot followed() {
    return followed;
  }

  long pingNumber() {
    return pingNumber;
  }

  /** The members are known: pings go to them. Servers that left are forgotten. */
  void onMembership(Membership membership) {
    for (Member member : membership.members()) {
      if (!member.server().equals(settings.server())) {
        peers.computeIfAbsent(member.server(), Peer::new);
      }
    }
    peers.keySet().removeIf(server -> membership.member(server).isEmpty());
    member = membership.member(settings.server()).isPresent();
  }

  /** Whether this server, or the right life of that one, was heard lately. */
  boolean isHeard(Member member) {
    if (member.server().equals(settings.server())) {
      return true;
    }
    Peer peer = peers.get(member.server());
    return peer != null
        && peer.isHeard()
        && peer.incarnation().equals(Optional.of(member.incarnation()));
  }

  /** Whether this member's disk syncs, by what it said last. */
  boolean isDiskWell(Member member) {
    long ageNanos =
        member.server().equals(settings.server())
            ? syncAgeNanos
            : 1_000_000
                * peer(member.server())
                    .flatMap(Peer::standing)
                    .map(Standing::syncAgeMillis)
                    .orElse(0L);
    return ageNanos <= settings.electionTimeoutNanos() / 2;
  }

  /** Whether this member counts in every election, by what it said last. */
  boolean isBeyondDoubt(Member member) {
    return member.server().equals(settings.server())
        ? !acceptor.isInDoubt()
        : isHeard(member)
            && peer(member.server())
                .flatMap(Peer::standing)
                .filter(standing -> !standing.inDoubt())
                .isPresent();
  }

  /** Whether this other member has said for an election timeout that it is in doubt. */
  boolean isLongInDoubt(Member member, long nowNanos) {
    return peer(member.server())
        .flatMap(Peer::inDoubtSinceNanos)
        .filter(since -> nowNanos - since >= settings.electionTimeoutNanos())
        .isPresent();
  }

  /** How far this other member said that it knows the log to be chosen. */
  Slot chosenOf(Member member) {
    return peer(member.server())
        .filter(peer -> peer.incarnation().equals(Optional.of(member.incarnation())))
        .flatMap(Peer::standing)
        .map(Standing::chosen)
        .orElse(Slot.ZERO);
  }

  /** How much this member is preferred as coordinator. */
  int priorityOf(Member member) {
    return peer(member.server()).flatMap(Peer::standing).map(Standing::priority).orElse(0);
  }

  /** Whether this member, or this server, knows the membership decided at this slot. */
  boolean knowsMembership(Member member, Slot decidedAt) {
    return member.server().equals(settings.server())
        || peer(member.server())
            .flatMap(Peer::standing)
            .map(standing -> !standing.membershipAt().isBefore(decidedAt))
            .orElse(false);
  }

  /**
   * The life heard steadily under this member's id, if it is not the one that the membership names.
   */
  Optional<Incarnation> newLifeOf(Member member, long nowNanos) {
    return peer(member.server())
        .filter(Peer::isHeard)
        .filter(peer -> nowNanos - peer.lifeSinceNanos() >= settings.electionTimeoutNanos() / 2)
        .flatMap(Peer::incarnation)
        .filter(life -> !life.equals(member.incarnation()));
  }

  /** A server says where clients reach it. */
  void onMeet(ServerId from, Address clientAddress) {
    peer(from).ifPresent(peer -> peer.onClientAddress(clientAddress));
  }

  /** Where clients reach this server, if it said so lately. */
  Optional<Address> clientAddressOf(ServerId server) {
    return peer(server).flatMap(Peer::clientAddress);
  }

  /** The server that acts at the highest ballot known, if it is heard and content. */
  Optional<ServerId> coordinatorHeard(Optional<Ballot> ownActing) {
    if (ownActing.isPresent()) {
      return Optional.of(settings.server());
    }
    for (Peer peer : peers.values()) {
      if (peer.isHeard() && isContentAt(peer, followed)) {
        return Optional.of(peer.server());
      }
    }
    return Optional.empty();
  }

  private static boolean isContentAt(Peer peer, Ballot ballot) {
    Standing standing = peer.standing().orElse(null);
    return standing != null
        && standing.content()
        && standing.acting().isPresent()
        && standing.acting().get().equals(ballot);
  }

  /** A ballot was promised, taken or heard of. */
  void onBallot(Ballot ballot) {
    followed = Ballot.max(followed, ballot);
  }

  /**
   * A higher ballot of another server was promised: it gets a ping interval to show itself before
   * anybody campaigns above it.
   */
  void onPromised(Ballot ballot, long nowNanos) {
    onBallot(ballot);
    if (!ballot.server().equals(settings.server())) {
      backoffUntilNanos = Math.max(backoffUntilNanos, nowNanos + settings.pingIntervalNanos());
    }
  }

  // ---- ping
  // --------------------------------------------------------------------------------------------------------------------

  Standing standing(Optional<Ballot> acting) {
    return new Standing(
        followed,
        acting,
        content,
        acceptor.chosen(),
        applied,
        learner.membership().decidedAt(),
        syncAgeNanos / 1_000_000,
        states.told(),
        settings.priority(),
        leaving,
        acceptor.isInDoubt());
  }

  /** This server is about to stop, and says so from now on. */
  void leave() {
    leaving = true;
  }

  /** Whether this member said that it is about to stop, and was not heard to be there since. */
  boolean isLeaving(Member of) {
    if (of.server().equals(settings.server())) {
      return leaving;
    }
    Peer peer = peers.get(of.server());
    return peer != null
        && peer.incarnation().equals(Optional.of(of.incarnation()))
        && peer.standing().map(Standing::leaving).orElse(false);
  }

  /** For how long each member has been there. */
  Presence presence() {
    return presence;
  }

  /** Notes how this server is; pings if it is time to; returns whether a member fell silent. */
  boolean onTime(
      Input.TimePassed time,
      Optional<Ballot> acting,
      Optional<ChosenPrefix> chosen,
      OptionalLong leaseNanos) {
    applied = time.applied();
    syncAgeNanos = time.syncAgeNanos();
    boolean silent = false;
    for (Peer peer : peers.values()) {
      if (peer.becameSilent(time.nanos(), settings.electionTimeoutNanos())) {
        silent = true;
        effects.notice(
            new Notice.MemberSilent(peer.server(), "not heard for the election timeout"));
      }
    }
    if (isPingDue(time.nanos())) {
      ping(time.nanos(), acting, chosen, leaseNanos);
    }
    presence.onTime(time.nanos(), learner.membership());
    return silent;
  }

  /** Whether the next ping is due. */
  boolean isPingDue(long nowNanos) {
    return pingedAtNanos == Long.MIN_VALUE
        || nowNanos - pingedAtNanos >= settings.pingIntervalNanos();
  }

  /**
   * Pings everybody.
   *
   * @param chosen of the coordinator that this server is
   * @param leaseNanos for how long it asks for a lease, if it does
   */
  void ping(
      long nowNanos,
      Optional<Ballot> acting,
      Optional<ChosenPrefix> chosen,
      OptionalLong leaseNanos) {
    if (!member) {
      pingedAtNanos = nowNanos;
      return;
    }
    pingNumber++;
    pingedAtNanos = nowNanos;
    pingTimes.onSent(pingNumber, nowNanos);
    Message.Ping ping = new Message.Ping(pingNumber, standing(acting), chosen, leaseNanos);
    for (ServerId server : peers.keySet()) {
      effects.send(server, ping);
    }
  }

  long nextPingNanos() {
    return pingedAtNanos == Long.MIN_VALUE
        ? Long.MIN_VALUE
        : pingedAtNanos + settings.pingIntervalNanos();
  }

  /**
   * Answers, and takes note. Returns whether the sender's contentment or ballot changed.
   *
   * @param answers false for a server without a vote, since a Pong is one
   */
  boolean onPing(
      long nowNanos,
      ServerId from,
      Incarnation incarnation,
      Message.Ping ping,
      Optional<Ballot> acting,
      boolean answers) {
    Optional<Peer> known = peer(from).or(() -> onStranger(from, ping, acting));
    if (known.isEmpty()) {
      effects.ignored("onPing", "not a member");
      return false;
    }
    Peer peer = known.get();
    boolean changed = noteStanding(peer, incarnation, ping.standing(), nowNanos);
    if (!peer.isHeard() && peer.mayAsk(nowNanos, settings.pingIntervalNanos())) {
      // Ask at once whether the way there is open too, rather than with the next round.
      effects.send(from, new Message.Ping(pingNumber, standing(acting), Optional.empty()));
    }
    if (answers) {
      effects.send(
          from,
          new Message.Pong(
              ping.number(), standing(acting), acceptor.promised(), acceptor.log().last()));
    }
    return changed;
  }

  /**
   * One calls that the newest membership known here does not name. Either it knows a newer one:
   * then it is somebody to learn from. Or it knows an older one, and is told how far the log is.
   */
  private Optional<Peer> onStranger(ServerId from, Message.Ping ping, Optional<Ballot> acting) {
    int compared = ping.standing().membershipAt().compareTo(learner.membership().decidedAt());
    if (compared > 0 && peers.size() < MOST_PEERS) {
      return Optional.of(peers.computeIfAbsent(from, Peer::new));
    }
    if (compared < 0) {
      effects.send(from, new Message.Ping(pingNumber, standing(acting), Optional.empty()));
    }
    return Optional.empty();
  }

  /** Whether it lately spoke of a newer membership than this server knows. */
  boolean isOfNewerMembership(Peer peer, long nowNanos) {
    return nowNanos - peer.standingAtNanos() < settings.electionTimeoutNanos()
        && peer.standing()
            .map(standing -> standing.membershipAt().isAfter(learner.membership().decidedAt()))
            .orElse(false);
  }

  boolean onPong(long nowNanos, ServerId from, Incarnation incarnation, Message.Pong pong) {
    Peer peer = peers.get(from);
    if (peer == null) {
      effects.ignored("onPong", "not a member");
      return false;
    }
    if (pong.number() <= pingsBefore || pong.number() > pingNumber) {
      effects.ignored("onPong", "to a ping of an earlier run");
      return false;
    }
    boolean changed = noteStanding(peer, incarnation, pong.standing(), nowNanos);
    if (peer.onPong(pong, nowNanos, pingTimes)) {
      effects.notice(new Notice.MemberHeard(from));
      changed = true;
    }
    return changed;
  }

  private boolean noteStanding(
      Peer peer, Incarnation incarnation, Standing standing, long nowNanos) {
    boolean changed = peer.onStanding(incarnation, standing, nowNanos);
    standing.acting().ifPresent(this::onBallot);
    learner.onNews(standing.chosen());
    return changed;
  }

  /** Returns whether it was heard before. */
  boolean onUnreachable(ServerId server) {
    Peer peer = peers.get(server);
    if (peer == null || !peer.onUnreachable()) {
      return false;
    }
    effects.notice(
        new Notice.MemberSilent(server, "its stream broke and a new connection was refused"));
    return true;
  }

  // ---- the rule
  // ----------------------------------------------------------------------------------------------------------------

  /**
   * Whether a quorum is heard, this server's own vote included, that follows nothing above {@code
   * ballot}.
   */
  boolean hearsQuorumFollowing(Ballot ballot) {
    return learner
        .membership()
        .membership()
        .isQuorum(
            member -> {
              if (member.server().equals(settings.server())) {
                return member.incarnation().equals(settings.incarnation());
              }
              return isHeard(member)
                  && peer(member.server())
                      .flatMap(Peer::standing)
                      .map(standing -> !standing.followed().isAbove(ballot))
                      .orElse(false);
            });
  }

  /**
   * The highest ballot above this one that a heard member follows. One that died as a candidate, or
   * heard of another that did, may follow a ballot that nobody else knows of: it follows nobody
   * below.
   */
  Optional<Ballot> followedByHeardAbove(Ballot ballot) {
    Ballot highest = ballot;
    for (Peer peer : peers.values()) {
      if (peer.isHeard() && peer.standing().isPresent()) {
        highest = Ballot.max(highest, peer.standing().get().followed());
      }
    }
    return highest.equals(ballot) ? Optional.empty() : Optional.of(highest);
  }

  private boolean hearsQuorum() {
    return learner
        .membership()
        .membership()
        .isQuorum(
            member ->
                member.server().equals(settings.server())
                    ? member.incarnation().equals(settings.incarnation())
                    : isHeard(member));
  }

  /** Works out whether this server is content; returns whether that changed. */
  boolean updateContent(Optional<Ballot> acting) {
    boolean before = content;
    content =
        acting.isPresent()
            ? hearsQuorumFollowing(acting.get())
            : peers.values().stream()
                .anyMatch(peer -> peer.isHeard() && isContentAt(peer, followed));
    return content != before;
  }

  /** A reason not to campaign now, in a few words; none if there is none. */
  private Optional<String> reasonNotToCampaign(long nowNanos) {
    MembershipInForce newest = learner.membership();
    if (content) {
      return Optional.of("content");
    }
    Optional<Member> own = newest.membership().member(settings.server());
    if (own.isEmpty()
        || own.get().role() != Member.Role.VOTER
        || !own.get().incarnation().equals(settings.incarnation())) {
      return Optional.of("not a voter");
    }
    if (!hasState()) {
      return Optional.of("it has no state, or one that differs from a quorum's");
    }
    if (!hearsQuorum()) {
      return Optional.of("no quorum heard");
    }
    if (syncAgeNanos > settings.electionTimeoutNanos() / 2) {
      return Optional.of("the disk does not sync");
    }
    if (nowNanos < backoffUntilNanos) {
      return Optional.of("backing off");
    }
    for (Peer peer : peers.values()) {
      Standing standing = peer.isHeard() ? peer.standing().orElse(null) : null;
      if (standing == null) {
        continue;
      }
      if (standing.content()) {
        return Optional.of("a server that is heard is content");
      }
      if (standing.membershipAt().isAfter(newest.decidedAt())) {
        return Optional.of("a newer membership is to be fetched first");
      }
    }
    return Optional.empty();
  }

  /** Whether a coordinator here could apply what is chosen, and answer reads. */
  private boolean hasState() {
    return !states.isDiverged() && !applied.isBefore(acceptor.log().cut());
  }

  /**
   * How long to let better placed servers go first: those caught up further, then by priority, then
   * by id.
   */
  private long rankDelayNanos() {
    int better = 0;
    double slowest = 0;
    Slot own = acceptor.chosen();
    for (Member member : learner.membership().membership().members()) {
      Peer peer = peers.get(member.server());
      if (peer == null || member.role() != Member.Role.VOTER || !isHeard(member)) {
        continue;
      }
      Standing standing = peer.standing().orElseThrow();
      slowest = Math.max(slowest, peer.roundTripNanos());
      int byChosen = standing.chosen().compareTo(own);
      int byPriority = Integer.compare(standing.priority(), settings.priority());
      boolean behindFar = Math.abs(standing.chosen().minus(own)) > settings.pipelineSlots();
      int order = behindFar ? byChosen : byPriority != 0 ? byPriority : byChosen;
      if (order > 0 || (order == 0 && peer.server().compareTo(settings.server()) < 0)) {
        better++;
      }
    }
    return better * Math.round(2 * slowest + settings.pingIntervalNanos() / 10.0);
  }

  /** Whether to campaign now, and at which ballot. */
  Optional<Ballot> campaign(long nowNanos) {
    if (reasonNotToCampaign(nowNanos).isPresent()) {
      campaignAtNanos = Optional.empty();
      return Optional.empty();
    }
    if (campaignAtNanos.isEmpty()) {
      campaignAtNanos = Optional.of(nowNanos + rankDelayNanos());
    }
    if (nowNanos < campaignAtNanos.get()) {
      return Optional.empty();
    }
    return Optional.of(take());
  }

  /** Takes a ballot although the coordinator is content, which has asked for it; if it may. */
  Optional<Ballot> takeOver() {
    boolean may =
        learner
                .membership()
                .membership()
                .member(settings.server())
                .filter(own -> own.role() == Member.Role.VOTER)
                .filter(own -> own.incarnation().equals(settings.incarnation()))
                .isPresent()
            && hasState()
            && hearsQuorum()
            && syncAgeNanos <= settings.electionTimeoutNanos() / 2;
    return may ? Optional.of(take()) : Optional.empty();
  }

  /** This server gave its ballot up for another: it does not campaign for a while. */
  void onHandedOver(long nowNanos) {
    backoffUntilNanos = Math.max(backoffUntilNanos, nowNanos + settings.electionTimeoutNanos());
  }

  /** When the wait for better placed servers ends. */
  Optional<Long> campaignAtNanos() {
    return campaignAtNanos;
  }

  /**
   * Takes a ballot above all that this server knows of, to be made durable before anything is sent
   * at it.
   */
  Ballot take() {
    Ballot highest = Ballot.max(followed, taken);
    for (Peer peer : peers.values()) {
      if (peer.standing().isPresent()) {
        highest = Ballot.max(highest, peer.standing().get().followed());
      }
    }
    taken = highest.next(settings.server());
    followed = taken;
    campaignAtNanos = Optional.empty();
    effects.record(new JournalRecord.BallotTaken(taken));
    return taken;
  }

  /** A campaign came to nothing: the next one waits, longer each time. */
  void onCampaignLost(long nowNanos) {
    failedCampaigns = Math.min(failedCampaigns + 1, MAX_BACKOFF_SHIFT);
    long bound = settings.pingIntervalNanos() << (failedCampaigns - 1);
    backoffUntilNanos = nowNanos + random.nextLong(bound) + settings.pingIntervalNanos() / 5;
  }

  void onCampaignWon() {
    failedCampaigns = 0;
    backoffUntilNanos = Long.MIN_VALUE;
  }
}
