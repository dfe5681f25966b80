package io.synod.paxos;

import java.util.Optional;

/**
 * What this server knows of another: whether it answers, how fast, and how it stands. Memory only.
 */
final class Peer {
  /** How many of the last pings may still be answered for their round trip to be measured. */
  private static final int REMEMBERED_PINGS = 64;

  private final ServerId server;
  private Optional<Incarnation> incarnation = Optional.empty();
  private Optional<Standing> standing = Optional.empty();
  private long standingAtNanos = Long.MIN_VALUE / 2;
  private Optional<Address> clientAddress = Optional.empty();
  private long lifeSinceNanos;
  private Optional<Long> inDoubtSinceNanos = Optional.empty();
  private long askedAtNanos = Long.MIN_VALUE / 2;
  private boolean heard;
  private long heardAtNanos;
  private long answered;
  private Ballot promised = Ballot.LOWEST;
  private double roundTripNanos;
  private final Slowness slowness;
  private Optional<Held> held = Optional.empty();

  /** What this life of it said to have durably, up to this slot. */
  private record Held(Incarnation incarnation, Slot upTo) {}

  Peer(ServerId server, PaxosSettings settings) {
    this.server = server;
    this.slowness = new Slowness(settings);
  }

  ServerId server() {
    return server;
  }

  /** The life of it that was heard last. */
  Optional<Incarnation> incarnation() {
    return incarnation;
  }

  /**
   * For how much of the last while it was slow, as its messages tell. The time of the protocol does
   * not grow while this server itself stands still, so that this is not taken for theirs.
   */
  Slowness slowness() {
    return slowness;
  }

  /** How it says it stands, in its last Ping or Pong. */
  Optional<Standing> standing() {
    return standing;
  }

  /** When it said so. */
  long standingAtNanos() {
    return standingAtNanos;
  }

  /** Since when it says without a break that it is in doubt. */
  Optional<Long> inDoubtSinceNanos() {
    return inDoubtSinceNanos;
  }

  /** Where clients reach it, as it said while the membership did not name it. */
  Optional<Address> clientAddress() {
    return clientAddress;
  }

  void onClientAddress(Address address) {
    clientAddress = Optional.of(address);
  }

  /** Whether it answered a Ping within the election timeout: it is in the live set. */
  boolean isHeard() {
    return heard;
  }

  /** The number of the last Ping that it answered. */
  long answered() {
    return answered;
  }

  /** The promise in its last Pong. */
  Ballot promised() {
    return promised;
  }

  /** Smoothed time from a Ping to its Pong; 0 before the first. */
  double roundTripNanos() {
    return roundTripNanos;
  }

  /** This life of it has all up to here durably. */
  void onHeld(Incarnation life, Slot upTo) {
    held =
        Optional.of(
            new Held(life, heldBy(life).map(before -> Slot.max(before, upTo)).orElse(upTo)));
  }

  /** Up to where this life of it has all durably, if it said so. */
  Optional<Slot> heldBy(Incarnation life) {
    return held.filter(each -> each.incarnation().equals(life)).map(Held::upTo);
  }

  /** When this life of it was heard first. */
  long lifeSinceNanos() {
    return lifeSinceNanos;
  }

  /** All of it that is displayed. */
  PeerView view(long nowNanos) {
    return new PeerView(
        server, heard, incarnation, standing, nowNanos - standingAtNanos, roundTripNanos);
  }

  /** Takes note of a standing; returns whether its contentment or ballot changed. */
  boolean onStanding(Incarnation from, Standing now, long nowNanos) {
    boolean changed =
        standing.isEmpty()
            || standing.get().content() != now.content()
            || !standing.get().acting().equals(now.acting())
            || !standing.get().followed().equals(now.followed());
    if (!incarnation.equals(Optional.of(from))) {
      answered = 0;
      promised = Ballot.LOWEST;
      lifeSinceNanos = nowNanos;
    } else if (heard) {
      slowness.onTime(nowNanos - standingAtNanos, 1_000_000 * now.syncAgeMillis());
    }
    incarnation = Optional.of(from);
    inDoubtSinceNanos =
        now.inDoubt() ? inDoubtSinceNanos.or(() -> Optional.of(nowNanos)) : Optional.empty();
    standing = Optional.of(now);
    standingAtNanos = nowNanos;
    return changed;
  }

  /** It answered a Ping; returns whether it was silent before. */
  boolean onPong(Message.Pong pong, long nowNanos, PingTimes times) {
    if (pong.number() > answered) {
      answered = pong.number();
      promised = pong.promised();
      times
          .sentAt(pong.number())
          .ifPresent(
              sent -> {
                double sample = nowNanos - sent;
                roundTripNanos =
                    roundTripNanos == 0 ? sample : 0.875 * roundTripNanos + 0.125 * sample;
              });
    }
    heardAtNanos = nowNanos;
    boolean back = !heard;
    heard = true;
    return back;
  }

  /** Whether it has been silent for so long that it counts as gone now and did not before. */
  boolean becameSilent(long nowNanos, long timeoutNanos) {
    if (heard && nowNanos - heardAtNanos >= timeoutNanos) {
      heard = false;
      return true;
    }
    return false;
  }

  /** Whether it may be asked out of turn: once in an interval. */
  boolean mayAsk(long nowNanos, long intervalNanos) {
    if (nowNanos - askedAtNanos < intervalNanos) {
      return false;
    }
    askedAtNanos = nowNanos;
    return true;
  }

  /**
   * Its stream broke and was refused: gone until it is heard again. Returns whether it was heard
   * before.
   */
  boolean onUnreachable() {
    boolean was = heard;
    heard = false;
    return was;
  }

  /** When the last pings left. */
  static final class PingTimes {
    private final long[] sentAt = new long[REMEMBERED_PINGS];
    private long last;

    void onSent(long number, long nowNanos) {
      sentAt[(int) (number % REMEMBERED_PINGS)] = nowNanos;
      last = number;
    }

    Optional<Long> sentAt(long number) {
      return number > 0 && number <= last && number > last - REMEMBERED_PINGS
          ? Optional.of(sentAt[(int) (number % REMEMBERED_PINGS)])
          : Optional.empty();
    }
  }
}
