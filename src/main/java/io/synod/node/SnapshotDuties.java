package io.synod.node;

import io.synod.paxos.Input;
import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import io.synod.transport.PeerMessage;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Snapshots, as the driver sees them: {@link OwnSnapshots} are taken when the log has grown, {@link
 * SnapshotSender} sends pieces to peers that ask, {@link SnapshotFetcher} fetches one when this
 * server is too far behind, and a store with files of its own is made durable. Whatever touches a
 * file is {@link BackgroundWork}. Driver thread, but for what says otherwise.
 */
final class SnapshotDuties {
  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final BackgroundWork background;
  private final Flushes flushes;
  private final LogCut logCut;
  private final OwnSnapshots own;
  private final SnapshotSender sender;
  private final SnapshotFetcher fetcher;

  /**
   * @param self which server this is
   * @param step hands an input to the protocol, and does what it says
   */
  SnapshotDuties(
      Node.Parts parts,
      NodeSettings.Snapshots settings,
      ServerId self,
      BiConsumer<ServerId, PeerMessage> send,
      Consumer<Input> step) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.surroundings = parts.surroundings();
    this.background = new BackgroundWork(surroundings);
    this.flushes = new Flushes(store, settings.everyBytes());
    this.logCut = new LogCut(parts, settings, flushes, step);
    this.own = new OwnSnapshots(parts, settings, self, background, logCut);
    SnapshotReading reading =
        new SnapshotReading(snapshots, surroundings, background, own::wantReplacement);
    this.sender = new SnapshotSender(reading, settings.bytesASecond(), background, send);
    SnapshotSources sources = new SnapshotSources(paxos, self);
    this.fetcher = new SnapshotFetcher(parts, sources, background, send, step, this::onInstalled);
  }

  /** Runs what came back, and begins what is due; returns whether there was anything. */
  boolean turn(long now) {
    boolean any = background.turn(now);
    any |= own.turn();
    if (!own.isDistrusted() && flushes.begin(now)) {
      flush();
    }
    logCut.keepWithinLimit();
    sender.turn();
    fetcher.turn();
    return any;
  }

  /** How long after the last turn something may be due here that nobody wakes the driver for. */
  long restNanos() {
    return Math.min(own.restNanos(), sender.restNanos());
  }

  /** What is wrong with the log that a person should know. */
  Optional<String> warning() {
    return logCut.warning();
  }

  /** One is to be taken with the next turn. Any thread. */
  void want() {
    own.want();
  }

  /** What the disk must have room for besides what is there. */
  OwnDisk.Needs needs() {
    return own;
  }

  /**
   * One is to be taken that holds all that is applied. Any thread.
   *
   * @param taken told its slot when it is durable, on the driver's thread; {@link Slot#ZERO} if
   *     nothing was applied so far
   */
  void want(Consumer<Slot> taken) {
    background.inNextTurn(() -> own.want(taken));
  }

  /** A slot that takes so many bytes of the log was applied. */
  void onApplied(int sizeBytes) {
    own.onApplied(sizeBytes);
    flushes.onApplied(sizeBytes);
  }

  /**
   * The journal cannot be read up to this slot any more, though all of it is in memory: a snapshot
   * takes its place. Any thread.
   */
  void replaceLogUpTo(Slot slot) {
    background.inNextTurn(() -> logCut.onDamage(slot));
    surroundings.wake();
  }

  /** The newest snapshot was damaged and is set aside: another takes its place. Any thread. */
  void replaceSnapshot() {
    background.inNextTurn(own::wantReplacement);
    surroundings.wake();
  }

  /**
   * The state in memory is wrong, and so may be all snapshots of it. They are set aside, no more
   * are taken, and then {@code then} runs on the driver's thread.
   */
  void discardAll(Runnable then) {
    own.distrust();
    background.begin(
        "set the snapshots aside",
        () -> {
          store.distrust("the state differed from a quorum's");
          snapshots.setAllAside();
          return then;
        });
  }

  // ---- a store with files of its own
  // ---------------------------------------------------------------------------------------------

  private void flush() {
    background.begin(
        "make the database durable",
        () -> {
          Slot slot = store.flush();
          return () -> flushed(slot);
        },
        this::notFlushed);
  }

  private void notFlushed(String why) {
    flushes.onFailed(background.nowNanos());
    logCut.onNotDurable(why);
  }

  private void flushed(Slot slot) {
    flushes.onFlushed(slot);
    Slot snapshot = snapshots.newest();
    logCut.onFlushed(slot, own.isWriting(), background.nowNanos());
    if (snapshot.isAfter(Slot.ZERO) && snapshot.isBefore(paxos.cut())) {
      Slot useless = paxos.cut();
      background.begin(
          "delete a snapshot",
          () -> {
            snapshots.deleteBefore(useless);
            return () -> {};
          });
    }
  }

  // ---- peers
  // -------------------------------------------------------------------------------------------------------------------

  void onPeer(ServerId from, PeerMessage message) {
    if (message instanceof PeerMessage.SnapshotRequest request) {
      if (request.atLeast().isAfter(snapshots.newest())
          && !store.applied().isBefore(request.atLeast())
          && !own.isWriting(request.atLeast())) {
        // What is there is of no use to it; it asks again.
        own.want();
      }
      if (sender.onRequest(from, request)) {
        logCut.onHelp(background.nowNanos());
      }
    } else if (message instanceof PeerMessage.SnapshotChunk chunk) {
      fetcher.onChunk(from, chunk);
    }
  }

  /**
   * The log cannot be caught up by slots: that of {@code peer} begins behind {@code cut}. It, or
   * another one, is asked for a snapshot.
   */
  void fetch(ServerId peer, Slot cut) {
    fetcher.fetch(peer, cut);
  }

  /** There is no state to go on from: asks one peer after the other, with a pause. */
  void fetchFromAny() {
    fetcher.fetchFromAny();
  }

  private void onInstalled() {
    own.onInstalled();
    flushes.want();
  }
}
