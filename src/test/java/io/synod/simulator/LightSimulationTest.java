package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * Seeds on the light harness: the cores alone under faults, with all invariants checked after every
 * event and the liveness phase at the end.
 */
class LightSimulationTest {
  private static final int SEEDS = Integer.getInteger("synod.light.seeds", 300);
  private static final long FIRST = Long.getLong("synod.light.first", 1);

  @Test
  void nothingGoesWrongUnderFaults() {
    Coverage coverage = new Coverage();
    long chosen = 0;
    long nanos = 0;
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Outcome outcome = Simulate.light(seed);
      coverage.addAll(outcome.coverage());
      chosen += outcome.answered();
      nanos += outcome.simulatedNanos();
    }
    assertTrue(chosen >= SEEDS * 50L, "only " + chosen + " values chosen");
    assertTrue(nanos >= SEEDS * 10L * Swarm.SECOND, "only " + nanos + " ns simulated");
  }

  @Test
  void theSameSeedTwiceGivesTheSameTrace() {
    for (long seed = 1; seed <= 10; seed++) {
      assertEquals(Simulate.light(seed).traceHash(), Simulate.light(seed).traceHash());
    }
  }
}
