package io.synod.node;

import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Paxos;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.transport.DiskLevel;
import io.synod.transport.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Whether the members' disks have room for what clients write. Each server tells the others when
 * its own has not, so that a write is refused where a client gives it, before it is proposed. It is
 * refused if the coordinator's disk has no room, or if those that have are no quorum; one other
 * full disk is that server's affair alone. A coordinator has another one coordinate if that helps.
 * Driver thread only.
 */
final class DiskWatch {
  /** How often a server that is short of room says so. */
  static final long SAY_NANOS = 1_000_000_000;

  /** For how long what a peer said counts. */
  static final long COUNTS_NANOS = 5 * SAY_NANOS;

  /** A coordinator keeps on for so long: often all disks get full at about the same time. */
  private static final long HAND_OVER_AFTER_NANOS = 2 * SAY_NANOS;

  private static final long HAND_OVER_AGAIN_NANOS = 5 * SAY_NANOS;

  /** How often what frees some room is done. */
  private static final long MAKE_ROOM_NANOS = 300 * SAY_NANOS;

  /** Of the requests to hand over; nobody waits for their answers. */
  private static final long HAND_OVER_ID = 0;

  private final Paxos paxos;
  private final ServerId self;
  private final OwnDisk own;
  private final BiConsumer<ServerId, PeerMessage> send;
  private final Map<ServerId, Said> said = new TreeMap<>();
  private long saidAtNanos = Long.MIN_VALUE / 2;
  private long shortSinceNanos;
  private long madeRoomAtNanos;
  private long handOverAtNanos = Long.MIN_VALUE / 2;
  private int handOvers;
  private Optional<String> whyNoPuts = Optional.empty();
  private Optional<String> whyNoWrites = Optional.empty();

  private record Said(PeerMessage.DiskRoom room, long atNanos) {}

  DiskWatch(Paxos paxos, ServerId self, OwnDisk own, BiConsumer<ServerId, PeerMessage> send) {
    this.paxos = paxos;
    this.self = self;
    this.own = own;
    this.send = send;
  }

  /** Why what makes the store hold more is refused, if it is. */
  Optional<String> whyNoPuts() {
    return whyNoPuts;
  }

  /** Why all writes are refused, if they are. */
  Optional<String> whyNoWrites() {
    return whyNoWrites;
  }

  /** What a person should know of this server's own disk. */
  Optional<String> warning() {
    return own.level() == DiskLevel.ENOUGH ? Optional.empty() : Optional.of(own.words());
  }

  /** Whether nothing of clients is written here any more. */
  boolean isFull() {
    return own.level() == DiskLevel.FULL;
  }

  void onPeer(ServerId from, PeerMessage.DiskRoom room, long nowNanos) {
    if (room.level().compareTo(DiskLevel.SHORT) < 0) {
      said.remove(from);
    } else {
      said.put(from, new Said(room, nowNanos));
    }
    decide();
  }

  /**
   * Looks again; a few times a second.
   *
   * @return whether what frees some room is due: this server's own disk became short of it, or has
   *     been so for a while, in which history went
   */
  boolean look(long nowNanos) {
    boolean wasShort = isShort();
    boolean changed = own.look();
    said.values().removeIf(each -> nowNanos - each.atNanos() > COUNTS_NANOS);
    if (isShort() && !wasShort) {
      shortSinceNanos = nowNanos;
      madeRoomAtNanos = nowNanos - MAKE_ROOM_NANOS;
    }
    if ((changed && (isShort() || wasShort))
        || (isShort() && nowNanos - saidAtNanos >= SAY_NANOS)) {
      saidAtNanos = nowNanos;
      PeerMessage room = new PeerMessage.DiskRoom(own.level(), own.words());
      paxos.peers().forEach(peer -> send.accept(peer.server(), room));
    }
    decide();
    boolean isDue = isShort() && nowNanos - madeRoomAtNanos >= MAKE_ROOM_NANOS;
    if (isDue) {
      madeRoomAtNanos = nowNanos;
    }
    return isDue;
  }

  private boolean isShort() {
    return own.level().compareTo(DiskLevel.SHORT) >= 0;
  }

  private DiskLevel level(ServerId server) {
    if (server.equals(self)) {
      return own.level();
    }
    Said heard = said.get(server);
    return heard == null ? DiskLevel.ENOUGH : heard.room().level();
  }

  private String words(ServerId server) {
    Said heard = said.get(server);
    return server.equals(self) || heard == null ? own.words() : heard.room().words();
  }

  private void decide() {
    whyNoPuts = why(DiskLevel.SHORT);
    whyNoWrites = why(DiskLevel.FULL);
  }

  /** What there is no room for with this level, in words. */
  private Optional<String> why(DiskLevel level) {
    if (!paxos.isOpen() || (said.isEmpty() && own.level().compareTo(level) < 0)) {
      return Optional.empty();
    }
    Optional<ServerId> coordinator =
        paxos.isCoordinating() ? Optional.of(self) : paxos.coordinatorHeard();
    if (coordinator.isPresent() && level(coordinator.get()).compareTo(level) >= 0) {
      return Optional.of(words(coordinator.get()));
    }
    return lacking(level);
  }

  /** Of one of the voters without room, if a quorum is there, and none of those with room. */
  private Optional<String> lacking(DiskLevel level) {
    Set<ServerId> live = new TreeSet<>(Set.of(self));
    paxos.peers().stream().filter(PeerView::live).forEach(peer -> live.add(peer.server()));
    Membership membership = paxos.membership().membership();
    Predicate<Member> isLive = member -> live.contains(member.server());
    Predicate<Member> lacks = member -> level(member.server()).compareTo(level) >= 0;
    if (!membership.isQuorum(isLive) || membership.isQuorum(isLive.and(lacks.negate()))) {
      return Optional.empty();
    }
    return membership.members().stream()
        .filter(member -> member.role().votes())
        .filter(isLive.and(lacks))
        .findFirst()
        .map(member -> words(member.server()));
  }

  /**
   * Has another server coordinate, if this one does, has no room, and there is one by which writes
   * go on.
   *
   * @param step hands an input to the protocol, and does what it says
   */
  void handOver(long nowNanos, Consumer<Input> step) {
    if (!isShort()
        || nowNanos - shortSinceNanos < HAND_OVER_AFTER_NANOS
        || nowNanos - handOverAtNanos < HAND_OVER_AGAIN_NANOS
        || !paxos.isOpen()
        || !paxos.isCoordinating()
        || lacking(DiskLevel.SHORT).isPresent()) {
      return;
    }
    List<ServerId> fit = new ArrayList<>();
    Membership membership = paxos.membership().membership();
    for (PeerView peer : paxos.peers()) {
      Optional<Member> member = membership.member(peer.server());
      if (peer.live()
          && member.filter(each -> each.role() == Member.Role.VOTER).isPresent()
          && level(peer.server()).compareTo(DiskLevel.SHORT) < 0) {
        fit.add(peer.server());
      }
    }
    handOverAtNanos = nowNanos;
    if (!fit.isEmpty()) {
      // One that has not caught up is refused: another time another one.
      ServerId to = fit.get(handOvers++ % fit.size());
      step.accept(
          new Input.HandOverRequested(
              HAND_OVER_ID, Optional.of(to), "its disk has too little room"));
    }
  }
}
