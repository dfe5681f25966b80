package io.synod.paxos;

import java.util.List;
import java.util.Optional;

/**
 * How a server stands, carried by every Ping and Pong: what elections, catch-up and the dashboard
 * need to know of it.
 *
 * @param followed the highest ballot this server knows of: promised, heard of, or taken by itself
 * @param acting the ballot at which it prepares or coordinates in this run; none for everybody else
 *     (protocol-rules.md, 16)
 * @param content whether it sees no reason to elect: it acts and hears a quorum, or it hears a
 *     content server that acts at {@code followed}
 * @param chosen how far it knows its log to be chosen: news only, makes nothing chosen
 *     (protocol-rules.md, 1)
 * @param applied how far it has applied
 * @param membershipAt the slot of the newest chosen membership it knows
 * @param syncAgeMillis age of the oldest write still waiting for its sync, 0 when none waits
 *     (protocol-rules.md, 17)
 * @param state hashes of its state at agreed slots, the newest first (protocol-rules.md, 14)
 * @param priority higher is preferred as coordinator among those equally caught up
 * @param leaving whether it is about to stop: its vote should not be waited for
 * @param inDoubt whether its log lost records, so that it counts in no election for some slots
 *     until they are chosen or a new ballot settles them (protocol-rules.md, 3)
 * @param supported by which versions its program can behave (protocol-rules.md, 15)
 * @param witness how the log of a witness is; none of every other server (protocol-rules.md, 13)
 */
public record Standing(
    Ballot followed,
    Optional<Ballot> acting,
    boolean content,
    Slot chosen,
    Slot applied,
    Slot membershipAt,
    long syncAgeMillis,
    List<StateHash> state,
    int priority,
    boolean leaving,
    boolean inDoubt,
    VersionRange supported,
    Optional<WitnessLog> witness) {
  /** More are never told. */
  public static final int MOST_HASHES = 2;
}
