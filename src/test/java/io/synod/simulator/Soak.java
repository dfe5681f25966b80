package io.synod.simulator;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongFunction;

/** Many seeds on all cores, with a line of progress now and then and all counts at the end. */
final class Soak {
  private static final long PROGRESS_NANOS = 10_000_000_000L;

  private final PrintStream out;
  private final LongFunction<Simulate.Run> runs;
  private final Function<Simulate.Run, Simulate.Run.Result> harness;
  private final Coverage coverage = new Coverage();
  private final long began = System.nanoTime();
  private long saidNanos = System.nanoTime();
  private long seeds;
  private long failed;
  private long simulatedNanos;
  private long events;
  private long answered;

  /**
   * @param runs what each seed means
   * @param harness what comes of a run
   */
  Soak(
      PrintStream out,
      LongFunction<Simulate.Run> runs,
      Function<Simulate.Run, Simulate.Run.Result> harness) {
    this.out = out;
    this.runs = runs;
    this.harness = harness;
  }

  /** Returns whether nothing was wrong. */
  boolean minutes(long first, double minutes) throws InterruptedException {
    long end = began + Math.round(minutes * 60e9);
    return run(first, seed -> System.nanoTime() < end);
  }

  /** Returns whether nothing was wrong. */
  boolean seeds(long first, long count) throws InterruptedException {
    return run(first, seed -> seed < first + count);
  }

  private interface GoesOn {
    boolean with(long seed);
  }

  private boolean run(long first, GoesOn goesOn) throws InterruptedException {
    AtomicLong next = new AtomicLong(first);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread thread =
          new Thread(
              () -> {
                long seed = next.getAndIncrement();
                while (goesOn.with(seed)) {
                  one(seed);
                  seed = next.getAndIncrement();
                }
              },
              "simulate-" + i);
      thread.setUncaughtExceptionHandler(this::ended);
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    out.print(coverage.describe());
    out.println(progress());
    return failed == 0 && seeds > 0;
  }

  private void one(long seed) {
    Simulate.Run run = runs.apply(seed);
    Simulate.Run.Result result = harness.apply(run);
    String failure =
        result
            .failure()
            .map(
                wrong ->
                    "seed "
                        + seed
                        + ": "
                        + wrong
                        + "\nreplay: "
                        + Shrinker.shrink(run, wrong, harness).command())
            .orElse("");
    add(result.outcome(), failure);
  }

  /** An error that no simulation is to raise: the seeds of its thread were not all looked at. */
  private synchronized void ended(Thread thread, Throwable why) {
    failed++;
    out.println(thread.getName() + " ended: " + why);
    why.printStackTrace(out);
  }

  private synchronized void add(Outcome outcome, String failure) {
    seeds++;
    coverage.addAll(outcome.coverage());
    simulatedNanos += outcome.simulatedNanos();
    events += outcome.events();
    answered += outcome.answered();
    if (!failure.isEmpty()) {
      failed++;
      out.println(failure);
    }
    if (System.nanoTime() - saidNanos >= PROGRESS_NANOS) {
      saidNanos = System.nanoTime();
      out.println(progress());
    }
  }

  private String progress() {
    double seconds = (System.nanoTime() - began) / 1e9;
    return String.format(
        "%6.0f s: %,d seeds, %d failed, %.2f simulated hours (%.0f seconds a second), %,d events,"
            + " %,d operations",
        seconds,
        seeds,
        failed,
        simulatedNanos / 3.6e12,
        simulatedNanos / 1e9 / seconds,
        events,
        answered);
  }
}
