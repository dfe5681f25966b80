package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.paxos.Value;
import io.synod.store.CommandFormat;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What waits at the coordinator to be proposed: runs of commands, its own and forwarded ones. What
 * came while a round ran is the next batch; there is no linger. Driver thread only.
 *
 * <p>Servers send again what had no answer in time, and a server that is slow because it has too
 * much to do must not get the more to do for it: what waits already is not added a second time.
 */
final class Batches {
  /** What came of so many sessions is kept although nothing of them waits. */
  private static final int MOST_SPARE_SESSIONS = 64;

  private final NodeSettings settings;
  private final ArrayDeque<Bytes> runs = new ArrayDeque<>();
  private long sizeBytes;

  /** The highest sequence that came of each session of which commands wait. */
  private final Map<Long, Long> highest = new HashMap<>();

  Batches(NodeSettings settings) {
    this.settings = settings;
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** Of how many sessions it is kept what came. */
  int sessions() {
    return highest.size();
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /** Adds what of a run does not wait already, if there is room for it. */
  boolean offer(Bytes run) {
    Optional<CommandFormat.Span> span = CommandFormat.span(run);
    Bytes added = span.isPresent() && isRepeated(span.get()) ? withoutWaiting(run) : run;
    if (sizeBytes + added.size() > settings.queueBytes()) {
      return false;
    }
    if (!added.isEmpty()) {
      runs.add(added);
      sizeBytes += added.size();
    }
    if (!runs.isEmpty()) {
      span.ifPresent(each -> highest.merge(each.session(), each.last(), Math::max));
    }
    return true;
  }

  /** Sequences are sent in order: what is not above all that came was sent before. */
  private boolean isRepeated(CommandFormat.Span span) {
    return span.first() <= highest.getOrDefault(span.session(), 0L);
  }

  private Bytes withoutWaiting(Bytes run) {
    Set<CommandFormat.Origin> waiting = new HashSet<>();
    for (Bytes each : runs) {
      waiting.addAll(CommandFormat.origins(each));
    }
    return CommandFormat.without(run, waiting);
  }

  /** As many batches as there is room for, each within its bounds. */
  List<Value.Batch> take(int room, long logTimeMillis) {
    List<Value.Batch> batches = new ArrayList<>(1);
    while (batches.size() < room && !runs.isEmpty()) {
      List<Bytes> taken = new ArrayList<>();
      int size = 0;
      int commands = 0;
      while (!runs.isEmpty()) {
        Bytes run = runs.peek();
        int count = CommandFormat.count(run);
        if (!taken.isEmpty()
            && (size + run.size() > settings.batchBytes()
                || commands + count > settings.batchCommands())) {
          break;
        }
        taken.add(runs.remove());
        sizeBytes -= run.size();
        size += run.size();
        commands += count;
      }
      batches.add(new Value.Batch(CommandFormat.batch(logTimeMillis, taken)));
    }
    forgetSessions();
    return batches;
  }

  /** Sessions come and go with their servers: those of which nothing waits are forgotten. */
  private void forgetSessions() {
    if (runs.isEmpty()) {
      highest.clear();
    } else if (highest.size() > MOST_SPARE_SESSIONS + 2 * runs.size()) {
      Set<Long> waiting = new HashSet<>();
      for (Bytes run : runs) {
        CommandFormat.span(run).ifPresent(span -> waiting.add(span.session()));
      }
      highest.keySet().retainAll(waiting);
    }
  }

  /**
   * Drops all runs: this server does not coordinate any more, and whoever sent them sends them
   * again.
   */
  void giveUp() {
    runs.clear();
    highest.clear();
    sizeBytes = 0;
  }
}
