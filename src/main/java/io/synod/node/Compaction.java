package io.synod.node;

import io.synod.node.ClientRequest.Operation;
import io.synod.paxos.Paxos;
import io.synod.store.KeyValueStore;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Says when the coordinator should compact, and how far. Every server notes which revision was the
 * newest at which log time, so that any of them can go on when it becomes coordinator. The notes
 * are not part of the state: a server that starts anew keeps what is there for as long again.
 * Driver thread only.
 */
final class Compaction {
  /** How many notes there are of the time that is kept. */
  private static final int NOTES = 64;

  private static final long DEADLINE_NANOS = 10_000_000_000L;

  private final NodeSettings.History kept;
  private final KeyValueStore store;
  private final Deque<Note> notes = new ArrayDeque<>();
  private boolean underWay;

  private record Note(long logTimeMillis, long revision) {}

  Compaction(NodeSettings.History kept, KeyValueStore store) {
    this.kept = kept;
    this.store = store;
  }

  /** Notes where it is, and lets go of history that is old or too much, through the log. */
  void turn(Paxos paxos, WritePath writePath, long nowNanos) {
    note(store.logTimeMillis());
    Writes writes = writePath.writes();
    if (paxos.isCoordinating() && !writes.isFull()) {
      due(writePath.logTimeMillis(nowNanos), nowNanos).ifPresent(writes::add);
    }
  }

  /** Notes which revision is the newest at this log time. */
  void note(long logTimeMillis) {
    Note last = notes.peekLast();
    if (last == null || logTimeMillis - last.logTimeMillis() >= interval()) {
      notes.add(new Note(logTimeMillis, store.revision()));
      if (notes.size() > 2 * NOTES) {
        notes.remove();
      }
    }
  }

  private long interval() {
    return Math.max(1, kept.millis() / NOTES);
  }

  /** The request to compact, if one is due and none is under way. */
  Optional<ClientRequest> due(long logTimeMillis, long nowNanos) {
    if (underWay) {
      return Optional.empty();
    }
    long revision = store.compacted();
    while (!notes.isEmpty() && notes.peek().logTimeMillis() <= logTimeMillis - kept.millis()) {
      revision = Math.max(revision, notes.remove().revision());
    }
    if (store.historyBytes() > kept.sizeBytes() && !store.sweeps()) {
      revision = Math.max(revision, store.compacted() + (store.revision() - store.compacted()) / 2);
    }
    if (revision <= store.compacted()) {
      return Optional.empty();
    }
    underWay = true;
    return Optional.of(new Request(revision, nowNanos + DEADLINE_NANOS));
  }

  private final class Request extends ClientRequest {
    Request(long revision, long deadlineNanos) {
      super(new Operation.Compact(revision), deadlineNanos);
    }

    /** Whatever it is: what was not done is due again. */
    @Override
    protected void answer(Answer answer) {
      underWay = false;
    }
  }
}
