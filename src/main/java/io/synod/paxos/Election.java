package io.synod.paxos;

import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Who may try to become coordinator: ballot leader election (Ng et al., "Omni-Paxos", section 5) on
 * Ping and Pong. A server campaigns only if it hears a quorum, and only when no server that it
 * hears is content with the present coordinator. This takes the place of pre-vote and check-quorum,
 * and ends the shapes of partial connectivity in which others live-lock. {@link Pings} brings what
 * it goes by, {@link Peers} keeps it.
 *
 * <p>All of it is memory: a restarted server begins with nothing heard.
 */
final class Election {
  /** Campaigns that lost are repeated after at most this many ping intervals. */
  private static final int MAX_BACKOFF_SHIFT = 5;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final Condition condition;
  private final Peers peers;
  private final SplittableRandom random;

  /** The highest ballot this server knows of: promised, heard of, or taken. */
  private Ballot followed;

  /** The highest ballot this server took for itself; never taken again. Survives a restart. */
  private Ballot taken;

  private boolean content;

  /** When it may campaign, once nothing speaks against it; none while something does. */
  private Optional<Long> campaignAtNanos = Optional.empty();

  private int failedCampaigns;
  private long backoffUntilNanos = Long.MIN_VALUE;

  /**
   * @param random for the wait after a campaign that was lost
   * @param taken the highest ballot that this server took in earlier runs
   */
  Election(Roles roles, SplittableRandom random, Ballot taken) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.learner = roles.learner();
    this.condition = roles.condition();
    this.peers = roles.peers();
    this.random = random;
    this.taken = taken;
    this.followed = Ballot.max(roles.acceptor().promised(), taken);
  }

  // ---- which ballot is followed
  // ------------------------------------------------------------------------------------------------------------------

  boolean isContent() {
    return content;
  }

  Ballot followed() {
    return followed;
  }

  /** The server that acts at the highest ballot known, if it is heard and content. */
  Optional<ServerId> coordinatorHeard(Optional<Ballot> ownActing) {
    if (ownActing.isPresent()) {
      return Optional.of(settings.server());
    }
    for (Peer peer : peers.all()) {
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

  /**
   * Works out whether this server is content (protocol-rules.md, 16); returns whether that changed.
   */
  boolean updateContent(Optional<Ballot> acting) {
    boolean before = content;
    content =
        acting.isPresent()
            ? peers.isQuorumFollowing(acting.get())
            : peers.all().stream().anyMatch(peer -> peer.isHeard() && isContentAt(peer, followed));
    return content != before;
  }

  // ---- campaigns
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * A reason not to campaign now (protocol-rules.md, 13 and 16 to 18), in a few words; none if
   * there is none.
   */
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
    if (!condition.hasState()) {
      return Optional.of("it has no state, or one that differs from a quorum's");
    }
    if (!peers.isQuorumHeard()) {
      return Optional.of("no quorum heard");
    }
    if (!condition.isDiskWell()) {
      return Optional.of("the disk does not sync");
    }
    if (nowNanos < backoffUntilNanos) {
      return Optional.of("backing off");
    }
    for (Peer peer : peers.all()) {
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

  /**
   * How long to let better placed servers go first (protocol-rules.md, 19 and 23): those caught up
   * further, then by priority, then by id.
   */
  private long rankDelayNanos() {
    int better = 0;
    double slowest = 0;
    Slot own = learner.chosen();
    for (Member member : learner.inForce().members()) {
      Optional<Peer> known = peers.peer(member.server());
      if (known.isEmpty() || member.role() != Member.Role.VOTER || !peers.isHeard(member)) {
        continue;
      }
      Peer peer = known.get();
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

  /**
   * Takes a ballot although the coordinator is content, which has asked for it; if it may. It is
   * prepared like any other (protocol-rules.md, 11).
   */
  Optional<Ballot> takeOver() {
    boolean may =
        learner
                .inForce()
                .member(settings.server())
                .filter(own -> own.role() == Member.Role.VOTER)
                .filter(own -> own.incarnation().equals(settings.incarnation()))
                .isPresent()
            && condition.hasState()
            && peers.isQuorumHeard()
            && condition.isDiskWell();
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
   * at it (protocol-rules.md, 20).
   */
  Ballot take() {
    Ballot highest = Ballot.max(followed, taken);
    for (Peer peer : peers.all()) {
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
