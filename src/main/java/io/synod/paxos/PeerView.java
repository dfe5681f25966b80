package io.synod.paxos;

import java.util.Optional;

/** Another server as this one sees it, for display. */
public record PeerView(
    ServerId server,
    boolean live,
    Optional<Incarnation> incarnation,
    Optional<Standing> standing,
    double roundTripNanos) {

  /** Whether it has a store, as far as it says: a witness has none. */
  public boolean hasStore() {
    return standing.flatMap(Standing::witness).isEmpty();
  }
}
