package io.synod.node;

import io.synod.paxos.Output.ReadAnswer;
import io.synod.paxos.Slot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The linearizable reads of this server, those that rely on the coordinator's lease or the others:
 * they wait together for a read point, one request for all that have come, and then until the store
 * has applied that far. Driver thread only.
 */
final class Reads {
  /** The wait for an answer grows to so many times the usual one. */
  private static final int MOST_TIMES = 16;

  private final long retryNanos;
  private final boolean underLease;

  /** For how long an answer is waited for: more than the last one took. */
  private long waitNanos;

  /** Came after the request that is out left. */
  private List<ClientRequest> arrived = new ArrayList<>();

  /** Wait for the answer to the request that is out. */
  private List<ClientRequest> asked = new ArrayList<>();

  private final ArrayDeque<Known> known = new ArrayDeque<>();
  private long id;
  private long askedAtNanos;
  private long notBeforeNanos = Long.MIN_VALUE;

  /** Reads whose point is known. */
  private record Known(Slot point, List<ClientRequest> reads) {}

  /**
   * @param idsBefore requests are numbered from here on: differs from run to run, so that the
   *     answer to an earlier run of this server is told from one to this run
   * @param underLease whether the coordinator's lease will do: these have ids of their own
   */
  Reads(long retryNanos, long idsBefore, boolean underLease) {
    this.retryNanos = retryNanos;
    this.underLease = underLease;
    this.waitNanos = retryNanos;
    this.id = 2 * idsBefore + (underLease ? 1 : 0);
  }

  boolean areUnderLease() {
    return underLease;
  }

  int count() {
    int count = arrived.size() + asked.size();
    for (Known each : known) {
      count += each.reads().size();
    }
    return count;
  }

  void add(ClientRequest read) {
    arrived.add(read);
  }

  /** Whether a request for a read point should leave now. */
  boolean wantsPoint(long nowNanos) {
    if (!asked.isEmpty() && nowNanos - askedAtNanos >= waitNanos) {
      // It may be lost, or the way there long: an answer to an earlier request is of no use.
      waitNanos = Math.min(2 * waitNanos, MOST_TIMES * retryNanos);
      giveBack();
    }
    return asked.isEmpty() && !arrived.isEmpty() && nowNanos >= notBeforeNanos;
  }

  /** The coordinator changed: the request that is out may never be answered. */
  void onCoordinatorChanged() {
    giveBack();
    notBeforeNanos = Long.MIN_VALUE;
  }

  /** A request leaves, under a new id. */
  long ask(long nowNanos) {
    askedAtNanos = nowNanos;
    List<ClientRequest> spare = asked;
    asked = arrived;
    arrived = spare;
    id += 2;
    return id;
  }

  /**
   * An answer came; one to an earlier request is passed over: only an answer to a request that left
   * after a read holds for it.
   */
  void onAnswer(ReadAnswer answer, long nowNanos, long refusedDelayNanos) {
    if (answer.id() != id || asked.isEmpty()) {
      return;
    }
    waitNanos = Math.max(retryNanos, 2 * (nowNanos - askedAtNanos));
    if (answer instanceof ReadAnswer.Ready ready) {
      known.add(new Known(ready.point(), asked));
      asked = new ArrayList<>();
    } else {
      giveBack();
      notBeforeNanos = nowNanos + refusedDelayNanos;
    }
  }

  private void giveBack() {
    asked.addAll(arrived);
    arrived = asked;
    asked = new ArrayList<>();
  }

  /** Takes out the next reads whose point is applied; empty if there are none. */
  List<ClientRequest> applied(Slot applied) {
    if (known.isEmpty() || known.peek().point().isAfter(applied)) {
      return List.of();
    }
    return known.remove().reads();
  }

  /** Takes out the reads whose deadline has come. */
  List<ClientRequest> expired(long nowNanos) {
    if (arrived.isEmpty() && asked.isEmpty() && known.isEmpty()) {
      return List.of();
    }
    List<ClientRequest> expired = new ArrayList<>();
    takeExpired(arrived, nowNanos, expired);
    takeExpired(asked, nowNanos, expired);
    for (Known each : known) {
      takeExpired(each.reads(), nowNanos, expired);
    }
    return expired;
  }

  private static void takeExpired(
      List<ClientRequest> reads, long nowNanos, List<ClientRequest> expired) {
    reads.removeIf(
        read -> {
          boolean over = read.deadlineNanos() - nowNanos <= 0;
          if (over) {
            expired.add(read);
          }
          return over;
        });
  }

  /** Takes out all: the server stops. */
  List<ClientRequest> all() {
    List<ClientRequest> all = new ArrayList<>(arrived);
    all.addAll(asked);
    for (Known each : known) {
      all.addAll(each.reads());
    }
    arrived.clear();
    asked.clear();
    known.clear();
    return all;
  }
}
