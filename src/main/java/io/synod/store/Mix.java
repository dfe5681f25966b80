package io.synod.store;

/** Mixes numbers into hashes: the same on every server and in every release. */
final class Mix {
  private Mix() {}

  /** Depends on every bit of both and on their order. */
  static long mix(long a, long b) {
    return mix(mix(a) + Long.rotateLeft(b, 32) * 0x9e3779b97f4a7c15L + b);
  }

  /** The finalizer of SplitMix64 (Steele, Lea and Flood), a permutation. */
  private static long mix(long z) {
    long x = z + 0x9e3779b97f4a7c15L;
    x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
