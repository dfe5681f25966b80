package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SoakTest {
  private static final long BAD = 25;

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Set<Long> ran = new ConcurrentSkipListSet<>();

  /** One whose seeds come to this, and each meet something of this kind, twice. */
  private Soak soak(LongFunction<Optional<Throwable>> failure) {
    return new Soak(
        new PrintStream(said, /* autoFlush= */ true, StandardCharsets.UTF_8),
        seed -> new Simulate.Run(Swarm.of(seed), /* light= */ true),
        run -> {
          ran.add(run.swarm().seed);
          Coverage coverage = new Coverage();
          coverage.add("planted.kind", 2);
          return new Simulate.Run.Result(
              new Outcome(0, 3, Swarm.SECOND, 4, coverage, List.of()),
              failure.apply(run.swarm().seed));
        });
  }

  private Soak good() {
    return soak(seed -> Optional.empty());
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  private static Set<Long> seeds(long first, long count) {
    return LongStream.range(first, first + count).boxed().collect(Collectors.toSet());
  }

  private void assertSaid(String text) {
    assertTrue(said().contains(text), this::said);
  }

  @Test
  void runsTheSeedsAskedForAndCountsWhatTheyDid() throws InterruptedException {
    assertTrue(good().seeds(20, 40));
    assertEquals(seeds(20, 40), ran);
    assertSaid(" 80  planted.kind");
    assertSaid(": 40 seeds, 0 failed, ");
    assertSaid("120 events");
    assertSaid("160 operations");
  }

  @Test
  void saysWhatFailedAndHowToSeeItAgain() throws InterruptedException {
    Soak soak =
        soak(
            seed -> seed == BAD ? Optional.of(new Violation("Planted", "here")) : Optional.empty());
    assertFalse(soak.seeds(20, 10));
    assertEquals(seeds(20, 10), ran);
    String faults = Swarm.of(BAD).faults.stream().map(Fault::name).collect(Collectors.joining(","));
    assertSaid("seed " + BAD + ": " + new Violation("Planted", "here"));
    assertSaid("replay: scripts/simulate --light --seed " + BAD + " --without " + faults);
    assertSaid(": 10 seeds, 1 failed, ");
  }

  @Test
  void aSeedThatEndsItsThreadIsAFailure() throws InterruptedException {
    Soak soak =
        soak(
            seed -> {
              if (seed == BAD) {
                throw new StackOverflowError("planted");
              }
              return Optional.empty();
            });
    assertFalse(soak.seeds(20, 10));
    assertSaid("StackOverflowError: planted");
    assertSaid(" 1 failed, ");
  }

  @Test
  void thatNothingRanIsNotGood() throws InterruptedException {
    assertFalse(good().seeds(1, 0));
    assertFalse(good().minutes(1, 0));
    assertEquals(Set.of(), ran);
    assertSaid(": 0 seeds, 0 failed, ");
  }

  @Test
  void goesOnForSoManyMinutes() throws InterruptedException {
    Soak soak = good();
    long began = System.nanoTime();
    assertTrue(soak.minutes(20, 0.002));
    assertTrue(System.nanoTime() - began >= 100_000_000, "ended early");
    assertTrue(ran.contains(20L) && ran.size() > 1, () -> "ran " + ran);
  }
}
