package io.synod.simulator;

/**
 * One server's monotonic clock, as it follows from true time: at its own rate, and now and then
 * jumping forward.
 */
final class SimulatedClock {
  private long trueAnchor;
  private long localAnchor;
  private double rate;
  private long wallAheadNanos;

  /**
   * @param offsetNanos what it shows when true time is 0
   */
  SimulatedClock(long offsetNanos, double rate) {
    this.localAnchor = offsetNanos;
    this.rate = rate;
  }

  /** What it shows. */
  long local(long trueNanos) {
    return localAnchor + Math.round((trueNanos - trueAnchor) * rate);
  }

  /** How much true time passes while it shows so much more. */
  long trueSpan(long localNanos) {
    return (long) Math.ceil(localNanos / rate);
  }

  /** From now on it runs at another rate. */
  void drift(long trueNanos, double newRate) {
    localAnchor = local(trueNanos);
    trueAnchor = trueNanos;
    rate = newRate;
  }

  /** What the wall clock beside it shows, from some day on. */
  long wall(long trueNanos) {
    return local(trueNanos) + wallAheadNanos;
  }

  /** The wall clock jumps forward; this one does not. */
  void jumpWall(long nanos) {
    wallAheadNanos += nanos;
  }

  /** It jumps forward. */
  void jump(long nanos) {
    localAnchor += nanos;
  }
}
