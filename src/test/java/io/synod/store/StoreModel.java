package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** What the store has to do, said in the plainest way. Remembers everything for ever. */
final class StoreModel {
  final TreeMap<Bytes, Row> rows = new TreeMap<>();
  final List<Result> results = new ArrayList<>();
  long revision = 1;
  long compacted = 1;

  private final TreeMap<Bytes, TreeMap<Long, Optional<Row>>> versions = new TreeMap<>();

  private final Map<UUID, Long> sessionsByRun = new HashMap<>();
  private final Map<ServerId, Long> openByServer = new HashMap<>();
  private final Set<Long> closed = new HashSet<>();
  private final Map<Long, Long> lowestOpen = new HashMap<>();
  private final Map<Command.Stamp, Result> applied = new HashMap<>();

  void apply(Command command) {
    if (command instanceof Command.OpenSession open) {
      results.add(open(open));
    } else if (command instanceof Command.Put put) {
      results.add(write(put.stamp(), put));
    } else if (command instanceof Command.Delete delete) {
      results.add(write(delete.stamp(), delete));
    } else if (command instanceof Command.Compact compact) {
      results.add(write(compact.stamp(), compact));
    } else {
      Command.Writes writes = (Command.Writes) command;
      results.add(write(writes.stamp(), writes));
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

  private Result write(Command.Stamp stamp, Command command) {
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
      applied.put(place, outcome(command));
    }
    return applied.get(place);
  }

  private Result outcome(Command command) {
    if (command instanceof Command.Compact compact) {
      if (compact.revision() <= compacted) {
        return new Result.AlreadyCompacted();
      } else if (compact.revision() > revision) {
        return new Result.FutureRevision();
      }
      compacted = compact.revision();
    } else if (command instanceof Command.Put put) {
      change(List.of(new Command.Change(put.key(), Optional.of(put.value()))));
    } else if (command instanceof Command.Delete delete) {
      change(List.of(new Command.Change(delete.key(), Optional.empty())));
    } else {
      change(((Command.Writes) command).changes());
    }
    return new Result.Done(revision);
  }

  private void change(List<Command.Change> changes) {
    long next = revision + 1;
    for (Command.Change each : changes) {
      Bytes key = each.key();
      Row before = rows.get(key);
      if (each.value().isPresent()) {
        long created = before == null ? next : before.createRevision();
        long version = before == null ? 1 : before.version() + 1;
        rows.put(key, new Row(key, each.value().get(), created, next, version));
      } else if (before != null) {
        rows.remove(key);
      } else {
        continue;
      }
      revision = next;
      versions
          .computeIfAbsent(key, any -> new TreeMap<>())
          .put(next, Optional.ofNullable(rows.get(key)));
    }
  }

  /** All rows as they were. */
  List<Row> rowsAt(long at) {
    List<Row> found = new ArrayList<>();
    for (TreeMap<Long, Optional<Row>> each : versions.values()) {
      Map.Entry<Long, Optional<Row>> last = each.floorEntry(at);
      if (last != null) {
        last.getValue().ifPresent(found::add);
      }
    }
    return found;
  }
}
