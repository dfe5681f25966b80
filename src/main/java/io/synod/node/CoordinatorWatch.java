package io.synod.node;

import io.synod.paxos.Ballot;
import io.synod.paxos.Paxos;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Who was elected to coordinate and when this server learned of it, and since when it hears no
 * content coordinator; for people to read. Driver thread only.
 */
final class CoordinatorWatch {
  private final Paxos paxos;
  private final LongSupplier wallMillis;
  private Optional<Ballot> elected = Optional.empty();
  private long electedAtMillis;

  /** Since when no content coordinator is heard, by the wall clock; 0 while one is. */
  private long unheardSinceMillis;

  CoordinatorWatch(Paxos paxos, LongSupplier wallMillis) {
    this.paxos = paxos;
    this.wallMillis = wallMillis;
  }

  /** The log says that this ballot's server coordinates from here on. */
  void onElected(Ballot ballot) {
    elected = Optional.of(ballot);
    electedAtMillis = wallMillis.getAsLong();
  }

  /** Notes what has changed; now and then. */
  void look() {
    noteElectedBehindASnapshot();
    if (paxos.isContent()) {
      unheardSinceMillis = 0;
    } else if (unheardSinceMillis == 0) {
      unheardSinceMillis = wallMillis.getAsLong();
    }
  }

  /** The log does not say who was elected in a slot that a snapshot covers; the others do. */
  private void noteElectedBehindASnapshot() {
    Ballot followed = paxos.followed();
    if (paxos.coordinatorHeard().equals(Optional.of(followed.server()))
        && (elected.isEmpty() || followed.isAbove(elected.get()))) {
      onElected(followed);
    }
  }

  /** The ballot elected last, as far as it is known. */
  Optional<Ballot> elected() {
    return elected;
  }

  /** By the wall clock. */
  long electedAtMillis() {
    return electedAtMillis;
  }

  /** By the wall clock; 0 while a content coordinator is heard. */
  long unheardSinceMillis() {
    return unheardSinceMillis;
  }
}
