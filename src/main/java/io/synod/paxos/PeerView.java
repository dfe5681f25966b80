package io.synod.paxos;

import java.util.Optional;

/**
 * Another server as this one sees it.
 *
 * @param live whether it answered a Ping within the election timeout
 * @param standing how it said it stands, last
 * @param silentNanos how long ago it said so; without meaning if it never did
 */
public record PeerView(
    ServerId server,
    boolean live,
    Optional<Incarnation> incarnation,
    Optional<Standing> standing,
    long silentNanos,
    double roundTripNanos) {

  /** Whether it has a store, as far as it says: a witness has none. */
  public boolean hasStore() {
    return standing.flatMap(Standing::witness).isEmpty();
  }
}
