package io.synod.store;

import io.synod.paxos.ServerId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The open sessions. A session's id is the count of sessions opened so far, which is the same
 * wherever the same log is applied. Driver's thread only.
 */
final class Sessions {
  /** How many sessions of servers there may be; one more closes the oldest. */
  static final int LIMIT = 1_024;

  /**
   * How many closed runs of a server are remembered, so that a late copy of the command that opened
   * one of them does not close the session of the run that is alive.
   */
  static final int CLOSED_RUNS = 8;

  private final TreeMap<Long, Session> open = new TreeMap<>();
  private final TreeMap<ServerId, Deque<UUID>> closedRuns = new TreeMap<>();
  private long opened;

  /** The session asked for last: most commands of a batch are of one session. */
  private @Nullable Session last;

  /** How many sessions were opened so far. */
  long opened() {
    return opened;
  }

  /** The open sessions by id. */
  Iterable<Session> open() {
    return open.values();
  }

  int count() {
    return open.size();
  }

  /** The runs that are closed, oldest first, by server. */
  Map<ServerId, Deque<UUID>> closedRuns() {
    return closedRuns;
  }

  @Nullable Session find(long id) {
    Session found = last;
    if (found == null || found.id() != id) {
      found = open.get(id);
      last = found;
    }
    return found;
  }

  /** Opens a session, or finds the one that is open for this run; empty if the run is closed. */
  Optional<Session> open(ServerId server, UUID run) {
    Deque<UUID> closed = closedRuns.get(server);
    if (closed != null && closed.contains(run)) {
      return Optional.empty();
    }
    Iterator<Session> each = open.values().iterator();
    while (each.hasNext()) {
      Session session = each.next();
      if (!session.server().equals(server)) {
        continue;
      }
      if (session.run().equals(run)) {
        return Optional.of(session);
      }
      each.remove();
      noteClosed(session);
    }
    if (open.size() == LIMIT) {
      noteClosed(open.pollFirstEntry().getValue());
    }
    opened++;
    Session session = new Session(opened, server, run);
    add(session);
    return Optional.of(session);
  }

  /** Copies of the open ones, which stay as they are now. */
  List<Session> copyOfOpen() {
    List<Session> copies = new ArrayList<>(open.size());
    for (Session session : open.values()) {
      copies.add(session.copy());
    }
    return copies;
  }

  long hash() {
    long hash = opened;
    for (Session session : open.values()) {
      hash = Mix.mix(hash, session.hash());
    }
    for (Map.Entry<ServerId, Deque<UUID>> each : closedRuns.entrySet()) {
      hash = Mix.mix(hash, each.getKey().number());
      for (UUID run : each.getValue()) {
        hash = Mix.mix(hash, Mix.mix(run.getMostSignificantBits(), run.getLeastSignificantBits()));
      }
    }
    return hash;
  }

  /** Puts back what a snapshot holds: how many were opened. */
  void restoreOpened(long count) {
    opened = count;
  }

  /** Puts back what a snapshot holds: a closed run, oldest first. */
  void addClosedRun(ServerId server, UUID run) {
    Deque<UUID> runs = closedRuns.computeIfAbsent(server, any -> new ArrayDeque<>());
    runs.addLast(run);
    if (runs.size() > CLOSED_RUNS) {
      runs.removeFirst();
    }
  }

  /** Puts back what a snapshot holds: an open session. */
  void add(Session session) {
    open.put(session.id(), session);
    last = null;
  }

  private void noteClosed(Session session) {
    addClosedRun(session.server(), session.run());
    if (closedRuns.size() > LIMIT) {
      closedRuns.pollFirstEntry();
    }
    last = null;
  }
}
