package io.synod.node;

import io.synod.paxos.Message;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code fail_rate}: this server, as an acceptor, fails on a Prepare or Propose; half of the time
 * before it did anything, half of the time when it is durable and before it answers (design.md,
 * section 7). And {@code suspend}: it drops all traffic for a while.
 */
final class FaultsOnPurpose {
  /** What becomes of a message. */
  enum Fate {
    HANDLED,
    DROPPED,
    NOT_ANSWERED
  }

  private final SplittableRandom random;
  private volatile double failRate;

  /** What was asked for last and not seen yet; 0: nothing. */
  private final AtomicLong suspendNanos = new AtomicLong();

  private long suspendedUntilNanos = Long.MIN_VALUE;

  FaultsOnPurpose(double failRate, long seed) {
    this.failRate = failRate;
    this.random = new SplittableRandom(seed);
  }

  double failRate() {
    return failRate;
  }

  /** Any thread. */
  void setFailRate(double rate) {
    failRate = NodeSettings.checkFailRate(rate);
  }

  /** Any thread: from its next turn on the server is cut off for so long; 0 ends it. */
  void suspend(long nanos) {
    suspendNanos.set(Math.max(1, nanos));
  }

  boolean isSuspended(long nowNanos) {
    if (suspendNanos.get() != 0) {
      suspendedUntilNanos = nowNanos + suspendNanos.getAndSet(0);
    }
    return nowNanos < suspendedUntilNanos;
  }

  Fate fateOf(Message message) {
    double rate = failRate;
    boolean exposed = message instanceof Message.Prepare || message instanceof Message.Propose;
    if (!exposed || rate == 0 || random.nextDouble() >= rate) {
      return Fate.HANDLED;
    }
    return random.nextBoolean() ? Fate.DROPPED : Fate.NOT_ANSWERED;
  }
}
