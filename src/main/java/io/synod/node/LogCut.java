package io.synod.node;

import io.synod.paxos.Input;
import io.synod.paxos.Paxos;
import io.synod.paxos.PeerView;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How far the log is cut: never behind what is durable of the state (protocol-rules.md, 7), and
 * little enough that members that are a little behind, or are being sent a snapshot by whomever,
 * can go on by the log, as long as it does not grow beyond its limit. Driver thread only.
 */
final class LogCut {
  /**
   * This part of what is applied between two snapshots stays in the log in front of one, for
   * members that are only a little behind.
   */
  private static final long KEPT_SHARE = 8;

  /** Beyond its limit the log is cut by this part of it, so that it is not cut with each slot. */
  private static final long CUT_SHARE = 16;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final long everyBytes;
  private final long logBytes;

  /** A peer that asked for a snapshot, or was heard, so lately may yet need the log. */
  private final long helpNanos;

  private final Flushes flushes;
  private final Consumer<Input> step;

  /** The journal is damaged up to here: the log has to do without it. */
  private Slot cutWanted = Slot.ZERO;

  /** When a peer was last sent a piece, or a snapshot written that one may have asked for. */
  private long helpedNanos = Long.MIN_VALUE / 2;

  /** Why the state could not be made durable when that was tried last; empty if it could. */
  private Optional<String> obstacle = Optional.empty();

  /** A log as long as this is warned of. */
  private long warnBytes;

  LogCut(Node.Parts parts, NodeSettings.Snapshots settings, Flushes flushes, Consumer<Input> step) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.surroundings = parts.surroundings();
    this.everyBytes = settings.everyBytes();
    this.logBytes = settings.logBytes();
    this.helpNanos = settings.helpNanos();
    this.warnBytes = firstWarnBytes();
    this.flushes = flushes;
    this.step = step;
  }

  /** A peer is being sent a snapshot. */
  void onHelp(long nowNanos) {
    helpedNanos = nowNanos;
  }

  /** A snapshot of this slot was written. */
  void onSnapshot(Slot slot, long nowNanos) {
    obstacle = Optional.empty();
    if (store.keepsFiles()) {
      onHelp(nowNanos);
    } else if (!isHelping(nowNanos)) {
      // Whoever is being sent an earlier one goes on from that by the log.
      Slot cut = paxos.slotKeeping(everyBytes / KEPT_SHARE, slot);
      cutTo(Slot.min(cut, neededByOthers()));
    }
  }

  private boolean isHelping(long nowNanos) {
    return nowNanos - helpedNanos < helpNanos;
  }

  /**
   * Up to here no member that was heard lately needs the log any more. One that is behind the cut
   * is being sent a snapshot by some other server, and goes on from that by anybody's log; while it
   * installs a large one, it may well be silent for some seconds.
   */
  private Slot neededByOthers() {
    Slot needed = paxos.chosen();
    for (PeerView peer : paxos.peers()) {
      if (peer.silentNanos() < helpNanos && peer.standing().isPresent()) {
        needed = Slot.min(needed, peer.standing().get().chosen());
      }
    }
    return needed;
  }

  /**
   * The store's own files are durable up to this slot.
   *
   * @param writing whether a snapshot is being written
   */
  void onFlushed(Slot slot, boolean writing, long nowNanos) {
    obstacle = Optional.empty();
    Slot cut = Slot.min(paxos.slotKeeping(everyBytes / KEPT_SHARE, slot), neededByOthers());
    // Whoever gets the one that is there, or is written, goes on from it by the log.
    cutTo(writing || isHelping(nowNanos) ? Slot.min(cut, snapshots.newest()) : cut);
  }

  /** The state could not be made durable, so that the log cannot be cut. */
  void onNotDurable(String why) {
    obstacle = Optional.of(why);
  }

  // ---- its limit

  /**
   * Cuts the log if it has grown beyond its limit, whoever may need it; warns if it cannot be cut,
   * and again when it is twice as long.
   */
  void keepWithinLimit() {
    if (paxos.logBytes() > logBytes) {
      cutTo(paxos.slotLeaving(logBytes - logBytes / CUT_SHARE, durable()));
    }
    if (paxos.logBytes() > warnBytes) {
      warnBytes = 2 * paxos.logBytes();
      warning().ifPresent(surroundings::warn);
    } else if (warnBytes > firstWarnBytes() && paxos.logBytes() <= logBytes) {
      warnBytes = firstWarnBytes();
      surroundings.report("the log is within log_mib again: " + paxos.logBytes() + " bytes");
    }
  }

  /** Whether the log is past half of what it may take: what is to cut it has no time to lose. */
  boolean isPressed() {
    return paxos.logBytes() > logBytes / 2;
  }

  /** What comes while a snapshot is written is worth no warning. */
  private long firstWarnBytes() {
    return logBytes + logBytes / KEPT_SHARE;
  }

  /** That the log is too long, why, and what to do. */
  Optional<String> warning() {
    if (paxos.logBytes() <= firstWarnBytes()) {
      return Optional.empty();
    }
    return Optional.of(
        "the log takes "
            + paxos.logBytes()
            + " bytes, and log_mib allows "
            + logBytes
            + ": it cannot be cut behind slot "
            + durable().number()
            + ", up to which the state is durable; "
            + obstacle
                .map(why -> "the disk has to be mended, or given room: " + why)
                .orElse("commands come faster than the state is written: let fewer in")
            + "; if the log grows on, memory runs out");
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
