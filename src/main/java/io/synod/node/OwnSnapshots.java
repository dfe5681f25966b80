package io.synod.node;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.SnapshotWriter;
import io.synod.store.Snapshots;
import io.synod.store.StoreView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * When this server writes a snapshot of its own state, and the writing. Driver thread, but for
 * {@link #want}.
 */
final class OwnSnapshots implements OwnDisk.Needs {
  /**
   * A snapshot is written so many pieces at a time: in between, other work of the background gets
   * its turn, and the disk and a processor are left to the commands.
   */
  private static final int PIECES = 4;

  /** A snapshot takes no longer than so many seconds, however large it is, if the disk bears it. */
  private static final long MOST_SECONDS = 10;

  /**
   * So many servers have each a snapshot due after another part of what the settings say: they see
   * the same log, and would write all at the same moment, so that no quorum is free of it.
   */
  private static final int SCHEDULES = 4;

  /** What a row of a snapshot has besides its key and its value, about. */
  private static final long ROW_BYTES = 64;

  /** So much of its files a store that has some writes anew at a time, at most. */
  private static final long MOST_REWRITTEN_BYTES = 1L << 30;

  /** One that could not be written is tried again after so long: the disk may be full. */
  private static final long RETRY_NANOS = 3_000_000_000L;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final NodeSettings.Snapshots settings;
  private final BackgroundWork background;
  private final LogCut logCut;

  /** This server's part of what a snapshot is due after. */
  private final int eighths;

  /** The snapshot that was there is damaged: another is due at once. */
  private boolean replacementWanted;

  private long appliedBytes;

  /** Of what was applied, so much is in the one that is being written. */
  private long writingBytes;

  /**
   * About how large the last snapshot was: the next is not due before as much was applied, so that
   * writing them costs each command the same, however much there is. What is held now is no
   * measure: history grows with what is applied, and it would never be passed. Neither is a
   * snapshot that is very large: the log since is in memory too, and a start and a peer that lost
   * all go through it.
   */
  private long lastBytes;

  private boolean writing;

  /** Of what the last one is that was begun. */
  private Slot writingSlot = Slot.ZERO;

  /** What is written of it next, once it is due; empty while that is under way. */
  private Optional<Part> next = Optional.empty();

  private final List<Waiting> waiting = new ArrayList<>();

  /** When one that could not be written is tried again. */
  private long againAtNanos = Long.MIN_VALUE;

  /** An operator asks for one, or a peer. */
  private volatile boolean wanted;

  /** Written by the driver, read by the background between two pieces of a snapshot. */
  private volatile boolean distrusted;

  /** The next part of a snapshot, and when it is due. */
  private record Part(SnapshotWriter writer, long dueNanos) {}

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

  /**
   * @param self which server this is
   */
  OwnSnapshots(
      Node.Parts parts,
      NodeSettings.Snapshots settings,
      ServerId self,
      BackgroundWork background,
      LogCut logCut) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.snapshots = parts.snapshots();
    this.surroundings = parts.surroundings();
    this.settings = settings;
    this.background = background;
    this.logCut = logCut;
    this.eighths = 8 - self.number() % SCHEDULES;
    this.lastBytes = heldBytes();
  }

  /** One is to be taken with the next turn. Any thread. */
  void want() {
    wanted = true;
  }

  /**
   * One is to be taken that holds all that is applied; as {@link SnapshotDuties#want(Consumer)}.
   */
  void want(Consumer<Slot> taken) {
    waiting.add(new Waiting(store.applied(), taken));
  }

  /** The newest was damaged and is set aside: another takes its place. */
  void wantReplacement() {
    replacementWanted = true;
  }

  /** So many bytes of the log were applied. */
  void onApplied(int sizeBytes) {
    appliedBytes += sizeBytes;
  }

  /** One of a peer took the place of the state. */
  void onInstalled() {
    appliedBytes = 0;
    writingBytes = 0;
    lastBytes = heldBytes();
  }

  /** The state in memory is wrong: no more are taken, and what is being written is dropped. */
  void distrust() {
    distrusted = true;
  }

  boolean isDistrusted() {
    return distrusted;
  }

  boolean isWriting() {
    return writing;
  }

  /** Whether one is being written that holds all up to this slot. */
  boolean isWriting(Slot atLeast) {
    return writing && !writingSlot.isBefore(atLeast);
  }

  @Override
  public boolean isRewriting() {
    return isWriting();
  }

  /** A snapshot is all of the state; a store with files of its own rewrites it in parts. */
  @Override
  public long rewriteBytes() {
    long all = heldBytes() + ROW_BYTES * store.keys();
    return store.keepsFiles() ? Math.min(all, MOST_REWRITTEN_BYTES) : all;
  }

  /** Begins what is due; returns whether it was begun because of damage. */
  boolean turn() {
    waiting.removeIf(each -> each.tell(snapshots.newest()));
    writeOn();
    if (writing || background.nowNanos() < againAtNanos) {
      return false;
    }
    if (mend()) {
      return true;
    }
    if (wanted || !waiting.isEmpty() || appliedBytes > dueAfterBytes()) {
      take();
    }
    return false;
  }

  /** How long after the last turn more of a snapshot is due. */
  long restNanos() {
    return next.map(part -> Math.max(0, part.dueNanos() - background.nowNanos()))
        .orElse(Long.MAX_VALUE);
  }

  /** Begins what a scrub asked for, when the store has come far enough. */
  private boolean mend() {
    if (replacementWanted && store.applied().isAfter(snapshots.newest())) {
      take();
      return writing;
    }
    if (!logCut.isDamaged()) {
      return false;
    }
    if (logCut.mend()) {
      return true;
    }
    if (store.keepsFiles()) {
      return false;
    }
    take();
    return writing;
  }

  /** The log since the last snapshot is in memory too, so that it must not grow without bound. */
  private long dueAfterBytes() {
    if (store.keepsFiles()) {
      // Only for peers that ask.
      return Long.MAX_VALUE;
    }
    long all = Math.max(settings.everyBytes(), Math.min(lastBytes, settings.mostBytes()));
    return Math.max(1, all * eighths / 8);
  }

  private long heldBytes() {
    return store.liveBytes() + store.historyBytes();
  }

  private void take() {
    wanted = false;
    Optional<Founding> founding = paxos.founding();
    if (distrusted || founding.isEmpty() || !store.applied().isAfter(snapshots.newest())) {
      return;
    }
    writing = true;
    writingBytes = appliedBytes;
    lastBytes = heldBytes();
    ClusterId cluster = founding.get().cluster();
    MembershipInForce membership = paxos.membershipAt(store.applied());
    StoreView view = store.view();
    Slot slot = view.slot();
    writingSlot = slot;
    long beganNanos = background.nowNanos();
    background.begin(
        "write a snapshot of slot " + slot,
        () -> {
          if (!slot.isAfter(snapshots.newest())) {
            // One of a peer came meanwhile.
            view.close();
            return this::written;
          }
          return writeSome(snapshots.writer(view, cluster, membership), beganNanos);
        },
        this::notWritten);
  }

  /** What it was to hold is in one that is durable. */
  private void written() {
    writing = false;
    replacementWanted = false;
    appliedBytes = Math.max(0, appliedBytes - writingBytes);
  }

  /** All that it was wanted for is still due. */
  private void notWritten(String why) {
    writing = false;
    logCut.onNotDurable(why);
    againAtNanos = background.nowNanos() + RETRY_NANOS;
  }

  /** Goes on with the one that is being written, if that is due. */
  private void writeOn() {
    if (next.isEmpty() || (restNanos() > 0 && !logCut.isPressed())) {
      return;
    }
    SnapshotWriter writer = next.get().writer();
    long beganNanos = background.nowNanos();
    next = Optional.empty();
    background.begin("write a snapshot", () -> writeSome(writer, beganNanos), this::notWritten);
  }

  /**
   * Background: the next part of it. Before it is whole, the state may turn out to be wrong, and
   * all snapshots be set aside: whatever is published after that would be believed. What is
   * published before is set aside with the others, since all of that is done in one order.
   *
   * @param beganNanos when the part began: it is due so long before the next as its bytes may take
   */
  private Runnable writeSome(SnapshotWriter writer, long beganNanos) throws IOException {
    long before = writer.writtenBytes();
    boolean more = true;
    for (int pieces = 0; pieces < PIECES && more && !distrusted; pieces++) {
      more = writer.writeSome();
    }
    if (!more) {
      return () -> taken(writer.info().slot());
    }
    if (distrusted) {
      writer.abandon();
      return () -> writing = false;
    }
    long bytes = writer.writtenBytes() - before;
    return () -> next = Optional.of(new Part(writer, beganNanos + paceNanos(bytes)));
  }

  /** How long the writing of so much of a snapshot is to take, at least. */
  private long paceNanos(long bytes) {
    long bytesASecond = Math.max(settings.bytesASecond(), lastBytes / MOST_SECONDS);
    return Math.round(1e9 * bytes / bytesASecond);
  }

  private void taken(Slot slot) {
    written();
    surroundings.report("snapshot of slot " + slot.number() + ": " + store.keys() + " keys");
    logCut.onSnapshot(slot, background.nowNanos());
  }
}
