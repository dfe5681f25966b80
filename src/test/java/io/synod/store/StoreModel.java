package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** What the store has to do, said in the plainest way. Remembers everything for ever. */
final class StoreModel {
  final TreeMap<Bytes, Row> rows = new TreeMap<>();
  final List<Result> results = new ArrayList<>();
  long revision = 1;

  private final Map<UUID, Long> sessionsByRun = new HashMap<>();
  private final Map<ServerId, Long> openByServer = new HashMap<>();
  private final Set<Long> closed = new HashSet<>();
  private final Map<Long, Long> lowestOpen = new HashMap<>();
  private final Map<Command.Stamp, Long> applied = new HashMap<>();

  void apply(Command command) {
    if (command instanceof Command.OpenSession open) {
      results.add(open(open));
    } else if (command instanceof Command.Put put) {
      results.add(write(put.stamp(), put.key(), put));
    } else {
      Command.Delete delete = (Command.Delete) command;
      results.add(write(delete.stamp(), delete.key(), delete));
    }
  }

  long liveBytes() {
    return rows.values().stream().mapToLong(row -> row.key().size() + row.value().size()).sum();
  }

  private Result open(Command.OpenSession open) {
    Long known = sessionsByRun.get(open.run());
    if (known != null && closed.contains(known)) {
      return new Result.SessionRefused(open.server(), open.run());
    }
    if (known == null) {
      Long before = openByServer.get(open.server());
      if (before != null) {
        closed.add(before);
      }
      known = sessionsByRun.size() + 1L;
      sessionsByRun.put(open.run(), known);
      openByServer.put(open.server(), known);
      lowestOpen.put(known, 1L);
    }
    return new Result.SessionOpened(known, open.server(), open.run());
  }

  private Result write(Command.Stamp stamp, Bytes key, Command command) {
    long session = stamp.session();
    if (!lowestOpen.containsKey(session) || closed.contains(session)) {
      return new Result.SessionGone();
    }
    long lowest = Math.max(lowestOpen.get(session), stamp.lowestOpen());
    lowestOpen.put(session, lowest);
    if (stamp.sequence() < lowest) {
      return new Result.GivenUp();
    }
    if (stamp.sequence() >= lowest + Session.WINDOW_SEQUENCES) {
      return new Result.BeyondWindow();
    }
    Command.Stamp place = new Command.Stamp(session, stamp.sequence(), 1);
    if (!applied.containsKey(place)) {
      change(key, command);
      applied.put(place, revision);
    }
    return new Result.Done(applied.get(place));
  }

  private void change(Bytes key, Command command) {
    Row before = rows.get(key);
    if (command instanceof Command.Put put) {
      revision++;
      long created = before == null ? revision : before.createRevision();
      long version = before == null ? 1 : before.version() + 1;
      rows.put(key, new Row(key, put.value(), created, revision, version));
    } else if (before != null) {
      revision++;
      rows.remove(key);
    }
  }
}
