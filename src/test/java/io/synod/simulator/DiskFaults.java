package io.synod.simulator;

import io.synod.simulator.disk.DiskFaultPlan;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;

/** What is wrong with a server's disk now. */
final class DiskFaults {
  private static final double RATE = 0.02;

  /** Most of what goes astray is written again before a crash shows that it is lost. */
  private static final double SILENT_RATE = 0.2;

  private final World world;
  private final SplittableRandom random;
  private double slowness = 1;
  private long stuckUntilNanos;
  private long failingUntilNanos;
  private boolean damaged;

  DiskFaults(World world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  private DiskFaultPlan plan() {
    return DiskFaultPlan.NONE;
  }

  /** A disk in good order. */
  void apply(SimulatedDisk disk) {
    disk.faults(plan());
    disk.capacity(Long.MAX_VALUE);
  }

  /** Whether anything durable was harmed since the disk was new. */
  boolean hasDamaged() {
    return damaged;
  }

  void noteDamage() {
    damaged = true;
  }

  void forget() {
    damaged = false;
  }

  void slowness(double factor) {
    slowness = factor;
  }

  void stuckFor(long nanos) {
    stuckUntilNanos = world.loop.nowNanos() + nanos;
  }

  /** For how much longer no sync ends. */
  long stuckNanos() {
    return Math.max(0, stuckUntilNanos - world.loop.nowNanos());
  }

  long nextSyncNanos() {
    long nanos = world.swarm.syncNanos / 2 + random.nextLong(world.swarm.syncNanos);
    return Math.round(nanos * slowness);
  }

  void bring(Fault fault, SimulatedDisk disk) {
    switch (fault) {
      case FAILED_SYNC -> failFor(disk, new DiskFaultPlan(0, 0, 0, 0, 0, RATE, 0, 1, 0, 0));
      case FAILED_WRITE -> failFor(disk, new DiskFaultPlan(0, RATE, RATE, 0, 0, 0, RATE, 1, 0, 0));
      case FAILED_READ -> {
        // What cannot be read is as good as lost, though it may be read another time.
        damaged = true;
        failFor(disk, new DiskFaultPlan(RATE, 0, 0, 0, 0, 0, 0, 1, 0, 0));
      }
      case SILENT_WRITE -> {
        damaged = true;
        failFor(disk, DiskFaultPlan.NONE.withSilentFaults(SILENT_RATE));
      }
      case DISK_FULL -> {
        disk.leave(random.nextInt(20_000));
        healLater(disk);
      }
      case BIT_ROT -> {
        damaged = true;
        world.trace.note(Trace.Kind.FAULT, -1, "bit flipped: " + disk.rot());
      }
      case UNREADABLE_SECTOR -> makeUnreadable(disk);
      default -> throw new IllegalArgumentException("no fault of a disk: " + fault);
    }
  }

  private void failFor(SimulatedDisk disk, DiskFaultPlan plan) {
    disk.faults(plan);
    healLater(disk);
  }

  private void healLater(SimulatedDisk disk) {
    long nanos = random.nextLong(4 * world.swarm.electionTimeoutNanos);
    failingUntilNanos = world.loop.nowNanos() + nanos;
    long until = failingUntilNanos;
    world.loop.after(
        nanos,
        () -> {
          if (failingUntilNanos == until) {
            apply(disk);
          }
        });
  }

  private void makeUnreadable(SimulatedDisk disk) {
    try {
      List<String> files = disk.list();
      if (files.isEmpty()) {
        return;
      }
      String file = files.get(random.nextInt(files.size()));
      int size = disk.bytes(file).length;
      if (size > 0) {
        damaged = true;
        int offset = random.nextInt(size);
        disk.makeUnreadable(file, offset);
        world.trace.note(Trace.Kind.FAULT, -1, "unreadable: " + file + " at " + offset);
      }
    } catch (IOException e) {
      world.coverage.hit("disk.listFailed");
    }
  }

  void calm(SimulatedDisk disk) {
    slowness = 1;
    stuckUntilNanos = 0;
    failingUntilNanos = 0;
    apply(disk);
  }
}
