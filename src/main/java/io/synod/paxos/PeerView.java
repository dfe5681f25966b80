package io.synod.paxos;

import java.util.Optional;

/** Another server as this one sees it, for display. */
public record PeerView(
    ServerId server,
    boolean live,
    Optional<Incarnation> incarnation,
    Optional<Standing> standing,
    double roundTripNanos) {}
