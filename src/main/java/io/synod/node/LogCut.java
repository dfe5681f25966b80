package io.synod.node;

import io.synod.paxos.Input;
import io.synod.paxos.Paxos;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import java.util.function.Consumer;

/**
 * How far the log is cut: never behind what is durable of the state (protocol-rules.md, 7), and
 * little enough that members that are a little behind, or are being sent a snapshot, can go on by
 * the log. Driver thread only.
 */
final class LogCut {
  /**
   * This part of what is applied between two snapshots stays in the log in front of one, for
   * members that are only a little behind.
   */
  private static final long KEPT_SHARE = 8;

  /** For a peer that is helped, so many times what a snapshot is due after stays at most. */
  private static final long MOST_TIMES = 8;

  /** A peer that asked for a snapshot so lately may yet need the log behind it. */
  private static final long HELP_NANOS = 60_000_000_000L;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final long everyBytes;
  private final Flushes flushes;
  private final Consumer<Input> step;

  /** The journal is damaged up to here: the log has to do without it. */
  private Slot cutWanted = Slot.ZERO;

  /** When a peer was last sent a piece, or a snapshot written that one may have asked for. */
  private long helpedNanos = Long.MIN_VALUE / 2;

  LogCut(Node.Parts parts, long everyBytes, Flushes flushes, Consumer<Input> step) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.surroundings = parts.surroundings();
    this.everyBytes = everyBytes;
    this.flushes = flushes;
    this.step = step;
  }

  /** A peer is being sent a snapshot. */
  void onHelp(long nowNanos) {
    helpedNanos = nowNanos;
  }

  /** A snapshot of this slot was written. */
  void onSnapshot(Slot slot, long nowNanos) {
    if (store.keepsFiles()) {
      onHelp(nowNanos);
    } else {
      Slot cut = paxos.slotKeeping(everyBytes / KEPT_SHARE, slot);
      // Whoever is being sent an earlier one goes on from that by the log.
      cutTo(isHelping(nowNanos) ? paxos.slotKeeping(MOST_TIMES * everyBytes, slot) : cut);
    }
  }

  private boolean isHelping(long nowNanos) {
    return nowNanos - helpedNanos < HELP_NANOS;
  }

  /**
   * The store's own files are durable up to this slot.
   *
   * @param writing whether a snapshot is being written
   */
  void onFlushed(Slot slot, boolean writing, long nowNanos) {
    Slot snapshot = snapshots.newest();
    Slot usual = paxos.slotKeeping(everyBytes / KEPT_SHARE, slot);
    boolean helping = writing || isHelping(nowNanos);
    if (helping && snapshot.isBefore(usual)) {
      // Whoever gets that one goes on from it by the log, if it is not too long by then.
      cutTo(Slot.max(snapshot, paxos.slotKeeping(MOST_TIMES * everyBytes, slot)));
    } else {
      cutTo(usual);
    }
  }

  private void cutTo(Slot cut) {
    if (cut.isAfter(paxos.cut())) {
      step.accept(new Input.SnapshotTaken(cut));
    }
  }

  // ---- around damage

  /** The journal cannot be read up to this slot any more. */
  void onDamage(Slot slot) {
    cutWanted = Slot.max(cutWanted, slot);
  }

  /** Whether there is damage in the log that the store has come behind. */
  boolean isDamaged() {
    return cutWanted.isAfter(paxos.cut()) && !store.applied().isBefore(cutWanted);
  }

  /**
   * Cuts the log behind the damage, if as much of the state is durable; returns whether it is. A
   * store with files of its own is made durable soon, any other needs a snapshot.
   */
  boolean mend() {
    if (durable().isBefore(cutWanted)) {
      if (store.keepsFiles()) {
        flushes.want();
      }
      return false;
    }
    Slot slot = cutWanted;
    step.accept(new Input.SnapshotTaken(slot));
    cutWanted = Slot.ZERO;
    surroundings.report("the log begins behind slot " + slot.number() + ", behind the damage");
    return true;
  }

  /** The slot up to which the state outlives this process. */
  private Slot durable() {
    return store.keepsFiles() ? flushes.durable() : snapshots.newest();
  }
}
