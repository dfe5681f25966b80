package io.synod.journal;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whose journal it has to be.
 *
 * @param server refused if the directory belongs to another
 * @param newIncarnation asked once, if the directory is new
 * @param cluster refused if the directory belongs to another; empty: any
 */
public record JournalOwner(
    ServerId server, Supplier<Incarnation> newIncarnation, Optional<ClusterId> cluster) {}
