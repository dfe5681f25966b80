package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Seeds of {@link Duel}. */
class DuelTest {
  private static final int SEEDS = Integer.getInteger("synod.duel.seeds", 200);
  private static final long FIRST = Long.getLong("synod.duel.first", 0);

  @Test
  void nothingGoesWrongInDuels() {
    long chosen = 0;
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        chosen += Duel.run(seed);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "seed " + seed + ": replay with -Dsynod.duel.first=" + seed + " -Dsynod.duel.seeds=1",
            e);
      }
    }
    assertTrue(chosen > SEEDS * 100L, "only " + chosen + " values chosen");
  }

  @Test
  void noReadUnderALeaseIsOld() {
    long served = 0;
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        served += Duel.runWithLeases(seed);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + " with leases", e);
      }
    }
    assertTrue(served > SEEDS * 20L, "only " + served + " reads under a lease");
  }
}
