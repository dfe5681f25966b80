package io.synod.cli;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** What became of the calls of a run. Any thread. */
final class Tally {
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long FIRST_ANSWER_SECONDS = 10;

  private final Recorder latencies = new Recorder(LONGEST_NANOS, 3);
  private final LongAdder done = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final AtomicReference<Optional<String>> firstFailure =
      new AtomicReference<>(Optional.empty());
  private final CountDownLatch answered = new CountDownLatch(1);

  /** What was counted. Latencies are in nanoseconds. */
  record Counts(Histogram latencies, long failures, Optional<String> firstFailure) {}

  void done(long nanos) {
    latencies.recordValue(Math.max(0, Math.min(nanos, LONGEST_NANOS)));
    done.increment();
    if (answered.getCount() > 0) {
      answered.countDown();
    }
  }

  void failed(String why) {
    failures.increment();
    firstFailure.updateAndGet(first -> first.or(() -> Optional.of(why)));
  }

  /** Waits until a call was answered, or the servers have had ample time for that. */
  void awaitAnswer() throws InterruptedException {
    boolean unused = answered.await(FIRST_ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  /** How many calls were answered since the beginning. */
  long answered() {
    return done.sum();
  }

  /** What was counted since the last time. */
  Counts take() {
    return new Counts(
        latencies.getIntervalHistogram(),
        failures.sumThenReset(),
        firstFailure.getAndSet(Optional.empty()));
  }
}
