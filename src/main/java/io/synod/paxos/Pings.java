package io.synod.paxos;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * Ping and Pong: tells the other members how this server stands, answers theirs, and takes note of
 * what they say. Memory only.
 */
final class Pings {
  private static final long MOST_PINGS_BEFORE = 1L << 48;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Learner learner;
  private final StateComparison states;
  private final Condition condition;
  private final Peers peers;
  private final Election election;
  private final Witness witness;
  private final Peer.PingTimes pingTimes = new Peer.PingTimes();

  /**
   * Pings are numbered from a random number on in each run, so that the answer to a ping of an
   * earlier run of this server is told from one to this run's: it must not confirm a read.
   */
  private final long pingsBefore;

  private long number;
  private long sentAtNanos = Long.MIN_VALUE;

  Pings(Roles roles, Election election, SplittableRandom random) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.acceptor = roles.acceptor();
    this.learner = roles.learner();
    this.states = roles.states();
    this.condition = roles.condition();
    this.peers = roles.peers();
    this.election = election;
    this.witness = roles.witness();
    this.pingsBefore = random.nextLong(MOST_PINGS_BEFORE);
    this.number = pingsBefore;
  }

  /** Of the last round of pings. */
  long number() {
    return number;
  }

  private Standing standing(Optional<Ballot> acting) {
    return new Standing(
        election.followed(),
        acting,
        election.isContent(),
        acceptor.chosen(),
        condition.applied(),
        learner.membership().decidedAt(),
        condition.syncAgeMillis(),
        states.told(),
        settings.priority(),
        condition.isLeaving(),
        condition.isInDoubt(),
        settings.supported(),
        witness.log());
  }

  // ---- Ping
  // ------------------------------------------------------------------------------------------------------------------

  /** Whether the next round is due. */
  boolean isDue(long nowNanos) {
    return sentAtNanos == Long.MIN_VALUE || nowNanos - sentAtNanos >= settings.pingIntervalNanos();
  }

  /** When the next round is due. */
  long nextTimeNanos() {
    return sentAtNanos == Long.MIN_VALUE
        ? Long.MIN_VALUE
        : sentAtNanos + settings.pingIntervalNanos();
  }

  /**
   * Pings everybody, if this server is a member.
   *
   * @param acting the ballot that this server acts at
   * @param chosen of the coordinator that this server is
   * @param leaseNanos for how long it asks for a lease, if it does
   * @param held what it tells witnesses, if it does
   */
  void send(
      long nowNanos,
      Optional<Ballot> acting,
      Optional<ChosenPrefix> chosen,
      OptionalLong leaseNanos,
      Optional<Slot> held) {
    sentAtNanos = nowNanos;
    if (!peers.isMember()) {
      return;
    }
    number++;
    pingTimes.onSent(number, nowNanos);
    Message.Ping ping = new Message.Ping(number, standing(acting), chosen, leaseNanos, held);
    for (Peer peer : peers.all()) {
      effects.send(peer.server(), ping);
    }
  }

  /** One more, out of turn. */
  private void sendAlone(ServerId to, Optional<Ballot> acting) {
    effects.send(to, new Message.Ping(number, standing(acting), Optional.empty()));
  }

  /**
   * Answers, and takes note. Returns whether the sender's contentment or ballot changed.
   *
   * @param answers false for a server without a vote, since a Pong is one
   */
  boolean onPing(
      long nowNanos, Life from, Message.Ping ping, Optional<Ballot> acting, boolean answers) {
    Optional<Peer> known =
        peers.peer(from.server()).or(() -> onStranger(from.server(), ping, acting));
    if (known.isEmpty()) {
      effects.ignored("onPing", "not a member");
      return false;
    }
    Peer peer = known.get();
    boolean changed = noteStanding(peer, from.incarnation(), ping.standing(), nowNanos);
    if (!peer.isHeard() && peer.mayAsk(nowNanos, settings.pingIntervalNanos())) {
      // Ask at once whether the way there is open too, rather than with the next round.
      sendAlone(from.server(), acting);
    }
    if (answers) {
      effects.send(
          from.server(),
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
    if (compared < 0) {
      sendAlone(from, acting);
    }
    return compared > 0 ? peers.addStranger(from) : Optional.empty();
  }

  // ---- Pong
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * Takes note of the answer to a ping of this run (protocol-rules.md, 5). Returns whether the
   * sender is back, or its contentment or ballot changed.
   */
  boolean onPong(long nowNanos, Life from, Message.Pong pong) {
    Optional<Peer> known = peers.peer(from.server());
    if (known.isEmpty()) {
      effects.ignored("onPong", "not a member");
      return false;
    }
    if (pong.number() <= pingsBefore || pong.number() > number) {
      effects.ignored("onPong", "to a ping of an earlier run");
      return false;
    }
    Peer peer = known.get();
    boolean changed = noteStanding(peer, from.incarnation(), pong.standing(), nowNanos);
    if (peer.onPong(pong, nowNanos, pingTimes)) {
      effects.notice(new Notice.MemberHeard(from.server()));
      changed = true;
    }
    return changed;
  }

  private boolean noteStanding(
      Peer peer, Incarnation incarnation, Standing standing, long nowNanos) {
    boolean changed = peer.onStanding(incarnation, standing, nowNanos);
    standing.acting().ifPresent(election::onBallot);
    learner.onNews(standing.chosen());
    return changed;
  }
}
