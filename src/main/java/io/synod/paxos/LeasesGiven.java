package io.synod.paxos;

/**
 * What this acceptor has promised coordinators: that for a while it promises nothing, and accepts
 * nothing, at a ballot above theirs. The while is counted on its own clock from a reading taken
 * after the Ping that asked for it was received.
 *
 * <p>The lease itself is memory. That leases were given, and for how long at most, survives a
 * restart: an acceptor that starts again votes for nobody until so long has passed.
 */
final class LeasesGiven {
  private final PaxosSettings settings;
  private final Effects effects;

  /** No lease was given for longer, in this life. Survives a restart. */
  private long longestNanos;

  /** Whether a lease of an earlier run may be in force. */
  private boolean waiting;

  private boolean started;
  private long startedNanos;

  /** Whether a lease is in force; the rest says which. One at a time. */
  private boolean given;

  private Ballot ballot = Ballot.LOWEST;
  private long pingNumber;
  private long forNanos;

  /** Whether the clock was read since the Ping came: the lease has an end from then on. */
  private boolean ends;

  private long endNanos;

  LeasesGiven(PaxosSettings settings, Effects effects, Recovered recovered) {
    this.settings = settings;
    this.effects = effects;
    this.longestNanos = recovered.longestLeaseNanos();
    this.waiting = longestNanos > 0;
  }

  /** Whether it is too early to vote at any ballot: this server has started again. */
  boolean isWaiting() {
    return waiting;
  }

  /** Whether a lease forbids to vote at this ballot. */
  boolean forbids(Ballot other) {
    return given && other.isAbove(ballot);
  }

  /** Whether the clock is to be read: a lease has no end yet. */
  boolean wantsClock() {
    return given && !ends;
  }

  /**
   * A coordinator asks for a lease; gives it, unless a higher ballot is promised or known.
   *
   * @param promised by this acceptor
   * @param followed the highest ballot that this server knows of
   */
  void onPing(ServerId from, Message.Ping ping, Ballot promised, Ballot followed) {
    long asked = ping.leaseNanos().orElse(0);
    Ballot acting = ping.standing().acting().orElse(Ballot.LOWEST);
    if (asked <= 0 || asked > settings.electionTimeoutNanos() || !acting.server().equals(from)) {
      effects.ignored("onPing", "a lease that makes no sense");
      return;
    }
    if (promised.isAbove(acting) || followed.isAbove(acting)) {
      effects.ignored("onPing", "a lease below a ballot that is known");
      return;
    }
    if (given && !acting.equals(ballot)) {
      effects.ignored("onPing", "a lease beside another");
      return;
    }
    if (asked > longestNanos) {
      longestNanos = asked;
      effects.record(new JournalRecord.LeasesGiven(asked));
    }
    pingNumber = given ? Math.max(pingNumber, ping.number()) : ping.number();
    forNanos = given ? Math.max(forNanos, asked) : asked;
    given = true;
    ballot = acting;
    ends = false;
    effects.sendWhenDurable(from, new Message.LeaseGiven(acting, ping.number()));
  }

  /** The coordinator says that it makes no use of the leases that it was given. */
  void onReturned(Message.LeaseReturned returned) {
    if (given && returned.ballot().equals(ballot) && pingNumber <= returned.number()) {
      given = false;
    } else {
      effects.ignored("onLeaseReturned", "not the lease that is given");
    }
  }

  /** So much the clock showed at some time before now. */
  void onTime(long clockNanos) {
    if (!started) {
      started = true;
      startedNanos = clockNanos;
    }
    if (waiting && clockNanos - startedNanos >= longestNanos) {
      waiting = false;
    }
    if (given && ends && clockNanos - endNanos >= 0) {
      given = false;
    }
  }

  /** The clock was read after all that has come. */
  void onClock(long clockNanos) {
    onTime(clockNanos);
    if (given && !ends) {
      ends = true;
      endNanos = clockNanos + forNanos;
    }
  }
}
