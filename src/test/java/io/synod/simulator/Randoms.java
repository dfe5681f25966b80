package io.synod.simulator;

import java.util.SplittableRandom;
import java.util.UUID;

/**
 * The random sources of a run, one for each subsystem, so that a change to one (a fault class
 * dropped while a failure is made smaller) does not reshuffle the others.
 */
final class Randoms {
  private final long seed;

  Randoms(long seed) {
    this.seed = seed;
  }

  /** A new source; the same for the same seed and name. */
  SplittableRandom of(String subsystem) {
    return new SplittableRandom(mix(seed * 0x9E3779B97F4A7C15L + subsystem.hashCode()));
  }

  /** Spreads the bits of a number. */
  static long mix(long bits) {
    long z = bits;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  static UUID uuid(SplittableRandom random) {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /** Whether something that happens with this chance happens. */
  static boolean chance(SplittableRandom random, double chance) {
    return chance > 0 && random.nextDouble() < chance;
  }

  /** From {@code low} to {@code high}, the small ones more often: each power of two alike. */
  static long logUniform(SplittableRandom random, long low, long high) {
    double exponent = random.nextDouble() * Math.log((double) high / low);
    return Math.min(high, Math.max(low, Math.round(low * Math.exp(exponent))));
  }
}
