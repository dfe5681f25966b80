package io.synod.simulator;

import io.synod.journal.DurableLog;
import io.synod.journal.Journal;
import io.synod.paxos.JournalRecord;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Plays the threads of a production journal, and shows the oracle what is handed to it and what
 * becomes durable.
 */
final class JournalDriver implements DurableLog {
  private static final long PREPARE_NANOS = 200 * Swarm.MILLI;

  private final World world;
  private final Journal journal;
  private final Owner owner;
  private final ArrayDeque<JournalRecord> waiting = new ArrayDeque<>();
  private Runnable wake = () -> {};
  private Runnable failed = () -> {};
  private boolean writing;
  private long durableSeen;

  /** The journal's position behind the last record, and up to where somebody waits for a sync. */
  private long appended;

  private long requested;

  /** How often it was written, and after which of these times it rests; -1 if it does not. */
  private long written;

  private long restingSince = -1;

  /** Whose journal it is. */
  record Owner(ServerLife life, DiskFaults disk, BooleanSupplier isRunning) {}

  JournalDriver(World world, Journal journal, Owner owner) {
    this.world = world;
    this.journal = journal;
    this.owner = owner;
    journal.onDurable(this::onDurable);
  }

  void begin(Runnable onDurable, Runnable onFailure) {
    wake = onDurable;
    failed = onFailure;
    prepareLater(PREPARE_NANOS);
    if (!waiting.isEmpty()) {
      writeLater();
    }
  }

  @Override
  public long append(List<JournalRecord> records) {
    world.oracle.appended(owner.life, records);
    if (world.trace.keeps()) {
      world.trace.note(Trace.Kind.ACCEPTED, owner.life.server().number(), records);
    }
    waiting.addAll(records);
    long position = journal.append(records);
    if (!records.isEmpty()) {
      appended = position;
      restLater();
    }
    return position;
  }

  @Override
  public void requestSync() {
    journal.requestSync();
    requested = appended;
    if (isSyncRequested()) {
      writeLater();
    }
  }

  @Override
  public long durable() {
    return journal.durable();
  }

  @Override
  public long syncAgeNanos(long nowNanos) {
    return journal.syncAgeNanos(nowNanos);
  }

  @Override
  public long freeBytes() {
    return journal.freeBytes();
  }

  private void onDurable() {
    while (durableSeen < journal.durable()) {
      durableSeen++;
      world.oracle.durable(owner.life, waiting.remove());
    }
    if (world instanceof FullCluster full) {
      full.reference.advance();
    }
    world.trace.note(Trace.Kind.DURABLE, owner.life.server().number(), -1, durableSeen, "");
    wake.run();
  }

  private void writeLater() {
    if (!writing) {
      writing = true;
      world.loop.after(owner.disk.nextSyncNanos(), this::write);
    }
  }

  private void write() {
    if (!owner.isRunning.getAsBoolean()) {
      return;
    }
    long stuck = owner.disk.stuckNanos();
    if (stuck > 0) {
      world.loop.after(stuck, this::write);
      return;
    }
    writing = false;
    written++;
    try {
      journal.write();
    } catch (IOException e) {
      world.trace.note(Trace.Kind.FAULT, owner.life.server().number(), e);
      failed.run();
      return;
    }
    if (isSyncRequested()) {
      writeLater();
    } else {
      restLater();
    }
  }

  private boolean isSyncRequested() {
    return durableSeen < requested;
  }

  /**
   * After a while without a write it writes what nobody waits for; after another it notes that all
   * is synced.
   */
  private void restLater() {
    if (restingSince == written) {
      return;
    }
    long since = written;
    restingSince = since;
    world.loop.after(
        Journal.REST_NANOS,
        () -> {
          restingSince = restingSince == since ? -1 : restingSince;
          if (written == since && !writing && owner.isRunning.getAsBoolean()) {
            write();
          }
        });
  }

  private void prepareLater(long nanos) {
    world.loop.after(
        nanos,
        () -> {
          if (!owner.isRunning.getAsBoolean()) {
            return;
          }
          try {
            journal.measure();
            boolean more = journal.prepare();
            prepareLater(more ? PREPARE_NANOS / 20 : PREPARE_NANOS);
          } catch (IOException e) {
            failed.run();
          }
        });
  }

  /**
   * The process ends: perhaps in the middle of a write, or after it and before the driver heard of
   * it.
   */
  void end(SimulatedDisk disk, boolean power, SplittableRandom random) {
    wake = () -> {};
    if (waiting.isEmpty() || random.nextInt(3) == 0) {
      return;
    }
    disk.failAt(
        disk.operations() + random.nextInt(8), power ? DiskFault.POWER_LOSS : DiskFault.CRASH);
    try {
      journal.write();
      world.coverage.hit("crash.betweenSyncAndSend");
    } catch (IOException e) {
      world.coverage.hit("crash.duringWrite");
    }
    disk.failAt(-1, DiskFault.WRITE_FAILED);
  }
}
