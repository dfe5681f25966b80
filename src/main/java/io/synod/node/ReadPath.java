package io.synod.node;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.paxos.Input;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.store.KeyValueStore;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The way of reads to their answers: linearizable ones wait in {@link Reads} for a read point and
 * then for the store, those that rely on the coordinator's lease apart from the others; local ones
 * wait for nothing. Keys are answered at once from there on, ranges by {@link Scans}. Driver thread
 * only.
 */
final class ReadPath {
  private final Paxos paxos;
  private final KeyValueStore store;
  private final Availability availability;
  private final Consumer<Input> step;
  private final long refusedDelayNanos;
  private final Reads reads;
  private final Reads leaseReads;
  private final List<Reads> bothReads;
  private final Scans scans;

  /**
   * @param step hands an input to the protocol, and does what it says
   */
  ReadPath(
      NodeSettings settings,
      PaxosSettings identity,
      Node.Parts parts,
      Availability availability,
      Consumer<Input> step) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.availability = availability;
    this.step = step;
    this.refusedDelayNanos = identity.pingIntervalNanos() / 4;
    long idsBefore = settings.run().getLeastSignificantBits() >>> 16;
    this.reads = new Reads(settings.retryNanos() / 5, idsBefore, /* underLease= */ false);
    this.leaseReads = new Reads(settings.retryNanos() / 5, idsBefore, /* underLease= */ true);
    this.bothReads = List.of(reads, leaseReads);
    this.scans = new Scans(store, availability::unfit);
  }

  /** How many are under way. */
  int count() {
    return reads.count() + leaseReads.count() + scans.count();
  }

  /** A client asks. */
  void add(ClientRequest request, ReadMode mode) {
    if (mode == ReadMode.LOCAL && availability.hasState()) {
      answer(request);
    } else {
      (mode == ReadMode.LEASE ? leaseReads : reads).add(request);
    }
  }

  /** A new coordinator, or another way to it. */
  void onCoordinatorChanged() {
    bothReads.forEach(Reads::onCoordinatorChanged);
  }

  /** Asks the coordinator how far the store must be before what waits may be answered. */
  void askReadPoints(long nowNanos) {
    for (Reads waiting : bothReads) {
      if (waiting.wantsPoint(nowNanos) && paxos.isOpen()) {
        step.accept(new Input.ReadsWaiting(waiting.ask(nowNanos), waiting.areUnderLease()));
      }
    }
  }

  /** The coordinator's answer, or this server's own if it is that. */
  void onReadPoint(Output.ReadAnswer point, long nowNanos) {
    bothReads.forEach(waiting -> waiting.onAnswer(point, nowNanos, refusedDelayNanos));
  }

  /** Answers all whose point is applied. */
  void answerApplied() {
    bothReads.forEach(this::answerApplied);
  }

  private void answerApplied(Reads waiting) {
    List<ClientRequest> ready = waiting.applied(store.applied());
    while (!ready.isEmpty()) {
      for (ClientRequest read : ready) {
        answer(read);
      }
      ready = waiting.applied(store.applied());
    }
  }

  /** Goes on with a range; false if none is being read. */
  boolean scanSome() {
    return scans.turn();
  }

  private void answer(ClientRequest request) {
    Optional<String> unfit = availability.unfit();
    if (unfit.isPresent()) {
      request.answer(new Answer.Unavailable(false, unfit.get()));
    } else if (request.operation() instanceof Operation.Scan scan) {
      scans.add(request, scan);
    } else {
      answerGet(request, (Operation.Get) request.operation());
    }
  }

  private void answerGet(ClientRequest request, Operation.Get get) {
    Optional<Bytes> value = store.get(get.key());
    request.answer(
        value.isPresent()
            ? new Answer.Found(value.get(), store.applied())
            : new Answer.NotFound(store.applied()));
  }

  /**
   * Refuses those whose deadline has come.
   *
   * @param why nothing told how far the store must be, or it did not get there
   */
  void expire(long nowNanos, String why) {
    for (Reads waiting : bothReads) {
      refuse(waiting.expired(nowNanos), why);
    }
    refuse(scans.expired(nowNanos), "the range was not read in time");
  }

  /** Refuses all that wait for a read point or for the store; ranges are read to their ends. */
  void giveUpWaiting(String why) {
    bothReads.forEach(waiting -> refuse(waiting.all(), why));
  }

  /** Refuses all: no turn follows. */
  void giveUpAll(String why) {
    giveUpWaiting(why);
    refuse(scans.all(), why);
  }

  private static void refuse(List<ClientRequest> requests, String why) {
    for (ClientRequest each : requests) {
      each.answer(new Answer.Unavailable(false, why));
    }
  }
}
