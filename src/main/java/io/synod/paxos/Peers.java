package io.synod.paxos;

import java.util.Collection;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The other servers as this one hears them: who is in the live set, and how each says it stands.
 * What is asked of a member is answered for this server too. Memory only: a restarted server begins
 * with nothing heard.
 */
final class Peers {
  /** Servers of a membership that is not known yet included. */
  private static final int MOST_PEERS = 256;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final Condition condition;
  private final TreeMap<ServerId, Peer> peers = new TreeMap<>();

  /** Whether this server's id is in the membership. */
  private boolean member;

  /** Up to here this server itself has all durably. */
  private Slot ownHeld;

  Peers(PaxosSettings settings, Effects effects, Learner learner, Condition condition) {
    this.settings = settings;
    this.effects = effects;
    this.learner = learner;
    this.condition = condition;
    this.ownHeld = learner.chosen();
  }

  /** The members are known. Servers that left are forgotten. */
  void onMembership(Membership membership) {
    for (Member each : membership.members()) {
      if (!isSelf(each)) {
        peers.computeIfAbsent(each.server(), server -> new Peer(server, settings));
      }
    }
    peers.keySet().removeIf(server -> membership.member(server).isEmpty());
    member = membership.member(settings.server()).isPresent();
  }

  /** Whether the membership that was noted last names this server. */
  boolean isMember() {
    return member;
  }

  /** The other members. */
  Collection<Peer> all() {
    return peers.values();
  }

  /** What is known of another member. */
  Optional<Peer> peer(ServerId server) {
    return Optional.ofNullable(peers.get(server));
  }

  /** One that no membership known here names, if there is room for it. */
  Optional<Peer> addStranger(ServerId server) {
    return peers.size() < MOST_PEERS
        ? Optional.of(peers.computeIfAbsent(server, id -> new Peer(id, settings)))
        : Optional.empty();
  }

  private boolean isSelf(Member of) {
    return of.server().equals(settings.server());
  }

  private Optional<Standing> standingOf(Member of) {
    return peer(of.server()).flatMap(Peer::standing);
  }

  // ---- the live set
  // ------------------------------------------------------------------------------------------------------------------

  /** Whether this server, or the right life of that one, was heard lately. */
  boolean isHeard(Member member) {
    if (isSelf(member)) {
      return true;
    }
    Peer peer = peers.get(member.server());
    return peer != null
        && peer.isHeard()
        && peer.incarnation().equals(Optional.of(member.incarnation()));
  }

  /** Whether a quorum is heard, this server included. */
  boolean isQuorumHeard() {
    return learner
        .inForce()
        .isQuorum(
            member ->
                isSelf(member)
                    ? member.incarnation().equals(settings.incarnation())
                    : isHeard(member));
  }

  /**
   * Whether a quorum is heard, this server's own vote included, that follows nothing above {@code
   * ballot}.
   */
  boolean isQuorumFollowing(Ballot ballot) {
    return learner
        .inForce()
        .isQuorum(
            member -> {
              if (isSelf(member)) {
                return member.incarnation().equals(settings.incarnation());
              }
              return isHeard(member)
                  && standingOf(member)
                      .map(standing -> !standing.followed().isAbove(ballot))
                      .orElse(false);
            });
  }

  /** Time passed; returns whether a member fell silent. */
  boolean onTime(long nowNanos) {
    boolean silent = false;
    for (Peer peer : peers.values()) {
      if (peer.becameSilent(nowNanos, settings.electionTimeoutNanos())) {
        silent = true;
        effects.notice(
            new Notice.MemberSilent(peer.server(), "not heard for the election timeout"));
      }
    }
    return silent;
  }

  /**
   * Its stream broke and a new connection was refused (protocol-rules.md, 19). Returns whether it
   * was heard before.
   */
  boolean onUnreachable(ServerId server) {
    Peer peer = peers.get(server);
    if (peer == null || !peer.onUnreachable()) {
      return false;
    }
    effects.notice(
        new Notice.MemberSilent(server, "its stream broke and a new connection was refused"));
    return true;
  }

  /** The smoothed round trip to another member; 0 if it was not measured. */
  double roundTripNanos(ServerId server) {
    return peer(server).map(Peer::roundTripNanos).orElse(0.0);
  }

  // ---- how they stand
  // ------------------------------------------------------------------------------------------------------------------

  /** Whether this member's disk syncs, by what it said last. */
  boolean isDiskWell(Member member) {
    return isSelf(member)
        ? condition.isDiskWell()
        : condition.isDiskWell(
            1_000_000 * standingOf(member).map(Standing::syncAgeMillis).orElse(0L));
  }

  /** For how much of the last while this server was slow. */
  Slowness ownSlowness() {
    return condition.slowness();
  }

  /** For how much of the last while another member was slow; all of it for one never heard. */
  double slownessOf(Member member) {
    return peer(member.server()).map(peer -> peer.slowness().share()).orElse(1.0);
  }

  /** Whether this member said that it is about to stop, and was not heard to be there since. */
  boolean isLeaving(Member member) {
    if (isSelf(member)) {
      return condition.isLeaving();
    }
    Peer peer = peers.get(member.server());
    return peer != null
        && peer.incarnation().equals(Optional.of(member.incarnation()))
        && peer.standing().map(Standing::leaving).orElse(false);
  }

  /** Whether this member counts in every election, by what it said last. */
  boolean isBeyondDoubt(Member member) {
    return isSelf(member)
        ? !condition.isInDoubt()
        : isHeard(member) && standingOf(member).filter(standing -> !standing.inDoubt()).isPresent();
  }

  /** Whether this other member has said for an election timeout that it is in doubt. */
  boolean isLongInDoubt(Member member, long nowNanos) {
    return peer(member.server())
        .flatMap(Peer::inDoubtSinceNanos)
        .filter(since -> nowNanos - since >= settings.electionTimeoutNanos())
        .isPresent();
  }

  /** By which versions this member's program can behave; none if it is not heard. */
  Optional<VersionRange> supportedBy(Member member) {
    if (isSelf(member)) {
      return Optional.of(settings.supported());
    }
    return isHeard(member) ? standingOf(member).map(Standing::supported) : Optional.empty();
  }

  /** How far this other member said that it knows the log to be chosen. */
  Slot chosenOf(Member member) {
    return peer(member.server())
        .filter(peer -> peer.incarnation().equals(Optional.of(member.incarnation())))
        .flatMap(Peer::standing)
        .map(Standing::chosen)
        .orElse(Slot.ZERO);
  }

  /** How this other member says that its log is, if it is a witness. */
  Optional<WitnessLog> witnessOf(Member member) {
    return peer(member.server())
        .filter(peer -> peer.incarnation().equals(Optional.of(member.incarnation())))
        .flatMap(Peer::standing)
        .flatMap(Standing::witness);
  }

  /** Whether the server of this member has no store. */
  boolean isWitness(Member member) {
    return isSelf(member)
        ? settings.isWitness()
        : member.role() == Member.Role.WITNESS || witnessOf(member).isPresent();
  }

  /** Whether any member has no store, whatever its role is by now. */
  boolean hasWitness(Membership membership) {
    return membership.members().stream().anyMatch(this::isWitness);
  }

  /** A server has all up to here durably, in its log or in the state behind it. */
  void onHeld(Life life, Slot upTo) {
    if (life.equals(settings.life())) {
      ownHeld = Slot.max(ownHeld, upTo);
    } else {
      peer(life.server()).ifPresent(peer -> peer.onHeld(life.incarnation(), upTo));
    }
  }

  /** Up to where this server has all durably. */
  Slot ownHeld() {
    return ownHeld;
  }

  /** Up to where this member has all durably, if it is this server or said so. */
  Optional<Slot> heldBy(Member member) {
    return isSelf(member)
        ? Optional.of(ownHeld)
        : peer(member.server()).flatMap(peer -> peer.heldBy(member.incarnation()));
  }

  /** How much this member is preferred as coordinator. */
  int priorityOf(Member member) {
    return standingOf(member).map(Standing::priority).orElse(0);
  }

  /** Whether this member, or this server, knows the membership decided at this slot. */
  boolean knowsMembership(Member member, Slot decidedAt) {
    return isSelf(member)
        || standingOf(member)
            .map(standing -> !standing.membershipAt().isBefore(decidedAt))
            .orElse(false);
  }

  /** Whether this server acts at this ballot, by what it said last, and is heard. */
  boolean isActing(Ballot ballot) {
    return peer(ballot.server())
        .map(
            owner ->
                owner.isHeard()
                    && owner.standing().flatMap(Standing::acting).equals(Optional.of(ballot)))
        .orElse(false);
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

  /**
   * From whom to fetch what is chosen and not known here: the coordinator, if it is ahead; else
   * whoever is furthest.
   *
   * @param coordinator another server, if one is heard
   */
  Optional<ServerId> furthestAhead(Optional<ServerId> coordinator, long nowNanos) {
    boolean ahead =
        coordinator
            .flatMap(this::peer)
            .flatMap(Peer::standing)
            .map(standing -> standing.chosen().isAfter(learner.chosen()))
            .orElse(false);
    if (ahead) {
      return coordinator;
    }
    Optional<ServerId> best = Optional.empty();
    Slot most = learner.chosen();
    for (Peer peer : peers.values()) {
      Slot has = peer.standing().map(Standing::chosen).orElse(Slot.ZERO);
      if ((peer.isHeard() || isOfNewerMembership(peer, nowNanos)) && has.isAfter(most)) {
        most = has;
        best = Optional.of(peer.server());
      }
    }
    return best;
  }

  /**
   * Whom to ask for a snapshot where this server's log is cut at {@code cut}: it itself, unless it
   * is a witness; then whoever is heard and has applied as much.
   */
  Optional<ServerId> withState(ServerId server, Slot cut) {
    if (peer(server).filter(Peers::isWitness).isEmpty()) {
      return Optional.of(server);
    }
    for (Peer peer : peers.values()) {
      boolean has =
          peer.standing().filter(standing -> !standing.applied().isBefore(cut)).isPresent();
      if (has && peer.isHeard() && !isWitness(peer)) {
        return Optional.of(peer.server());
      }
    }
    return Optional.empty();
  }

  private static boolean isWitness(Peer peer) {
    return peer.standing().flatMap(Standing::witness).isPresent();
  }

  /** Whether it lately spoke of a newer membership than this server knows. */
  private boolean isOfNewerMembership(Peer peer, long nowNanos) {
    return nowNanos - peer.standingAtNanos() < settings.electionTimeoutNanos()
        && speaksOfNewerMembership(peer);
  }

  private boolean speaksOfNewerMembership(Peer peer) {
    return peer.standing()
        .map(standing -> standing.membershipAt().isAfter(learner.membership().decidedAt()))
        .orElse(false);
  }

  /** Whether this server ever spoke of a newer membership than is known here. */
  boolean speaksOfNewerMembership(ServerId server) {
    return peer(server).map(this::speaksOfNewerMembership).orElse(false);
  }

  // ---- lives and addresses
  // ------------------------------------------------------------------------------------------------------------------

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
}
