package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What a batch consists of. In the hot path commands are never made into these objects: {@link
 * CommandEncoder} writes and {@link CommandFormat.Visitor} reads their bytes; these are for all
 * other places.
 */
public sealed interface Command {

  /**
   * Opens a session for one start of a server, and closes that server's earlier ones. Repeated, it
   * gets the session it got first.
   *
   * @param run names this start: random, never used again
   */
  record OpenSession(ServerId server, UUID run) implements Command {}

  /** Sets a key. */
  record Put(Stamp stamp, Bytes key, Bytes value) implements Command {}

  /** Removes a key; does nothing if it is absent. */
  record Delete(Stamp stamp, Bytes key) implements Command {}

  /** Lets go of what keys were at revisions below {@code revision}. */
  record Compact(Stamp stamp, long revision) implements Command {}

  /** Sets and removes several keys at one revision: all of it or, if refused, nothing. */
  record Writes(Stamp stamp, List<Change> changes) implements Command {
    public Writes {
      changes = List.copyOf(changes);
      Set<Bytes> keys = new HashSet<>();
      for (Change change : changes) {
        if (!keys.add(change.key())) {
          throw new IllegalArgumentException("key " + change.key() + " twice");
        }
      }
    }
  }

  /**
   * One key of a {@link Writes}.
   *
   * @param value empty: the key is removed
   */
  record Change(Bytes key, Optional<Bytes> value) {}

  /**
   * Which command of which session it is, so that it is applied once however often it is proposed
   * (protocol-rules.md, 9).
   *
   * @param sequence from 1, in the session's order
   * @param lowestOpen the sequences below are answered or given up: their results may be forgotten,
   *     and they never apply from now on; at most {@code sequence}
   */
  record Stamp(long session, long sequence, long lowestOpen) {
    public Stamp {
      if (session < 1 || lowestOpen < 1 || sequence < lowestOpen) {
        throw new IllegalArgumentException(
            "session "
                + session
                + ", sequence "
                + sequence
                + ", lowest open "
                + lowestOpen
                + " are not a stamp");
      }
    }
  }
}
