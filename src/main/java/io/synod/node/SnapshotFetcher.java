package io.synod.node;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Input;
import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.RestoredState;
import io.synod.store.SnapshotOffer;
import io.synod.store.SnapshotReceiver;
import io.synod.store.SnapshotRefusedException;
import io.synod.store.Snapshots;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a snapshot from a peer, piece by piece, and puts it in the place of the state. One at a
 * time. Driver thread.
 */
final class SnapshotFetcher {
  private static final long RETRY_NANOS = 500_000_000;
  private static final int MOST_RETRIES = 10;

  /** How long nothing is fetched after the disk would not take it: it may be full. */
  private static final long REST_NANOS = 3_000_000_000L;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final BackgroundWork background;
  private final BiConsumer<ServerId, PeerMessage> send;
  private final Consumer<Input> step;
  private final Runnable onInstalled;

  private @Nullable Fetch fetch;

  /** When the last fetch began, and which peer is the next to be asked where any would do. */
  private long fetchBeganNanos = Long.MIN_VALUE / 2;

  private int nextPeer;

  /** A snapshot on its way here; its receiver is the background's. */
  private static final class Fetch {
    private final ServerId from;
    private Slot snapshot = Slot.ZERO;
    private long offset;
    private long askedAtNanos;
    private int retries;
    private boolean busy;

    /** The disk would not take it: a rest, and then it is given up. */
    private boolean failed;

    private @Nullable SnapshotReceiver receiver;

    Fetch(ServerId from) {
      this.from = from;
    }
  }

  /**
   * @param onInstalled runs when a snapshot has taken the place of the state, before the protocol
   *     is told
   */
  SnapshotFetcher(
      Node.Parts parts,
      BackgroundWork background,
      BiConsumer<ServerId, PeerMessage> send,
      Consumer<Input> step,
      Runnable onInstalled) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.surroundings = parts.surroundings();
    this.background = background;
    this.send = send;
    this.step = step;
    this.onInstalled = onInstalled;
  }

  /** Asks again for what did not come. */
  void turn() {
    Fetch running = fetch;
    if (running != null && running.failed) {
      if (background.nowNanos() - running.askedAtNanos > REST_NANOS) {
        fetch = null;
        step.accept(new Input.SnapshotGivenUp());
      }
    } else if (running != null
        && !running.busy
        && background.nowNanos() - running.askedAtNanos > RETRY_NANOS) {
      retry(running);
    }
  }

  /** The log cannot be caught up by slots. */
  void fetchFrom(ServerId peer) {
    if (fetch == null) {
      fetchBeganNanos = background.nowNanos();
      fetch = new Fetch(peer);
      ask(fetch);
    }
  }

  /** There is no state to go on from: asks one peer after the other, with a pause. */
  void fetchFromAny(List<ServerId> peers) {
    if (fetch == null
        && !peers.isEmpty()
        && background.nowNanos() - fetchBeganNanos >= RETRY_NANOS) {
      fetchFrom(peers.get(nextPeer++ % peers.size()));
    }
  }

  private void ask(Fetch running) {
    running.askedAtNanos = background.nowNanos();
    send.accept(
        running.from,
        new PeerMessage.SnapshotRequest(running.snapshot, running.offset, leastSlot()));
  }

  /** A snapshot of an earlier slot is of no use here. */
  private Slot leastSlot() {
    return Slot.max(paxos.cut(), store.applied().next());
  }

  private void retry(Fetch running) {
    if (++running.retries > MOST_RETRIES) {
      giveUp(running, "server " + running.from + " does not answer");
    } else {
      ask(running);
    }
  }

  private void giveUp(Fetch running, String why) {
    surroundings.report("gave up fetching a snapshot: " + why);
    fetch = null;
    SnapshotReceiver receiver = running.receiver;
    if (receiver != null) {
      background.begin(
          "drop a snapshot",
          () -> {
            receiver.abandon();
            return () -> {};
          });
    }
    step.accept(new Input.SnapshotGivenUp());
  }

  /** A piece came. */
  void onChunk(ServerId from, PeerMessage.SnapshotChunk chunk) {
    Fetch running = fetch;
    if (running == null || !running.from.equals(from) || running.busy) {
      return;
    }
    if (chunk.snapshot().equals(Slot.ZERO)
        || (!running.snapshot.equals(Slot.ZERO) && !running.snapshot.equals(chunk.snapshot()))) {
      giveUp(running, "server " + from + " does not have it any more");
      return;
    }
    if (chunk.offset() != running.offset) {
      return;
    }
    if (running.offset == 0 && chunk.snapshot().isBefore(leastSlot())) {
      giveUp(running, "server " + from + " has only one of slot " + chunk.snapshot().number());
      return;
    }
    running.snapshot = chunk.snapshot();
    running.busy = true;
    Optional<ClusterId> cluster = paxos.founding().map(Founding::cluster);
    background.begin(
        "receive a snapshot",
        () -> receive(running, chunk, cluster),
        () -> {
          running.receiver = null;
          running.failed = true;
          surroundings.report(
              "gave up fetching a snapshot for now: what server "
                  + running.from
                  + " sent could not be kept");
          running.askedAtNanos = background.nowNanos();
        });
  }

  /** Background. */
  private Runnable receive(
      Fetch running, PeerMessage.SnapshotChunk chunk, Optional<ClusterId> cluster)
      throws IOException {
    SnapshotReceiver receiver = running.receiver;
    if (receiver == null) {
      if (!SnapshotOffer.isPossible(chunk.sizeBytes())) {
        return () -> giveUp(running, "server " + running.from + " sent what is no snapshot");
      }
      receiver =
          snapshots.receiver(
              store,
              cluster,
              new SnapshotOffer(chunk.snapshot(), chunk.sizeBytes(), chunk.sha256()));
      running.receiver = receiver;
    }
    if (!receiver.receive(chunk.offset(), chunk.crc(), chunk.bytes())) {
      // Damaged on the way, or of no use: asked for again after a while, not for ever.
      return () -> running.busy = false;
    }
    long next = receiver.offset();
    if (!receiver.isReceived()) {
      return () -> {
        running.busy = false;
        running.retries = 0;
        running.offset = next;
        ask(running);
      };
    }
    try {
      while (receiver.installSome()) {
        // The next piece.
      }
    } catch (SnapshotRefusedException e) {
      return () -> {
        running.receiver = null;
        giveUp(running, "what server " + running.from + " sent is not whole: " + e.getMessage());
      };
    }
    RestoredState restored = receiver.restored();
    return () -> install(restored);
  }

  private void install(RestoredState restored) {
    fetch = null;
    Slot slot = restored.info().slot();
    if (!slot.isAfter(store.applied())) {
      background.begin(
          "drop a snapshot",
          () -> {
            restored.abandon();
            return () -> {};
          });
      step.accept(new Input.SnapshotGivenUp());
      return;
    }
    store.install(restored);
    onInstalled.run();
    surroundings.report("installed a snapshot of slot " + slot.number() + " from a peer");
    // Also where the log is chosen further, and only the store was behind: it is not under way any
    // more.
    step.accept(new Input.SnapshotInstalled(slot, restored.info().membership()));
  }
}
