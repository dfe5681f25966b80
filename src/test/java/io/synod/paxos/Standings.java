package io.synod.paxos;

import java.util.List;
import java.util.Optional;

/** Standings of servers that are well, but for what a test says. */
final class Standings {
  private Standings() {}

  static Standing following(Ballot followed, Slot chosen) {
    return of(followed, Optional.empty(), false, chosen, Slot.ZERO, 0, 0);
  }

  static Standing content(Ballot acting) {
    return of(acting, Optional.of(acting), true, Slot.ZERO, Slot.ZERO, 0, 0);
  }

  /** All that is chosen is applied too. */
  static Standing of(
      Ballot followed,
      Optional<Ballot> acting,
      boolean content,
      Slot chosen,
      Slot membershipAt,
      long syncAgeMillis,
      int priority) {
    return new Standing(
        followed,
        acting,
        content,
        chosen,
        chosen,
        membershipAt,
        syncAgeMillis,
        List.of(),
        priority,
        /* leaving= */ false,
        /* inDoubt= */ false,
        VersionRange.FIRST_ONLY,
        /* witness= */ Optional.empty());
  }
}
