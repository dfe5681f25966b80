package io.synod.store;

import io.synod.paxos.VersionInForce;

/** The hash of a state, from those of its parts. */
final class StoreHash {
  private StoreHash() {}

  /**
   * @param numbersHash {@link #ofNumbers}
   * @param rowsHash the sum of the hashes of all rows
   */
  static long of(
      long numbersHash, long rowsHash, History.Numbers historyNumbers, Sessions sessions) {
    long rows = Mix.mix(rowsHash, historyNumbers.stateHash());
    return Mix.mix(Mix.mix(numbersHash, rows), sessions.hash());
  }

  /**
   * By the first version it leaves the version out, as programs do that know no other; from the
   * second on it is in it, with the slot that decided it, so that a replica that would begin at
   * another one does not go unnoticed.
   */
  static long ofNumbers(VersionInForce version, long revision, long logTimeMillis) {
    long hash = Mix.mix(revision, logTimeMillis);
    return version.number() == 1
        ? hash
        : Mix.mix(hash, Mix.mix(version.decidedAt().number(), version.number()));
  }
}
