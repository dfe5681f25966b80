package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.paxos.Value;
import io.synod.store.CommandFormat;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What waits at the coordinator to be proposed: runs of commands, its own and forwarded ones. What
 * came while a round ran is the next batch; there is no linger. Driver thread only.
 */
final class Batches {
  private final NodeSettings settings;
  private final ArrayDeque<Bytes> runs = new ArrayDeque<>();
  private long sizeBytes;

  Batches(NodeSettings settings) {
    this.settings = settings;
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /** Adds a run if there is room for it. */
  boolean offer(Bytes run) {
    if (sizeBytes + run.size() > settings.queueBytes()) {
      return false;
    }
    runs.add(run);
    sizeBytes += run.size();
    return true;
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
    return batches;
  }

  /**
   * Drops all runs: this server does not coordinate any more, and whoever sent them sends them
   * again.
   */
  void giveUp() {
    runs.clear();
    sizeBytes = 0;
  }
}
