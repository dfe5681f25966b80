package io.synod.node;

import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.Optional;

/** Why this server has no part in its cluster, if it has none, in words. Driver thread. */
final class Outsider {
  private final Paxos paxos;
  private final ServerId self;

  /** The slot that removed it, once that is known: the log may be cut behind it later. */
  private Optional<Slot> removedAt = Optional.empty();

  Outsider(Paxos paxos, ServerId self) {
    this.paxos = paxos;
    this.self = self;
  }

  /**
   * What this server is, as in "was removed from the cluster at slot 17"; none if it is a member.
   */
  Optional<String> why() {
    if (!paxos.isOpen() || paxos.isMember()) {
      removedAt = Optional.empty();
      return Optional.empty();
    }
    removedAt = removedAt.or(this::removal);
    if (removedAt.isPresent()) {
      return Optional.of("was removed from the cluster at slot " + removedAt.get().number());
    }
    long seen = paxos.membership().decidedAt().number();
    boolean founded =
        paxos.founding().flatMap(founding -> founding.membership().member(self)).isPresent();
    return Optional.of(
        founded
            ? "was removed from the cluster at slot " + seen + " or before"
            : "is no member of the cluster by the membership of slot "
                + seen
                + ": it was removed, waits to be added, or has yet to learn that it was");
  }

  /**
   * The first membership that does not name it, after one that does, as far as the log goes back.
   */
  private Optional<Slot> removal() {
    MembershipInForce later = paxos.membership();
    while (later.decidedAt().isAfter(Slot.ZERO)) {
      MembershipInForce before = paxos.membershipAt(later.decidedAt().previous());
      if (!before.decidedAt().isBefore(later.decidedAt())) {
        return Optional.empty();
      }
      if (before.membership().member(self).isPresent()) {
        return Optional.of(later.decidedAt());
      }
      later = before;
    }
    return Optional.empty();
  }
}
