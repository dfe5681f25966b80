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
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a snapshot from a peer, piece by piece, and puts it in the place of the state. One at a
 * time. If the peer falls silent, the next of the {@link SnapshotSources} goes on with it, if it
 * has the same one: a snapshot of a slot is the same on all servers. Driver thread.
 */
final class SnapshotFetcher {
  /** A request is answered by up to so many pieces, so that the round trip does not bound it. */
  static final int PIECES = 8;

  private static final long RETRY_NANOS = 500_000_000;
  private static final int MOST_RETRIES = 10;

  /** What there is of a snapshot is kept for so long after its sender fell silent. */
  private static final long KEPT_NANOS = 60_000_000_000L;

  /** Who has none is not asked more often. */
  private static final long LEAST_NANOS = 100_000_000L;

  /** How long nothing is fetched after the disk would not take it: it may be full. */
  private static final long REST_NANOS = 3_000_000_000L;

  /**
   * How often that is doubled for a peer that sends what only a newer release can read: before one
   * is started here, all of it would be sent again and again.
   */
  private static final int MOST_DOUBLINGS = 8;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final SnapshotSources sources;
  private final Surroundings surroundings;
  private final BackgroundWork background;
  private final BiConsumer<ServerId, PeerMessage> send;
  private final Consumer<Input> step;
  private final Runnable onInstalled;

  private @Nullable Fetch fetch;

  /** When the last fetch began. */
  private long fetchBeganNanos = Long.MIN_VALUE / 2;

  /** A part of a snapshot, whose sender fell silent at that time; its receiver is nobody's. */
  private record Part(SnapshotReceiver receiver, long sinceNanos) {}

  private Optional<Part> part = Optional.empty();

  /** How often in a row what each peer sent was of a version that is not known here. */
  private final Map<ServerId, Integer> unknownVersions = new TreeMap<>();

  /** A snapshot on its way here; its receiver is the background's while that has pieces. */
  private static final class Fetch {
    private final ServerId from;

    /** Who else may be asked, the first one first. */
    private final List<ServerId> others;

    /** One of an earlier slot is of no use: whoever is ahead begins its log behind this one. */
    private final Slot cut;

    /** Whether another one was told to write a snapshot: this one is not. */
    private final boolean awaited;

    private Optional<SnapshotOffer> offer = Optional.empty();

    /** Whether its rows have room beside those that are there. */
    private boolean loads = true;

    private @Nullable SnapshotReceiver receiver;

    /** Where the next piece begins, and how many of what was asked for are to come. */
    private long next;

    private int toCome;

    /** Up to here it is written; and how many pieces are being written. */
    private long written;

    private int writing;

    /** A piece was damaged on the way: what comes behind it is of no use. */
    private boolean broken;

    /** It could not be taken: a rest, and then it is given up. */
    private boolean failed;

    private long restNanos = REST_NANOS;

    private long lastNanos;
    private int retries;

    /**
     * @param candidates at least one
     */
    Fetch(List<ServerId> candidates, Slot cut, boolean awaited) {
      this.from = candidates.get(0);
      this.others = candidates.subList(1, candidates.size());
      this.cut = cut;
      this.awaited = awaited;
    }

    /** Goes on behind what is written; the receiver is this one's from here on. */
    void goOn(SnapshotReceiver with) {
      receiver = with;
      offer = Optional.of(with.offer());
      written = with.offset();
      next = with.offset();
    }
  }

  /**
   * @param onInstalled runs when a snapshot has taken the place of the state, before the protocol
   *     is told
   */
  SnapshotFetcher(
      Node.Parts parts,
      SnapshotSources sources,
      BackgroundWork background,
      BiConsumer<ServerId, PeerMessage> send,
      Consumer<Input> step,
      Runnable onInstalled) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.sources = sources;
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
      if (now - running.lastNanos > running.restNanos) {
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

  /** The log cannot be caught up by slots: that of {@code peer} begins behind {@code cut}. */
  void fetch(ServerId peer, Slot cut) {
    if (fetch == null) {
      begin(Optional.of(peer), cut);
    }
  }

  /** There is no state to go on from: asks whoever may have one, with a pause. */
  void fetchFromAny() {
    if (fetch == null && background.nowNanos() - fetchBeganNanos >= RETRY_NANOS) {
      begin(Optional.empty(), Slot.ZERO);
    }
  }

  private void begin(Optional<ServerId> named, Slot cut) {
    fetchBeganNanos = background.nowNanos();
    Slot least = Slot.max(cut, leastSlot());
    List<ServerId> candidates = sources.inOrder(named, least, fetchBeganNanos);
    if (!candidates.isEmpty()) {
      Fetch begun = new Fetch(candidates, cut, /* awaited= */ false);
      part.ifPresent(each -> resume(begun, each.receiver()));
      goOnWith(begun);
    }
  }

  private void goOnWith(Fetch begun) {
    fetch = begun;
    ask(begun);
  }

  /** Goes on with what there is, unless it is of no use by now. */
  private void resume(Fetch begun, SnapshotReceiver receiver) {
    if (receiver.offer().slot().isBefore(leastFor(begun))) {
      dropPart();
      return;
    }
    part = Optional.empty();
    begun.goOn(receiver);
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

  private void ask(Fetch running) {
    running.lastNanos = background.nowNanos();
    running.toCome = PIECES;
    Slot snapshot = running.offer.map(SnapshotOffer::slot).orElse(Slot.ZERO);
    // It writes one that is new enough if it has none, unless another one does.
    Slot atLeast = running.awaited ? Slot.ZERO : leastFor(running);
    send.accept(running.from, new PeerMessage.SnapshotRequest(snapshot, running.next, atLeast));
  }

  /** A snapshot of an earlier slot is of no use here. */
  private Slot leastSlot() {
    return Slot.max(paxos.cut(), store.applied().next());
  }

  private Slot leastFor(Fetch running) {
    return Slot.max(running.cut, leastSlot());
  }

  private void retry(Fetch running) {
    boolean gone = !running.others.isEmpty() && !sources.isLive(running.from);
    if (++running.retries > MOST_RETRIES || gone) {
      onSilent(running);
    } else {
      running.broken = false;
      running.next = running.written;
      ask(running);
    }
  }

  /** Nothing is being written of what it sent. */
  private void onSilent(Fetch running) {
    sources.onFailed(running.from, background.nowNanos());
    String why = name(running.from) + " does not answer";
    if (!running.others.isEmpty()) {
      surroundings.report(
          why + ": " + name(running.others.get(0)) + " is asked for the rest of its snapshot");
      handOn(running);
      return;
    }
    SnapshotReceiver receiver = running.receiver;
    running.receiver = null;
    if (receiver != null) {
      part = Optional.of(new Part(receiver, background.nowNanos()));
    }
    giveUp(running, why);
  }

  /** The next one is asked for the rest; nothing is being written. */
  private void handOn(Fetch running) {
    Fetch next = new Fetch(running.others, running.cut, running.awaited);
    SnapshotReceiver receiver = running.receiver;
    running.receiver = null;
    if (receiver != null) {
      next.goOn(receiver);
    }
    goOnWith(next);
  }

  private static String name(ServerId server) {
    return "server " + server.number();
  }

  private void giveUp(Fetch running, String why) {
    surroundings.report("gave up fetching a snapshot: " + why);
    end(running);
  }

  private void end(Fetch running) {
    drop(() -> running.receiver);
    if (background.nowNanos() - fetchBeganNanos < LEAST_NANOS) {
      // Given up, it is asked for at once, and the answer may be the same at once.
      rest(running);
      running.restNanos = LEAST_NANOS;
      return;
    }
    fetch = null;
    step.accept(new Input.SnapshotGivenUp());
  }

  /** A piece came. */
  void onChunk(ServerId from, PeerMessage.SnapshotChunk chunk) {
    Fetch running = fetch;
    if (running == null || !running.from.equals(from) || running.broken || running.failed) {
      return;
    }
    boolean isNone = chunk.snapshot().equals(Slot.ZERO);
    boolean begun = running.offer.isPresent();
    if (!isNone && !SnapshotOffer.isPossible(chunk.sizeBytes())) {
      onUseless(running, "sent what is no snapshot");
    } else if (begun && (isNone || !running.offer.equals(Optional.of(offer(chunk))))) {
      onOther(running);
    } else if (!begun && chunk.snapshot().isBefore(leastFor(running))) {
      onTooOld(running, chunk.snapshot());
    } else if (chunk.offset() == running.next && !chunk.bytes().isEmpty()) {
      take(running, chunk);
    }
  }

  /** It has not the one that was begun: another may. */
  private void onOther(Fetch running) {
    if (running.others.isEmpty() || running.writing > 0) {
      giveUp(running, name(running.from) + " does not have it any more");
    } else {
      handOn(running);
    }
  }

  /** It has none that is of use, and writes one now if it was told to. */
  private void onTooOld(Fetch running, Slot newest) {
    boolean isNews = !running.awaited && sources.onAwaited(running.from, background.nowNanos());
    if (isNews) {
      String has = newest.equals(Slot.ZERO) ? "none" : "only one of slot " + newest.number();
      surroundings.report(
          name(running.from) + " was asked for a snapshot, and has " + has + " so far");
    }
    if (running.others.isEmpty()) {
      end(running);
    } else {
      goOnWith(new Fetch(running.others, running.cut, /* awaited= */ true));
    }
  }

  /** What it sends is damaged, or no snapshot. */
  private void onUseless(Fetch running, String what) {
    if (fetch == running) {
      sources.onFailed(running.from, background.nowNanos());
      String why = name(running.from) + " " + what;
      if (running.others.isEmpty()) {
        giveUp(running, why);
        return;
      }
      surroundings.report(why + ": " + name(running.others.get(0)) + " is asked for a snapshot");
      drop(() -> running.receiver);
      goOnWith(new Fetch(running.others, running.cut, running.awaited));
    }
  }

  private static SnapshotOffer offer(PeerMessage.SnapshotChunk chunk) {
    return new SnapshotOffer(chunk.snapshot(), chunk.sizeBytes(), chunk.sha256());
  }

  private void take(Fetch running, PeerMessage.SnapshotChunk chunk) {
    SnapshotOffer offer = running.offer.orElseGet(() -> offer(chunk));
    sources.onSends(running.from);
    if (running.offer.isEmpty()) {
      running.offer = Optional.of(offer);
      running.loads = store.hasRoomBeside(offer.sizeBytes());
    }
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
      rest(running);
      surroundings.report(
          "gave up fetching a snapshot for now: what "
              + name(running.from)
              + " sent could not be kept");
    }
  }

  private void rest(Fetch failed) {
    failed.failed = true;
    failed.lastNanos = background.nowNanos();
  }

  /** Nothing is wrong with it: a person has to start the release that wrote it here too. */
  private void onUnknownVersion(Fetch running, String why) {
    if (fetch == running && !running.others.isEmpty()) {
      onUseless(running, "sends what is of another release than this server: " + why);
    } else if (fetch == running && !running.failed) {
      int before = unknownVersions.merge(running.from, 1, Integer::sum) - 1;
      rest(running);
      running.restNanos = REST_NANOS << Math.min(before, MOST_DOUBLINGS);
      surroundings.warn(
          "gave up fetching a snapshot for now: what "
              + name(running.from)
              + " sends is of another release than this server: "
              + why);
    }
  }

  /** Asks as soon as what was asked for is there, unless as much waits to be written. */
  private void askForMore(Fetch running, SnapshotOffer offer) {
    boolean more = running.next < offer.sizeBytes();
    if (fetch == running && more && running.toCome <= 0 && running.writing <= PIECES) {
      ask(running);
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
      receiver =
          running.loads
              ? snapshots.receiver(store, cluster, offer)
              : snapshots.receiverToDisk(store, cluster, offer);
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
      String why = String.valueOf(e.getMessage());
      return e.isUnknownVersion()
          ? () -> onUnknownVersion(running, why)
          : () -> onUseless(running, "sent what is not whole: " + why);
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
    if (!restored.isLoaded()) {
      // Still under way, so that nothing else begins before this server ends.
      surroundings.report(
          "a snapshot of slot "
              + restored.info().slot().number()
              + " from a peer is on disk, and has no room in memory beside the state that is there:"
              + " this server starts anew with it");
      surroundings.startAnew();
      return;
    }
    fetch = fetch == running ? null : fetch;
    unknownVersions.clear();
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
