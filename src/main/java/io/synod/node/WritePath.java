package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.paxos.Notice;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.ServerId;
import io.synod.paxos.Value;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.transport.PeerMessage;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The way of writes to the coordinator, and at the coordinator into batches: {@link Writes} of this
 * server's clients are forwarded, or become {@link Batches} beside those that others forward.
 * Driver thread only.
 */
final class WritePath {
  /** Batches that may be in flight before those that are not large wait for company. */
  private static final int EAGER_BATCHES = 1;

  private static final int LARGE_BATCH_BYTES = 20 << 10;

  private static final String WRITES_FULL =
      "too many writes came while one before them is not decided: try again later";

  private final NodeSettings settings;
  private final PaxosSettings identity;
  private final Paxos paxos;
  private final KeyValueStore store;
  private final Admission admission;
  private final BiConsumer<ServerId, PeerMessage> send;
  private final Consumer<Notice> notice;
  private final Writes writes;
  private final Batches batches;

  private long forwardNotBeforeNanos = Long.MIN_VALUE;
  private Optional<ServerId> coordinatorSeen = Optional.empty();
  private long logTimeBaseMillis;
  private long logTimeBaseNanos;

  /** Batches proposed here as coordinator that are not applied yet; counts only how eager to be. */
  private int batchesInFlight;

  WritePath(
      NodeSettings settings,
      PaxosSettings identity,
      Node.Parts parts,
      Admission admission,
      BiConsumer<ServerId, PeerMessage> send) {
    this.settings = settings;
    this.identity = identity;
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.admission = admission;
    this.notice = parts.surroundings()::notice;
    this.send = send;
    this.writes = new Writes(settings, identity.server());
    this.batches = new Batches(settings);
  }

  /** Those of this server's clients. */
  Writes writes() {
    return writes;
  }

  /** A client asks. */
  void add(ClientRequest request) {
    Optional<Answer> refusal = admission.refusal(request.operation());
    if (writes.isFull()) {
      request.answer(new Answer.Exhausted(WRITES_FULL));
    } else if (refusal.isPresent()) {
      request.answer(refusal.get());
    } else {
      writes.add(request);
    }
  }

  /** Whether this server has no session yet, and is to have one. */
  boolean waitsForSession() {
    return !identity.isWitness() && !writes.hasSession();
  }

  void onElected(long nowNanos) {
    logTimeBaseMillis = store.logTimeMillis();
    logTimeBaseNanos = nowNanos;
    batchesInFlight = 0;
    // What was under way to an earlier coordinator, or an earlier ballot of the same, may be lost.
    writes.resendAll();
  }

  void onBatchApplied() {
    batchesInFlight = Math.max(0, batchesInFlight - 1);
  }

  /**
   * A new coordinator, or another way to it: what was sent may be lost. Returns whether it is so.
   */
  boolean noteCoordinator() {
    Optional<ServerId> heard = paxos.coordinatorHeard();
    boolean changed = !heard.equals(coordinatorSeen);
    if (changed) {
      coordinatorSeen = heard;
      writes.resendAll();
    }
    if (!paxos.isCoordinating()) {
      batches.giveUp();
    }
    return changed;
  }

  /**
   * Sends the writes that came, all in one message, to the coordinator; to this server's own
   * batches if it is that.
   */
  void forward(long nowNanos) {
    if (coordinatorSeen.isEmpty() || !paxos.isOpen() || identity.isWitness()) {
      return;
    }
    boolean own = coordinatorSeen.get().equals(identity.server());
    if (own ? !paxos.isCoordinating() : nowNanos < forwardNotBeforeNanos) {
      return;
    }
    while (writes.hasUnsent(nowNanos)
        && (!own || batches.sizeBytes() + settings.batchBytes() <= settings.queueBytes())) {
      Bytes run = writes.takeRun(nowNanos);
      if (run.isEmpty()) {
        return;
      }
      if (!own) {
        send.accept(coordinatorSeen.get(), new PeerMessage.Forward(run));
      } else {
        batches.offer(run);
      }
    }
  }

  void onForward(ServerId from, PeerMessage.Forward forward) {
    if (!paxos.isCoordinating()) {
      send.accept(from, new PeerMessage.ForwardRefused(false));
      return;
    }
    int most = settings.batchBytes() + CommandFormat.LONGEST_COMMAND_BYTES;
    if (forward.commands().size() > most) {
      notice.accept(
          new Notice.PeerMisbehaved(
              from, "forwarded " + forward.commands().size() + " bytes at once, over " + most));
      return;
    }
    try {
      CommandFormat.check(forward.commands());
    } catch (IllegalArgumentException e) {
      notice.accept(
          new Notice.PeerMisbehaved(from, "forwarded what are no commands: " + e.getMessage()));
      return;
    }
    if (admission.takesNothing() || !batches.offer(forward.commands())) {
      send.accept(from, new PeerMessage.ForwardRefused(true));
    }
  }

  void onRefused(PeerMessage.ForwardRefused refused, long nowNanos) {
    if (!refused.overloaded()) {
      // It may be on its way to coordinate: asked again after a while, not at once.
      forwardNotBeforeNanos = nowNanos + identity.pingIntervalNanos() / 4;
      writes.resendAll();
    }
  }

  /** What waits becomes batches: at once when few are in flight, else when it is worth one. */
  List<Value.Batch> takeBatches(long nowNanos) {
    if (batches.isEmpty()) {
      return List.of();
    }
    int room = paxos.proposalRoom();
    boolean worth = batchesInFlight < EAGER_BATCHES || batches.sizeBytes() >= LARGE_BATCH_BYTES;
    if (room == 0 || !worth) {
      return List.of();
    }
    List<Value.Batch> taken = batches.take(room, logTimeMillis(nowNanos));
    batchesInFlight += taken.size();
    return taken;
  }

  /**
   * Log time grows by this coordinator's monotonic clock from the last log time (protocol-rules.md,
   * 9).
   */
  long logTimeMillis(long nowNanos) {
    return logTimeBaseMillis + (nowNanos - logTimeBaseNanos) / 1_000_000;
  }
}
