package io.synod.cli;

import com.google.common.util.concurrent.Uninterruptibles;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * So many calls under way at any time: each begins when the one before it has ended. It therefore
 * slows down with the servers, and its latencies leave out what would have waited meanwhile.
 */
final class ClosedLoop implements LoadLoop {
  private static final long AFTER_FAILURE_MILLIS = 5;
  private static final long END_MILLIS = 2_000;

  private final List<Caller> callers;
  private final Workload workload;
  private final Tally tally;
  private final int outstanding;
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "bench-later");
            thread.setDaemon(true);
            return thread;
          });
  private final CountDownLatch ended;
  private volatile boolean stopping;

  /**
   * @param callers taken over; the calls are spread over them evenly
   */
  ClosedLoop(List<Caller> callers, Workload workload, Tally tally, int outstanding) {
    this.callers = List.copyOf(callers);
    this.workload = workload;
    this.tally = tally;
    this.outstanding = outstanding;
    this.ended = new CountDownLatch(outstanding);
  }

  @Override
  public void start() {
    for (int i = 0; i < outstanding; i++) {
      new Worker(i).next();
    }
  }

  @Override
  public void close() {
    stopping = true;
    boolean unused =
        Uninterruptibles.awaitUninterruptibly(ended, END_MILLIS, TimeUnit.MILLISECONDS);
    callers.forEach(Caller::close);
    later.shutdownNow();
  }

  /** One call at a time. */
  private final class Worker implements Caller.Outcome {
    private final SplittableRandom random;
    private int turn;
    private long beganNanos;

    Worker(int number) {
      this.turn = number % callers.size();
      this.random = new SplittableRandom(number);
    }

    private void next() {
      if (stopping) {
        ended.countDown();
        return;
      }
      int key = workload.nextKey(random);
      boolean isRead = workload.nextIsRead(random);
      Caller caller = callers.get(turn);
      turn = (turn + 1) % callers.size();
      beganNanos = System.nanoTime();
      if (isRead) {
        caller.get(key, this);
      } else {
        caller.put(key, this);
      }
    }

    @Override
    public void done() {
      tally.done(System.nanoTime() - beganNanos);
      next();
    }

    @Override
    public void failed(String why) {
      tally.failed(why);
      if (stopping) {
        ended.countDown();
      } else {
        // Not at once: a server that refuses everything must not be flooded.
        var unused = later.schedule(this::next, AFTER_FAILURE_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }
}
