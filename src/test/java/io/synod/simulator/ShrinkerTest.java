package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** {@code io.synod.mutants.ShrunkRunTest} shrinks a run that finds a planted defect. */
class ShrinkerTest {
  private final Violation failure = new Violation("Planted", "by this test");

  /** One with nearly all faults, for long. */
  private final Simulate.Run run =
      LongStream.iterate(1, seed -> seed + 1)
          .mapToObj(Swarm::of)
          .filter(swarm -> swarm.faults.size() > 20 && swarm.has(Fault.SPLIT))
          .filter(swarm -> swarm.faultsEndNanos > 8 * Swarm.SECOND)
          .map(swarm -> new Simulate.Run(swarm, /* light= */ true))
          .findFirst()
          .orElseThrow();

  private int tried;

  private Simulate.Run shrink(Function<Swarm, Optional<Throwable>> harness) {
    return Shrinker.shrink(
        run,
        failure,
        smaller -> {
          tried++;
          return result(harness.apply(smaller.swarm()));
        });
  }

  private static Simulate.Run.Result result(Optional<Throwable> failure) {
    return new Simulate.Run.Result(new Outcome(0, 0, 0, 0, new Coverage(), List.of()), failure);
  }

  private Optional<Throwable> failsIf(boolean fails) {
    return fails ? Optional.of(failure) : Optional.empty();
  }

  @Test
  void leavesOutWhatDoesNotMatterAndEndsEarly() {
    Simulate.Run small = shrink(swarm -> failsIf(swarm.has(Fault.SPLIT)));
    assertEquals(Set.of(Fault.SPLIT), small.swarm().faults);
    assertTrue(small.swarm().faultsEndNanos <= run.swarm().faultsEndNanos / 32, small::command);
    assertTrue(small.light());
    assertEquals(run.swarm().seed, small.swarm().seed);
  }

  @Test
  void keepsFaultsThatFailOnlyTogether() {
    Set<Fault> both = EnumSet.of(Fault.SPLIT, latest());
    Simulate.Run small = shrink(swarm -> failsIf(swarm.faults.containsAll(both)));
    assertEquals(both, small.swarm().faults);
  }

  /** The last of its faults: the one that is left out last. */
  private Fault latest() {
    return run.swarm().faults.stream().reduce((first, second) -> second).orElseThrow();
  }

  @Test
  void endsNoEarlierThanItFails() {
    long needed = run.swarm().faultsEndNanos / 3;
    Simulate.Run small = shrink(swarm -> failsIf(swarm.faultsEndNanos >= needed));
    assertEquals(Set.of(), small.swarm().faults);
    assertTrue(small.swarm().faultsEndNanos >= needed, small::command);
    assertTrue(small.swarm().faultsEndNanos < 2 * needed, small::command);
  }

  @Test
  void returnsWhatCannotBeMadeSmallerAsItIs() {
    assertSame(run, shrink(swarm -> failsIf(false)));
    assertTrue(tried > run.swarm().faults.size(), "tried " + tried);
  }

  @Test
  void anotherFailureIsNotTheSame() {
    Violation other = new Violation("Other", "by this test");
    assertSame(run, shrink(swarm -> Optional.of(other)));
    assertSame(run, shrink(swarm -> Optional.of(new IllegalStateException("Planted"))));
  }

  @Test
  void theCommandSaysAllOfIt() {
    Simulate.Run small = shrink(swarm -> failsIf(swarm.has(Fault.SPLIT)));
    List<String> words = List.of(small.command().split(" ", -1));
    assertEquals("scripts/simulate", words.get(0));
    Simulate.Run again = new Simulate.Options(words.subList(1, words.size())).run(run.swarm().seed);
    assertEquals(small.swarm().toString(), again.swarm().toString());
    assertEquals(small.light(), again.light());
    assertEquals(
        small.result(false).outcome().traceHash(), again.result(false).outcome().traceHash());
  }
}
