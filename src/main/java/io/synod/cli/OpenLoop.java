package io.synod.cli;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls at a rate, whether the servers keep up or not: their intended starts are random and
 * independent of each other (a Poisson process), and a latency counts from the intended start. What
 * waits while the servers stall is therefore in it.
 */
final class OpenLoop implements LoadLoop {
  /** Beyond this calls begin late, which their latencies show. */
  static final int MOST_UNDER_WAY = 20_000;

  private static final long END_NANOS = 2_000_000_000L;
  private static final long LONGEST_REST_NANOS = 1_000_000;
  private static final int SEED = 20_261_121;

  private final List<Caller> callers;
  private final Workload workload;
  private final Tally tally;
  private final double gapNanos;
  private final AtomicInteger underWay = new AtomicInteger();
  private final Thread pacer = new Thread(this::run, "bench-pacer");
  private volatile boolean stopping;

  /**
   * @param callers taken over; the calls go to them in turn
   * @param perSecond how many calls are meant to begin in a second
   */
  OpenLoop(List<Caller> callers, Workload workload, Tally tally, double perSecond) {
    this.callers = List.copyOf(callers);
    this.workload = workload;
    this.tally = tally;
    this.gapNanos = 1e9 / perSecond;
    pacer.setDaemon(true);
  }

  @Override
  public void start() {
    pacer.start();
  }

  private void run() {
    SplittableRandom random = new SplittableRandom(SEED);
    double intended = System.nanoTime();
    int turn = 0;
    while (!stopping) {
      long rest = (long) intended - System.nanoTime();
      if (rest > 0) {
        LockSupport.parkNanos(this, Math.min(rest, LONGEST_REST_NANOS));
      } else if (underWay.get() >= MOST_UNDER_WAY) {
        LockSupport.parkNanos(this, LONGEST_REST_NANOS);
      } else {
        begin(callers.get(turn++ % callers.size()), (long) intended, random);
        intended -= Math.log(1 - random.nextDouble()) * gapNanos;
      }
    }
  }

  private void begin(Caller caller, long intendedNanos, SplittableRandom random) {
    underWay.incrementAndGet();
    int key = workload.nextKey(random);
    if (workload.nextIsRead(random)) {
      caller.get(key, new Shot(intendedNanos));
    } else {
      caller.put(key, new Shot(intendedNanos));
    }
  }

  private final class Shot implements Caller.Outcome {
    private final long intendedNanos;

    Shot(long intendedNanos) {
      this.intendedNanos = intendedNanos;
    }

    @Override
    public void done() {
      tally.done(System.nanoTime() - intendedNanos);
      underWay.decrementAndGet();
    }

    @Override
    public void failed(String why) {
      tally.failed(why);
      underWay.decrementAndGet();
    }
  }

  @Override
  public void close() {
    stopping = true;
    LockSupport.unpark(pacer);
    long until = System.nanoTime() + END_NANOS;
    while (underWay.get() > 0 && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(this, LONGEST_REST_NANOS);
    }
    callers.forEach(Caller::close);
  }
}
