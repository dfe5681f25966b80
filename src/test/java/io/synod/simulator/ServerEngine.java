package io.synod.simulator;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionRange;
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.KeyValueStore;
import io.synod.store.ModelFate;
import io.synod.store.ModelStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a server's rows are: in memory, or in files of an engine; and what befalls those. Servers
 * with rows in memory draw nothing here.
 */
final class ServerEngine implements ModelFate {
  private static final int FLUSH_FAILS = 12;
  private static final int FAILURE_STAYS = 3;
  private static final int SLOW_WORK = 20;
  private static final int FLUSH_STEPS = 5;
  private static final int CRASHED_LOADS = 3;
  private static final int LOAD_OPERATIONS = 20;

  private final FullServer server;
  private final FullCluster world;
  private final ServerId id;
  private final boolean keeps;
  private final SplittableRandom random;
  private final long flushEveryNanos;
  private final long scrubEveryNanos;
  private final int sessionChangesBytes;

  /** Its files were damaged since the disk was new. */
  private boolean harmed;

  /** Something was set aside by a start that may not have come to its end. */
  private boolean setAside;

  /** The process ends in the middle of what it does now. */
  private boolean dying;

  /** What was loaded is in the place of the rows, and not in the files. */
  private boolean loaded;

  /** That of the process that runs, or ran last; null if the disk is new. */
  private @Nullable ModelStorage storage;

  ServerEngine(FullServer server, FullCluster world) {
    this.server = server;
    this.world = world;
    this.id = server.id();
    this.keeps = world.swarm.keepsRows(id.number()) && !server.isWitness();
    this.random = world.randoms.of("engine" + id.number());
    long ping = world.swarm.pingIntervalNanos;
    this.flushEveryNanos = Randoms.logUniform(random, ping, 200 * ping);
    this.scrubEveryNanos = Randoms.logUniform(random, 20 * ping, 200 * ping);
    this.sessionChangesBytes = (int) Randoms.logUniform(random, 40, 4_000);
  }

  boolean keeps() {
    return keeps;
  }

  private void hit(String what) {
    world.coverage.hit("engine." + what);
  }

  // ---- starting and ending
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * Opens the store as a process does that starts.
   *
   * @param supported by which versions its program can behave
   * @param excused the disk may have lost anything, or the state may not be trusted
   */
  KeyValueStore open(
      SimulatedDisk disk, Recovered recovered, VersionRange supported, boolean excused)
      throws IOException {
    if (!keeps) {
      return KeyValueStore.inMemory(supported);
    }
    Optional<ClusterId> cluster = recovered.founding().map(Founding::cluster);
    boolean mayLack = excused || harmed || cluster.isEmpty();
    ModelStorage before = storage;
    ModelStorage opened =
        ModelStorage.open(disk, cluster, supported, this, why -> onSetAside(why, mayLack));
    storage = opened;
    Slot applied = opened.store().applied();
    if (before != null) {
      if (applied.isBefore(before.durable()) && !mayLack && !setAside) {
        throw new Violation(
            "FlushedIsKept", id + " restarts at " + applied + ", flushed was " + before.durable());
      }
      if (applied.isBefore(before.store().applied())) {
        hit("lostWhatWasNotFlushed");
      }
    }
    setAside = false;
    if (applied.isAfter(Slot.ZERO)) {
      hit("restarted");
    }
    if (applied.isAfter(recovered.chosen())) {
      hit("aheadOfTheLog");
    }
    if (applied.isBefore(recovered.cut())) {
      hit("behindTheLog");
    }
    return opened.store();
  }

  private void onSetAside(String why, boolean mayLack) {
    hit("setAside");
    world.trace.note(Trace.Kind.FAULT, id.number(), "engine set aside: " + why);
    if (!mayLack && !why.equals(ModelStorage.DISTRUSTED)) {
      throw new Violation("FlushedIsKept", id + " on an unharmed disk: " + why);
    }
    setAside = true;
  }

  /** The process will have ended in the middle of what it does from now on. */
  void dies() {
    dying = true;
  }

  /** The process ends. */
  void end() {
    if (storage != null && storage.isLoading()) {
      hit("crashedAmidLoad");
    }
    if (loaded) {
      hit("crashedBehindLoad");
    }
    dying = false;
    loaded = false;
  }

  /** The disk is new, or another. */
  void forget() {
    storage = null;
    harmed = false;
    setAside = false;
  }

  /** All up to here is in the files; {@link Slot#ZERO} without files. */
  Slot durable() {
    return storage == null ? Slot.ZERO : storage.durable();
  }

  // ---- running
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * From now on, as long as the process runs, there are flushes that nobody asks for, and scrubs.
   */
  void begin(BooleanSupplier isCurrent, Runnable scrub) {
    ModelStorage running = storage;
    if (keeps && running != null) {
      flushLater(running, isCurrent, random.nextLong(2 * flushEveryNanos));
      scrubLater(isCurrent, scrub);
    }
  }

  private void flushLater(ModelStorage running, BooleanSupplier isCurrent, long nanos) {
    world.loop.after(
        1 + nanos,
        () -> {
          if (isCurrent.getAsBoolean()) {
            boolean more = flushSome(running);
            long rest = more ? world.swarm.syncNanos : 2 * flushEveryNanos;
            flushLater(running, isCurrent, random.nextLong(1 + rest));
          }
        });
  }

  private static boolean flushSome(ModelStorage running) {
    try {
      return running.flushSome();
    } catch (IOException e) {
      // It was counted as one that failed.
      return false;
    }
  }

  private void scrubLater(BooleanSupplier isCurrent, Runnable scrub) {
    world.loop.after(
        1 + random.nextLong(2 * scrubEveryNanos),
        () -> {
          if (isCurrent.getAsBoolean()) {
            scrub.run();
            scrubLater(isCurrent, scrub);
          }
        });
  }

  /**
   * Something begins in the background then: if it is a flush, it is of what is applied by then,
   * however long it takes.
   */
  void workBeginsAt(long nanos, BooleanSupplier isCurrent) {
    ModelStorage running = storage;
    if (keeps && running != null) {
      world.loop.at(
          nanos,
          () -> {
            if (isCurrent.getAsBoolean()) {
              running.beginFlush();
            }
          });
    }
  }

  /** What is done in the background now takes so much longer. */
  long slowNanos() {
    if (!keeps || !world.isFaulty() || random.nextInt(SLOW_WORK) > 0) {
      return 0;
    }
    hit("slowWork");
    return random.nextLong(2 * world.swarm.electionTimeoutNanos);
  }

  @Override
  public int flushFailsAfter() {
    boolean fails =
        world.isFaulty() && world.swarm.has(Fault.FAILED_WRITE) && random.nextInt(FLUSH_FAILS) == 0;
    return fails ? random.nextInt(FLUSH_STEPS) : -1;
  }

  @Override
  public boolean failureStays() {
    return random.nextInt(FAILURE_STAYS) == 0;
  }

  @Override
  public int sessionChangesBytes() {
    return sessionChangesBytes;
  }

  @Override
  public void happened(Event what) {
    switch (what) {
      case LOAD_BEGUN -> {
        if (crashesLoad()) {
          server.crashSoon(random.nextInt(LOAD_OPERATIONS), 0);
        }
      }
      case LOADED -> {
        loaded = true;
        if (crashesLoad()) {
          server.crashSoon(LOAD_OPERATIONS, random.nextLong(8 * world.swarm.syncNanos));
        }
      }
      case FLUSHED, FLUSHED_BY_ITSELF -> loaded = false;
      case LOAD_ABANDONED -> {
        if (dying) {
          hit("crashedAmidLoad");
        }
      }
      default -> {}
    }
    hit(what.toString());
  }

  private boolean crashesLoad() {
    return world.isFaulty() && world.swarm.has(Fault.CRASH) && random.nextInt(CRASHED_LOADS) == 0;
  }

  // ---- damage
  // ------------------------------------------------------------------------------------------------------------------

  boolean isHarmed() {
    return harmed;
  }

  /**
   * Damages the files, if there are any.
   *
   * @param others disks whose files may take the place of these
   * @param isUp whether the process runs
   * @param scrub what finds it soon
   */
  void harm(SimulatedDisk disk, List<SimulatedDisk> others, boolean isUp, Runnable scrub) {
    try {
      List<String> files = files(disk);
      if (files.isEmpty()) {
        return;
      }
      harmed = true;
      world.trace.note(Trace.Kind.FAULT, id.number(), "engine: " + harm(disk, files, others));
    } catch (IOException e) {
      hit("listFailed");
      return;
    }
    int foundBy = random.nextInt(3);
    if (isUp && storage != null && foundBy == 0) {
      storage.readFiles();
    } else if (isUp && foundBy == 1) {
      scrub.run();
    }
  }

  private static List<String> files(SimulatedDisk disk) throws IOException {
    return disk.list().stream().filter(name -> name.startsWith(ModelStorage.FILES)).toList();
  }

  private String harm(SimulatedDisk disk, List<String> files, List<SimulatedDisk> others)
      throws IOException {
    String file = files.get(random.nextInt(files.size()));
    byte[] bytes = disk.bytes(file);
    SimulatedDisk other = others.get(random.nextInt(others.size()));
    List<String> foreign = other == disk ? new ArrayList<>() : files(other);
    switch (random.nextInt(5)) {
      case 0 -> {
        if (bytes.length > 0) {
          disk.flipBit(file, random.nextInt(bytes.length), random.nextInt(8));
          hit("damage.bitFlipped");
        }
        return "bit flipped in " + file;
      }
      case 1 -> {
        disk.replace(file, Arrays.copyOf(bytes, random.nextInt(1 + bytes.length)));
        hit("damage.truncated");
        return "truncated " + file;
      }
      case 2 -> {
        disk.remove(file);
        hit("damage.removed");
        return "removed " + file;
      }
      case 3 -> {
        if (!foreign.isEmpty()) {
          disk.replace(file, other.bytes(foreign.get(random.nextInt(foreign.size()))));
          hit("damage.fileSwapped");
        }
        return "another's in the place of " + file;
      }
      default -> {
        files.forEach(disk::remove);
        foreign.forEach(name -> disk.replace(name, other.bytes(name)));
        hit("damage.allSwapped");
        return "another's in the place of all";
      }
    }
  }
}
