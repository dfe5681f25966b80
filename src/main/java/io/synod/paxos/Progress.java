package io.synod.paxos;

/**
 * How far one acceptor has come with a coordinator's proposals, and when to send again. Memory of
 * the coordinator.
 */
final class Progress {
  /** A first guess at a round trip with a sync in it. */
  private static final long FIRST_TIMEOUT_NANOS = 20_000_000;

  private static final long LEAST_TIMEOUT_NANOS = 2_000_000;

  /** Before any time that is ever measured. */
  static final long NEVER = Long.MIN_VALUE / 2;

  private final long mostTimeoutNanos;

  /** It accepted everything up to here at the coordinator's ballot. */
  private Slot matched = Slot.ZERO;

  /** Everything up to here was sent to it. */
  private Slot sent;

  /** The furthest that was ever sent to it: what is sent up to here is sent again. */
  private Slot furthest;

  private double smoothedNanos;
  private double varianceNanos;
  private Slot measuredSlot = Slot.ZERO;
  private long measuredSinceNanos;
  private long timeoutNanos;
  private long sentAtNanos;

  /** Since when something waits that it accepted nothing of. */
  private long waitsSinceNanos;

  private boolean inSync;
  private long prepareSentAtNanos = NEVER;
  private Slot informed = Slot.ZERO;
  private Slot missing = Slot.ZERO;
  private Slot resentFrom = Slot.ZERO;
  private long resentAtNanos;

  Progress(Slot base, long mostTimeoutNanos) {
    this.sent = base;
    this.furthest = base;
    this.mostTimeoutNanos = mostTimeoutNanos;
    this.timeoutNanos = Math.min(FIRST_TIMEOUT_NANOS, mostTimeoutNanos);
  }

  Slot matched() {
    return matched;
  }

  Slot sent() {
    return sent;
  }

  Slot informed() {
    return informed;
  }

  /** The chosen prefix went to it with some message. */
  void onInformed(Slot upTo) {
    informed = Slot.max(informed, upTo);
  }

  /**
   * What follows {@link #sent()} was sent, up to here. The round trip is measured only where all of
   * it is sent for the first time: an answer to what was sent twice does not say to which of the
   * two it is (Karn and Partridge, "Improving Round-Trip Time Estimates in Reliable Transport
   * Protocols", 1987).
   */
  void onSent(Slot upTo, long nowNanos) {
    if (upTo.isAfter(sent)) {
      if (measuredSlot.equals(Slot.ZERO) && !sent.isBefore(furthest)) {
        measuredSlot = upTo;
        measuredSinceNanos = nowNanos;
      }
      if (!sent.isAfter(matched)) {
        sentAtNanos = nowNanos;
      }
      if (!furthest.isAfter(matched)) {
        waitsSinceNanos = nowNanos;
      }
      sent = upTo;
      furthest = Slot.max(furthest, upTo);
    }
  }

  /**
   * Nothing up to here needs to be sent as a proposal: it is chosen, or the end of what was sent
   * before.
   */
  void skipTo(Slot upTo) {
    sent = Slot.max(sent, upTo);
  }

  /**
   * It acknowledged this much; returns whether that is new. The time-out stays as long as it has
   * grown until a round trip is measured: were it cut by an answer to what was sent again, one that
   * is too short would stay so, and never be measured better.
   */
  boolean onMatched(Slot upTo, long nowNanos) {
    if (!upTo.isAfter(matched)) {
      return false;
    }
    matched = upTo;
    sent = Slot.max(sent, matched);
    sentAtNanos = nowNanos;
    waitsSinceNanos = nowNanos;
    if (!measuredSlot.equals(Slot.ZERO) && !upTo.isBefore(measuredSlot)) {
      measure(nowNanos - measuredSinceNanos);
      measuredSlot = Slot.ZERO;
      timeoutNanos = measuredTimeout();
    }
    return true;
  }

  private void measure(long sample) {
    if (smoothedNanos == 0) {
      smoothedNanos = sample;
      varianceNanos = sample / 2.0;
    } else {
      varianceNanos = 0.75 * varianceNanos + 0.25 * Math.abs(smoothedNanos - sample);
      smoothedNanos = 0.875 * smoothedNanos + 0.125 * sample;
    }
  }

  private long measuredTimeout() {
    long measured = Math.round(2 * smoothedNanos + 4 * varianceNanos);
    return Math.min(mostTimeoutNanos, Math.max(LEAST_TIMEOUT_NANOS, measured));
  }

  /** For how long it accepted nothing of what it was sent; 0 if it has all of that. */
  long waitsNanos(long nowNanos) {
    return furthest.isAfter(matched) ? nowNanos - waitsSinceNanos : 0;
  }

  /** Whether it was said to be in sync: see {@link InSync}. */
  boolean inSync() {
    return inSync;
  }

  void inSync(boolean now) {
    inSync = now;
  }

  /** When to send again what was not acknowledged; never if nothing waits. */
  long resendAtNanos() {
    return sent.isAfter(matched) ? sentAtNanos + timeoutNanos : Long.MAX_VALUE;
  }

  /**
   * What was not acknowledged is sent again, to be repeated later each time. The round trip is not
   * measured on it.
   */
  void onResent(long nowNanos) {
    sentAtNanos = nowNanos;
    measuredSlot = Slot.ZERO;
    timeoutNanos = Math.min(mostTimeoutNanos, timeoutNanos * 2);
  }

  /** It has caught up to before this slot; returns whether that is new. */
  boolean onMissing(Slot from) {
    boolean further = from.isAfter(missing);
    missing = Slot.max(missing, from);
    return further;
  }

  /**
   * It asks for this slot: send from there, also what it accepted in an earlier run and has to be
   * given again. Each Propose ahead of the gap makes it ask, and each answer may be several: one
   * that was given within the time-out is not repeated. Returns whether to send.
   */
  boolean resend(Slot next, long nowNanos) {
    if (next.equals(resentFrom) && nowNanos - resentAtNanos < timeoutNanos) {
      return false;
    }
    resentFrom = next;
    resentAtNanos = nowNanos;
    sent = next.previous();
    measuredSlot = Slot.ZERO;
    return true;
  }

  /** What was not acknowledged is to be sent again from here. */
  void rewind(Slot next) {
    sent = Slot.max(matched, next.previous());
    measuredSlot = Slot.ZERO;
  }

  long prepareSentAtNanos() {
    return prepareSentAtNanos;
  }

  void onPrepareSent(long nowNanos) {
    prepareSentAtNanos = nowNanos;
  }
}
