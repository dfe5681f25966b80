package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Input;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.RestoredState;
import io.synod.store.SnapshotFile;
import io.synod.store.SnapshotOffer;
import io.synod.store.SnapshotReceiver;
import io.synod.store.SnapshotWriter;
import io.synod.store.Snapshots;
import io.synod.store.StoreView;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots, as the driver sees them: takes one when the log has grown, sends pieces to peers that
 * ask, and fetches one when this server is too far behind. Whatever touches a file runs in the
 * background, one piece of work after the other, and comes back as a completion that the driver
 * runs in its next turn.
 */
final class SnapshotDuties {
  private static final int CHUNK_BYTES = 256 << 10;

  /**
   * This part of what is applied between two snapshots stays in the log in front of one, for
   * members that are only a little behind.
   */
  private static final long KEPT_SHARE = 8;

  /**
   * However large a snapshot is, the next is due after so many times what one is due after at
   * least.
   */
  private static final long MOST_TIMES = 8;

  /**
   * Of a snapshot that is written beside a store with files of its own, so many pieces at a time:
   * in between, that store is made durable.
   */
  private static final int PIECES = 16;

  /** A peer that asked for a snapshot so lately may yet need the log behind it. */
  private static final long HELP_NANOS = 60_000_000_000L;

  private static final long RETRY_NANOS = 500_000_000;
  private static final int MOST_RETRIES = 10;

  /** So many peers are sent pieces at the same time; any other asks again. */
  private static final int MOST_RECEIVERS = 8;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final BiConsumer<ServerId, PeerMessage> sender;
  private final Consumer<Input> step;
  private final long everyBytes;
  private final Flushes flushes;

  private final ConcurrentLinkedQueue<Runnable> completions = new ConcurrentLinkedQueue<>();

  /**
   * Background only: the file that each peer is being sent, of the last few that asked; first the
   * one that asked longest ago.
   */
  private final Map<ServerId, SnapshotFile> sending = new LinkedHashMap<>(16, 0.75f, true);

  /** Whose request waits to be read, or is being read: one each. */
  private final Set<ServerId> reading = new TreeSet<>();

  /** The journal is damaged up to here: the log has to do without it. */
  private Slot cutWanted = Slot.ZERO;

  /** The snapshot that was there is damaged: another is due at once. */
  private boolean snapshotWanted;

  private long appliedBytes;

  /**
   * About how large the last snapshot was: the next is not due before as much was applied, so that
   * writing them costs each command the same, however much there is. What is held now is no
   * measure: history grows with what is applied, and it would never be passed. Neither is a
   * snapshot of many times {@link #everyBytes}: the log since is in memory too.
   */
  private long lastBytes;

  private boolean writing;

  private final List<Waiting> waiting = new ArrayList<>();

  /** When one that could not be written is tried again for those that wait. */
  private long againAtNanos = Long.MIN_VALUE;

  /** An operator asks for one. */
  private volatile boolean wanted;

  private boolean discarding;

  /** When a peer was last sent a piece, or a snapshot written that one may have asked for. */
  private long helpedNanos = Long.MIN_VALUE / 2;

  private @Nullable Fetch fetch;

  /** When the last fetch began, and which peer is the next to be asked where any would do. */
  private long fetchBeganNanos = Long.MIN_VALUE / 2;

  private int nextPeer;
  private long nowNanos;

  /** A snapshot on its way here; its receiver is the background's. */
  private static final class Fetch {
    private final ServerId from;
    private Slot snapshot = Slot.ZERO;
    private long offset;
    private long askedAtNanos;
    private int retries;
    private boolean busy;
    private @Nullable SnapshotReceiver receiver;

    Fetch(ServerId from) {
      this.from = from;
    }
  }

  /** What is done in the background may fail with the disk. */
  private interface Work {
    Runnable run() throws IOException;
  }

  SnapshotDuties(
      Node.Parts parts,
      long everyBytes,
      BiConsumer<ServerId, PeerMessage> sender,
      Consumer<Input> step) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.surroundings = parts.surroundings();
    this.everyBytes = everyBytes;
    this.flushes = new Flushes(store, everyBytes);
    this.sender = sender;
    this.step = step;
    this.lastBytes = heldBytes();
  }

  /** Runs what came back, and begins what is due; returns whether there was anything. */
  boolean turn(long now) {
    nowNanos = now;
    boolean any = false;
    Runnable completion;
    while ((completion = completions.poll()) != null) {
      any = true;
      completion.run();
    }
    waiting.removeIf(each -> each.tell(snapshots.newest()));
    boolean awaited = !waiting.isEmpty() && now >= againAtNanos;
    if (!writing && mend()) {
      any = true;
    } else if (!writing && (wanted || awaited || appliedBytes > dueAfterBytes())) {
      wanted = false;
      take();
    }
    if (!discarding && flushes.begin(now)) {
      flush();
    }
    Fetch running = fetch;
    if (running != null && !running.busy && now - running.askedAtNanos > RETRY_NANOS) {
      retry(running);
    }
    return any;
  }

  private void inBackground(String what, Work work, Runnable onFailure) {
    surroundings.inBackground(
        () -> {
          Runnable completion;
          try {
            completion = work.run();
          } catch (IOException e) {
            completion =
                () -> {
                  surroundings.report("could not " + what + ": " + e.getMessage());
                  onFailure.run();
                };
          }
          completions.add(completion);
          surroundings.wake();
        });
  }

  // ---- taking
  // ------------------------------------------------------------------------------------------------------------------

  /** One is to be taken with the next turn. Any thread. */
  void want() {
    wanted = true;
  }

  /**
   * One is to be taken that holds all that is applied. Any thread.
   *
   * @param taken told its slot when it is durable, on the driver's thread; {@link Slot#ZERO} if
   *     nothing was applied so far
   */
  void want(Consumer<Slot> taken) {
    completions.add(() -> waiting.add(new Waiting(store.applied(), taken)));
  }

  /** Who waits for a snapshot of {@code slot} or later. */
  private record Waiting(Slot slot, Consumer<Slot> taken) {
    boolean tell(Slot newest) {
      if (newest.isBefore(slot)) {
        return false;
      }
      taken.accept(newest);
      return true;
    }
  }

  /** A slot with so many bytes of commands was applied. */
  void onApplied(int sizeBytes) {
    appliedBytes += sizeBytes;
    flushes.onApplied(sizeBytes);
  }

  /**
   * The journal cannot be read up to this slot any more, though all of it is in memory: a snapshot
   * takes its place. Any thread.
   */
  void replaceLogUpTo(Slot slot) {
    completions.add(() -> cutWanted = Slot.max(cutWanted, slot));
    surroundings.wake();
  }

  /** The newest snapshot was damaged and is set aside: another takes its place. Any thread. */
  void replaceSnapshot() {
    completions.add(() -> snapshotWanted = true);
    surroundings.wake();
  }

  /** Begins what a scrub asked for, when the store has come far enough. */
  private boolean mend() {
    if (snapshotWanted && store.applied().isAfter(snapshots.newest())) {
      snapshotWanted = false;
      take();
      return true;
    }
    if (!cutWanted.isAfter(paxos.cut()) || store.applied().isBefore(cutWanted)) {
      return false;
    }
    if (!durable().isBefore(cutWanted)) {
      Slot slot = cutWanted;
      step.accept(new Input.SnapshotTaken(slot));
      cutWanted = Slot.ZERO;
      surroundings.report("the log begins behind slot " + slot.number() + ", behind the damage");
      return true;
    }
    if (store.keepsFiles()) {
      flushes.want();
      return false;
    }
    take();
    return writing;
  }

  /** The slot up to which the state outlives this process. */
  private Slot durable() {
    return store.keepsFiles() ? flushes.durable() : snapshots.newest();
  }

  /**
   * The state in memory is wrong, and so may be all snapshots of it. They are set aside, no more
   * are taken, and then {@code then} runs on the driver's thread.
   */
  void discardAll(Runnable then) {
    discarding = true;
    inBackground(
        "set the snapshots aside",
        () -> {
          store.distrust("the state differed from a quorum's");
          snapshots.setAllAside();
          return then;
        },
        () -> {});
  }

  /** The log since the last snapshot is in memory too, so that it must not grow without bound. */
  private long dueAfterBytes() {
    if (store.keepsFiles()) {
      // Only for peers that ask.
      return Long.MAX_VALUE;
    }
    return Math.max(everyBytes, Math.min(lastBytes, MOST_TIMES * everyBytes));
  }

  private void take() {
    Optional<Founding> founding = paxos.founding();
    if (discarding || founding.isEmpty() || !store.applied().isAfter(snapshots.newest())) {
      return;
    }
    writing = true;
    appliedBytes = 0;
    lastBytes = heldBytes();
    ClusterId cluster = founding.get().cluster();
    MembershipInForce membership = paxos.membershipAt(store.applied());
    StoreView view = store.view();
    Slot slot = view.slot();
    inBackground(
        "write a snapshot of slot " + slot,
        () -> {
          if (!slot.isAfter(snapshots.newest())) {
            // One of a peer came meanwhile.
            view.close();
            return () -> writing = false;
          }
          SnapshotWriter writer = snapshots.writer(view, cluster, membership);
          return writeSome(writer);
        },
        this::notWritten);
  }

  private void notWritten() {
    writing = false;
    againAtNanos = nowNanos + RETRY_NANOS;
  }

  /** Background: all of it, or as much as may hold up a flush. */
  private Runnable writeSome(SnapshotWriter writer) throws IOException {
    for (int pieces = 0; writer.writeSome(); pieces++) {
      if (store.keepsFiles() && pieces >= PIECES) {
        return () -> inBackground("write a snapshot", () -> writeSome(writer), this::notWritten);
      }
    }
    return () -> taken(writer.info().slot());
  }

  private long heldBytes() {
    return store.liveBytes() + store.historyBytes();
  }

  private void taken(Slot slot) {
    writing = false;
    surroundings.report("snapshot of slot " + slot.number() + ": " + store.keys() + " keys");
    helpedNanos = nowNanos;
    if (!store.keepsFiles()) {
      Slot cut = paxos.slotKeeping(everyBytes / KEPT_SHARE, slot);
      cutTo(cut);
    }
  }

  private void cutTo(Slot cut) {
    if (cut.isAfter(paxos.cut())) {
      step.accept(new Input.SnapshotTaken(cut));
    }
  }

  // ---- a store with files of its own
  // ---------------------------------------------------------------------------------------------

  private void flush() {
    inBackground(
        "make the database durable",
        () -> {
          Slot slot = store.flush();
          return () -> flushed(slot);
        },
        () -> flushes.onFailed(nowNanos));
  }

  private void flushed(Slot slot) {
    flushes.onFlushed(slot);
    Slot snapshot = snapshots.newest();
    Slot usual = paxos.slotKeeping(everyBytes / KEPT_SHARE, slot);
    boolean helping = writing || nowNanos - helpedNanos < HELP_NANOS;
    if (helping && snapshot.isBefore(usual)) {
      // Whoever gets that one goes on from it by the log, if it is not too long by then.
      cutTo(Slot.max(snapshot, paxos.slotKeeping(MOST_TIMES * everyBytes, slot)));
    } else {
      cutTo(usual);
    }
    if (snapshot.isAfter(Slot.ZERO) && snapshot.isBefore(paxos.cut())) {
      Slot useless = paxos.cut();
      inBackground(
          "delete a snapshot",
          () -> {
            snapshots.deleteBefore(useless);
            return () -> {};
          },
          () -> {});
    }
  }

  // ---- sending
  // -----------------------------------------------------------------------------------------------------------------

  void onPeer(ServerId from, PeerMessage message) {
    if (message instanceof PeerMessage.SnapshotRequest request) {
      if (request.atLeast().isAfter(snapshots.newest())
          && !store.applied().isBefore(request.atLeast())) {
        // What is there is of no use to it; it asks again.
        wanted = true;
      }
      if (reading.size() == MOST_RECEIVERS || !reading.add(from)) {
        // As if lost on the way: it asks again, and this disk may be slower than it.
        return;
      }
      helpedNanos = nowNanos;
      inBackground(
          "read a snapshot for " + from,
          () -> {
            PeerMessage.SnapshotChunk chunk = read(from, request);
            return () -> {
              reading.remove(from);
              sender.accept(from, chunk);
            };
          },
          () -> reading.remove(from));
    } else if (message instanceof PeerMessage.SnapshotChunk chunk) {
      onChunk(from, chunk);
    }
  }

  private PeerMessage.SnapshotChunk read(ServerId peer, PeerMessage.SnapshotRequest request)
      throws IOException {
    SnapshotFile file = sending.get(peer);
    if (file != null && !file.offer().slot().equals(request.snapshot())) {
      sending.remove(peer);
      file.close();
      file = null;
    }
    if (file == null) {
      Optional<SnapshotFile> opened = snapshots.open(request.snapshot());
      if (opened.isEmpty()) {
        return new PeerMessage.SnapshotChunk(Slot.ZERO, 0, 0, Bytes.EMPTY, 0, Bytes.EMPTY);
      }
      file = opened.get();
      sending.put(peer, file);
      if (sending.size() > MOST_RECEIVERS) {
        // It may never ask again; if it does, the file is opened again.
        Iterator<SnapshotFile> eldest = sending.values().iterator();
        SnapshotFile idle = eldest.next();
        eldest.remove();
        idle.close();
      }
    }
    SnapshotOffer offer = file.offer();
    Bytes bytes = file.read(request.offset(), CHUNK_BYTES);
    if (request.offset() + bytes.size() >= offer.sizeBytes()) {
      sending.remove(peer);
      file.close();
    }
    return new PeerMessage.SnapshotChunk(
        offer.slot(),
        request.offset(),
        offer.sizeBytes(),
        offer.sha256(),
        SnapshotReceiver.crc(bytes),
        bytes);
  }

  // ---- fetching
  // ----------------------------------------------------------------------------------------------------------------

  /** The log cannot be caught up by slots. */
  void fetchFrom(ServerId peer) {
    if (fetch == null) {
      fetchBeganNanos = nowNanos;
      fetch = new Fetch(peer);
      ask(fetch);
    }
  }

  /** There is no state to go on from: asks one peer after the other, with a pause. */
  void fetchFromAny(List<ServerId> peers) {
    if (fetch == null && !peers.isEmpty() && nowNanos - fetchBeganNanos >= RETRY_NANOS) {
      fetchFrom(peers.get(nextPeer++ % peers.size()));
    }
  }

  private void ask(Fetch running) {
    running.askedAtNanos = nowNanos;
    sender.accept(
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
      inBackground(
          "drop a snapshot",
          () -> {
            receiver.abandon();
            return () -> {};
          },
          () -> {});
    }
    step.accept(new Input.SnapshotGivenUp());
  }

  private void onChunk(ServerId from, PeerMessage.SnapshotChunk chunk) {
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
    inBackground(
        "receive a snapshot",
        () -> receive(running, chunk, cluster),
        () -> {
          running.receiver = null;
          giveUp(running, "it could not be written here");
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
    while (receiver.installSome()) {
      // The next piece.
    }
    RestoredState restored = receiver.restored();
    return () -> install(restored);
  }

  private void install(RestoredState restored) {
    fetch = null;
    Slot slot = restored.info().slot();
    if (!slot.isAfter(store.applied())) {
      step.accept(new Input.SnapshotGivenUp());
      return;
    }
    store.install(restored);
    appliedBytes = 0;
    lastBytes = heldBytes();
    flushes.want();
    surroundings.report("installed a snapshot of slot " + slot.number() + " from a peer");
    // Also where the log is chosen further, and only the store was behind: it is not under way any
    // more.
    step.accept(new Input.SnapshotInstalled(slot, restored.info().membership()));
  }
}
