package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** Many seeds on all cores, and the sums of what they did. */
final class Seeds {
  private final Coverage coverage = new Coverage();
  private final List<String> failures = new ArrayList<>();
  private final double seconds;
  private long done;
  private long simulatedNanos;
  private long answered;

  private Seeds(long first, long count, LongFunction<Outcome> simulation) {
    long began = System.nanoTime();
    LongStream.range(first, first + count).parallel().forEach(seed -> run(seed, simulation));
    this.seconds = (System.nanoTime() - began) / 1e9;
  }

  /** Runs the seeds from {@code first} on, and prints what they came to. */
  static Seeds run(String name, long first, long count, LongFunction<Outcome> simulation) {
    Seeds seeds = new Seeds(first, count, simulation);
    System.out.printf(
        "%s: %,d seeds, %.1f simulated hours, %,d operations in %.0f s: %.0f simulated seconds a"
            + " second%n%s",
        name,
        seeds.done,
        seeds.hours(),
        seeds.answered,
        seeds.seconds,
        seeds.simulatedNanos / 1e9 / seeds.seconds,
        seeds.coverage.describe());
    return seeds;
  }

  private void run(long seed, LongFunction<Outcome> simulation) {
    try {
      Outcome outcome = simulation.apply(seed);
      synchronized (this) {
        done++;
        coverage.addAll(outcome.coverage());
        simulatedNanos += outcome.simulatedNanos();
        answered += outcome.answered();
      }
    } catch (AssertionError e) {
      synchronized (this) {
        failures.add(e.getMessage());
      }
    }
  }

  double hours() {
    return simulatedNanos / 3.6e12;
  }

  /** Fails if a seed found something, and also if less was done than is stated. */
  void check(long count, double leastHours, long leastOperations) {
    assertEquals(List.of(), failures);
    assertEquals(count, done);
    assertTrue(hours() >= leastHours, () -> "only " + hours() + " simulated hours");
    assertTrue(answered >= leastOperations, () -> "only " + answered + " operations");
  }

  /** Fails if one of these never happened. */
  void checkHappened(List<String> expected) {
    checkHappened(expected, 1);
  }

  /** Fails if one of these happened less often than that. */
  void checkHappened(List<String> expected, long least) {
    List<String> missing = new ArrayList<>();
    for (String each : expected) {
      if (coverage.count(each) < least) {
        missing.add(each + ": " + coverage.count(each));
      }
    }
    assertEquals(List.of(), missing, () -> "happened less than " + least + " times");
  }

  /** Fails if one of these faults came less often than that, or all of them than that in sum. */
  void checkFaults(Set<Fault> expected, long leastOfEach, long leastInAll) {
    List<String> names = expected.stream().map(fault -> "fault." + fault).toList();
    checkHappened(names, leastOfEach);
    long all = names.stream().mapToLong(coverage::count).sum();
    assertTrue(all >= leastInAll, () -> "only " + all + " faults");
  }

  /** Fails if this happened more often than that. */
  void checkSeldom(String what, long most) {
    long times = coverage.count(what);
    assertTrue(times <= most, () -> what + " " + times + " times");
  }
}
