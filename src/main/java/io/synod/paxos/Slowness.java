package io.synod.paxos;

import java.util.Locale;

/**
 * For how much of the last while a server was slow though it answered (Gunawi et al., "Fail-Slow at
 * Scale", FAST 2018): its disk owed a sync, or it stood still, for longer than a tenth of an
 * election timeout. What was longer ago counts less. Memory only.
 */
final class Slowness {
  private static final int WHILE_TIMEOUTS = 10;
  private static final int BOUND_SHARE = 10;

  private final long whileNanos;
  private final long boundNanos;
  private final long pingNanos;
  private double ofDisk;
  private double ofPauses;

  Slowness(PaxosSettings settings) {
    this.whileNanos = WHILE_TIMEOUTS * settings.electionTimeoutNanos();
    this.boundNanos = settings.electionTimeoutNanos() / BOUND_SHARE;
    this.pingNanos = settings.pingIntervalNanos();
  }

  /** About how long ago no longer counts. */
  long whileNanos() {
    return whileNanos;
  }

  /**
   * So much time passed since the last look, of which there is one in a ping interval or more.
   *
   * @param syncAgeNanos for how long its disk owes a sync now
   */
  void onTime(long passedNanos, long syncAgeNanos) {
    long paused = passedNanos > 2 * pingNanos + boundNanos ? passedNanos - pingNanos : 0;
    double kept = Math.max(0, 1 - passedNanos / (double) whileNanos);
    double most = Math.min(1, passedNanos / (double) whileNanos);
    ofPauses = ofPauses * kept + Math.min(most, paused / (double) whileNanos);
    ofDisk = ofDisk * kept + (syncAgeNanos > boundNanos && paused == 0 ? most : 0);
  }

  /** 0 to 1: never, or all the time. */
  double share() {
    return ofDisk + ofPauses;
  }

  /** In words for the log. */
  String describe() {
    return String.format(
        Locale.ROOT,
        "for %.0f %% of the last %d s its disk owed a sync for longer than %d ms, and for %.0f %% it"
            + " stood still",
        100 * ofDisk,
        whileNanos / 1_000_000_000,
        boundNanos / 1_000_000,
        100 * ofPauses);
  }
}
