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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a snapshot from a peer, piece by piece, and puts it in the place of the state. One at a
 * time. If the peer falls silent, whoever is asked next goes on with it, if it has the same one: a
 * snapshot of a slot is the same on all servers. Driver thread.
 */
final class SnapshotFetcher {
  /** A request is answered by up to so many pieces, so that the round trip does not bound it. */
  static final int PIECES = 8;

  private static final long RETRY_NANOS = 500_000_000;
  private static final int MOST_RETRIES = 10;

  /** What there is of a snapshot is kept for so long after its sender fell silent. */
  private static final long KEPT_NANOS = 60_000_000_000L;

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

  /** A part of a snapshot, whose sender fell silent at that time; its receiver is nobody's. */
  private record Part(SnapshotReceiver receiver, long sinceNanos) {}

  private Optional<Part> part = Optional.empty();

  /** A snapshot on its way here; its receiver is the background's while that has pieces. */
  private static final class Fetch {
    private final ServerId from;
    private Optional<SnapshotOffer> offer = Optional.empty();
    private @Nullable SnapshotReceiver receiver;

    /** Where the next piece begins, and how many of what was asked for are to come. */
    private long next;

    private int toCome;

    /** Up to here it is written; and how many pieces are being written. */
    private long written;

    private int writing;

    /** A piece was damaged on the way: what comes behind it is of no use. */
    private boolean broken;

    /** The disk would not take it: a rest, and then it is given up. */
    private boolean failed;

    private long lastNanos;
    private int retries;

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
    long now = background.nowNanos();
    Fetch running = fetch;
    if (running != null && running.failed) {
      if (now - running.lastNanos > REST_NANOS) {
        fetch = null;
        step.accept(new Input.SnapshotGivenUp());
      }
    } else if (running != null && running.writing == 0 && now - running.lastNanos > RETRY_NANOS) {
      retry(running);
    }
    if (running == null && part.filter(each -> now - each.sinceNanos() > KEPT_NANOS).isPresent()) {
      dropPart();
    }
  }

  /** The log cannot be caught up by slots. */
  void fetchFrom(ServerId peer) {
    if (fetch == null) {
      fetchBeganNanos = background.nowNanos();
      Fetch begun = new Fetch(peer);
      fetch = begun;
      part.ifPresent(each -> resume(begun, each.receiver()));
      ask(begun);
    }
  }

  /** Goes on with what there is, unless it is of no use by now. */
  private void resume(Fetch begun, SnapshotReceiver receiver) {
    if (receiver.offer().slot().isBefore(leastSlot())) {
      dropPart();
      return;
    }
    part = Optional.empty();
    begun.receiver = receiver;
    begun.offer = Optional.of(receiver.offer());
    begun.written = receiver.offset();
    begun.next = receiver.offset();
  }

  private void dropPart() {
    part.ifPresent(each -> drop(each::receiver));
    part = Optional.empty();
  }

  /** Behind all that is under way in the background. */
  private void drop(Supplier<@Nullable SnapshotReceiver> what) {
    background.begin(
        "drop a snapshot",
        () -> {
          SnapshotReceiver receiver = what.get();
          if (receiver != null) {
            receiver.abandon();
          }
          return () -> {};
        });
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
    running.lastNanos = background.nowNanos();
    running.toCome = PIECES;
    Slot snapshot = running.offer.map(SnapshotOffer::slot).orElse(Slot.ZERO);
    send.accept(running.from, new PeerMessage.SnapshotRequest(snapshot, running.next, leastSlot()));
  }

  /** A snapshot of an earlier slot is of no use here. */
  private Slot leastSlot() {
    return Slot.max(paxos.cut(), store.applied().next());
  }

  private void retry(Fetch running) {
    if (++running.retries > MOST_RETRIES) {
      SnapshotReceiver receiver = running.receiver;
      running.receiver = null;
      if (receiver != null) {
        part = Optional.of(new Part(receiver, background.nowNanos()));
      }
      giveUp(running, "server " + running.from + " does not answer");
    } else {
      running.broken = false;
      running.next = running.written;
      ask(running);
    }
  }

  private void giveUp(Fetch running, String why) {
    surroundings.report("gave up fetching a snapshot: " + why);
    fetch = null;
    drop(() -> running.receiver);
    step.accept(new Input.SnapshotGivenUp());
  }

  /** A piece came. */
  void onChunk(ServerId from, PeerMessage.SnapshotChunk chunk) {
    Fetch running = fetch;
    if (running == null || !running.from.equals(from) || running.broken || running.failed) {
      return;
    }
    Optional<String> refusal = refusal(running, chunk);
    if (refusal.isPresent()) {
      giveUp(running, "server " + from + " " + refusal.get());
    } else if (chunk.offset() == running.next && !chunk.bytes().isEmpty()) {
      take(running, chunk);
    }
  }

  /** Why there is nothing to be had of this; a piece that is not the next one is none. */
  private Optional<String> refusal(Fetch running, PeerMessage.SnapshotChunk chunk) {
    if (chunk.snapshot().equals(Slot.ZERO)) {
      return Optional.of("does not have it any more");
    }
    if (!SnapshotOffer.isPossible(chunk.sizeBytes())) {
      return Optional.of("sent what is no snapshot");
    }
    Optional<SnapshotOffer> offer = Optional.of(offer(chunk));
    if (running.offer.isPresent()) {
      return running.offer.equals(offer) ? Optional.empty() : Optional.of("has another one now");
    }
    return chunk.snapshot().isBefore(leastSlot())
        ? Optional.of("has only one of slot " + chunk.snapshot().number())
        : Optional.empty();
  }

  private static SnapshotOffer offer(PeerMessage.SnapshotChunk chunk) {
    return new SnapshotOffer(chunk.snapshot(), chunk.sizeBytes(), chunk.sha256());
  }

  private void take(Fetch running, PeerMessage.SnapshotChunk chunk) {
    SnapshotOffer offer = running.offer.orElseGet(() -> offer(chunk));
    running.offer = Optional.of(offer);
    running.lastNanos = background.nowNanos();
    running.next += chunk.bytes().size();
    running.toCome--;
    running.writing++;
    Optional<ClusterId> cluster = paxos.founding().map(Founding::cluster);
    background.begin(
        "receive a snapshot",
        () -> receive(running, offer, chunk, cluster),
        () -> onFailed(running));
    askForMore(running, offer);
  }

  /** Behind one that failed, other pieces may. */
  private void onFailed(Fetch running) {
    if (fetch == running && !running.failed) {
      running.failed = true;
      running.lastNanos = background.nowNanos();
      surroundings.report(
          "gave up fetching a snapshot for now: what server "
              + running.from
              + " sent could not be kept");
    }
  }

  /** Asks as soon as what was asked for is there, unless as much waits to be written. */
  private void askForMore(Fetch running, SnapshotOffer offer) {
    boolean more = running.next < offer.sizeBytes();
    if (fetch == running && more && running.toCome <= 0 && running.writing <= PIECES) {
      ask(running);
    }
  }

  private void giveUpIfRunning(Fetch running, String why) {
    if (fetch == running) {
      giveUp(running, why);
    }
  }

  /** Background. */
  private Runnable receive(
      Fetch running,
      SnapshotOffer offer,
      PeerMessage.SnapshotChunk chunk,
      Optional<ClusterId> cluster)
      throws IOException {
    SnapshotReceiver receiver = running.receiver;
    if (receiver == null) {
      if (chunk.offset() > 0) {
        // Behind one that could not be kept.
        return () -> {};
      }
      receiver = snapshots.receiver(store, cluster, offer);
      running.receiver = receiver;
    }
    try {
      boolean isKept = receiver.receive(chunk.offset(), chunk.crc(), chunk.bytes());
      if (!isKept || !receiver.isReceived()) {
        long written = receiver.offset();
        return () -> onWritten(running, offer, written, isKept);
      }
      while (receiver.installSome()) {
        // The next piece.
      }
    } catch (SnapshotRefusedException e) {
      running.receiver = null;
      String why = "what server " + running.from + " sent is not whole: " + e.getMessage();
      return () -> giveUpIfRunning(running, why);
    } catch (IOException e) {
      running.receiver = null;
      throw e;
    }
    // Its rows are the store's from here on.
    running.receiver = null;
    RestoredState restored = receiver.restored();
    return () -> install(running, restored);
  }

  private void onWritten(Fetch running, SnapshotOffer offer, long written, boolean isKept) {
    running.writing--;
    running.written = written;
    if (isKept) {
      running.retries = 0;
      askForMore(running, offer);
    } else {
      // Damaged on the way, or of no use: asked for again after a while, not for ever.
      running.broken = true;
    }
  }

  private void install(Fetch running, RestoredState restored) {
    fetch = fetch == running ? null : fetch;
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
    step.accept(
        new Input.SnapshotInstalled(slot, restored.info().membership(), restored.info().version()));
  }
}
