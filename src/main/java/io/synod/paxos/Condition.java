package io.synod.paxos;

/**
 * How this server is, as its driver says and its disk shows: what decides whether it may elect
 * itself. Memory only.
 */
final class Condition {
  private final PaxosSettings settings;
  private final Acceptor acceptor;
  private final StateComparison states;
  private final Slowness slowness;
  private long timeNanos = Long.MIN_VALUE;
  private Slot applied = Slot.ZERO;
  private long syncAgeNanos;
  private boolean leaving;

  Condition(PaxosSettings settings, Acceptor acceptor, StateComparison states) {
    this.settings = settings;
    this.acceptor = acceptor;
    this.states = states;
    this.slowness = new Slowness(settings);
  }

  /** The driver says how far it has applied, and how long its disk has owed a sync. */
  void onTime(Input.TimePassed time) {
    applied = time.applied();
    syncAgeNanos = time.syncAgeNanos();
    if (timeNanos != Long.MIN_VALUE) {
      slowness.onTime(time.nanos() - timeNanos, syncAgeNanos);
    }
    timeNanos = time.nanos();
  }

  /** For how much of the last while it was slow. */
  Slowness slowness() {
    return slowness;
  }

  /** The last slot that is applied. */
  Slot applied() {
    return applied;
  }

  long syncAgeMillis() {
    return syncAgeNanos / 1_000_000;
  }

  /** Whether its disk syncs (protocol-rules.md, 17). */
  boolean isDiskWell() {
    return isDiskWell(syncAgeNanos);
  }

  /** Whether a disk that has owed a sync for so long counts as well. */
  boolean isDiskWell(long ageNanos) {
    return ageNanos <= settings.electionTimeoutNanos() / 2;
  }

  /** Whether a coordinator here could apply what is chosen, and answer reads. */
  boolean hasState() {
    return !states.isDiverged() && !applied.isBefore(acceptor.log().cut());
  }

  /** Whether it counts in no election for some slots that its log may lack. */
  boolean isInDoubt() {
    return acceptor.isInDoubt();
  }

  /** This server is about to stop, and says so from now on. */
  void leave() {
    leaving = true;
  }

  boolean isLeaving() {
    return leaving;
  }
}
