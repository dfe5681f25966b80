package io.synod.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Brings the faults that a seed has switched on, one after another, until they end. */
final class Nemesis {
  private final World world;
  private final Swarm swarm;
  private final SplittableRandom random;
  private final List<Fault> timed = new ArrayList<>();

  Nemesis(World world, SplittableRandom random) {
    this.world = world;
    this.swarm = world.swarm;
    this.random = random;
    for (Fault fault : swarm.faults) {
      if (Fault.counted().contains(fault) && fault != Fault.STARVED_DRIVER) {
        timed.add(fault);
      }
    }
  }

  void begin() {
    if (!timed.isEmpty()) {
      next();
    }
  }

  private void next() {
    world.loop.after(
        random.nextLong(2 * swarm.faultEveryNanos),
        () -> {
          if (world.isFaulty()) {
            bring(timed.get(random.nextInt(timed.size())));
            next();
          }
        });
  }

  private void note(Fault fault, String what) {
    world.coverage.hit("fault." + fault);
    world.trace.note(Trace.Kind.FAULT, -1, fault + " " + what);
  }

  private SimulatedServer anyServer() {
    return world.servers().get(random.nextInt(swarm.servers));
  }

  /** Most faults last somewhere from a moment to a few election timeouts. */
  private long duration() {
    return Randoms.logUniform(random, Swarm.MILLI, 6 * swarm.electionTimeoutNanos);
  }

  private void later(long nanos, Runnable action) {
    world.loop.after(
        nanos,
        () -> {
          if (world.isFaulty()) {
            action.run();
          }
        });
  }

  private void bring(Fault fault) {
    switch (fault) {
      case SLOW_LINK -> slowLink();
      case FLAPPING_LINK -> flap(anyServer().id().number(), anyServer().id().number(), 6);
      case SPLIT -> split(true);
      case ONE_WAY_SPLIT -> split(false);
      case LINK_GRAPH -> linkGraph();
      case STREAM_BREAK -> breakStreams();
      case OVER_SIZE_LIMIT -> limitSizes();
      case CRASH -> crash(anyServer(), false);
      case POWER_LOSS -> crash(anyServer(), true);
      case CRASH_OF_ALL -> crashAll();
      case LOST_DISK -> loseDisk();
      case LONG_STOP -> stop();
      case CLOCK_JUMP -> jump();
      case FAIL_RATE -> failRate();
      case SUSPEND -> suspend();
      case SLOW_SYNC -> slowSync();
      case STUCK_SYNC -> stuckSync();
      case FAILED_SYNC, FAILED_WRITE, DISK_FULL -> harmDisk(fault, anyServer());
      case FAILED_READ, BIT_ROT, UNREADABLE_SECTOR, SILENT_WRITE, ENGINE_DAMAGE -> damage(fault);
      case CHANGED_OPTIONS -> changeOptions();
      case MEMBERSHIP -> world.changeMembership(random);
      case SNAPSHOT -> anyServer().takeSnapshot();
      case LOSS, DUPLICATION, REORDERING, STARVED_DRIVER, CLOCK_DRIFT -> {}
      case DYNAMIC_QUORUM,
          LAST_VOTER,
          LEASE_READS,
          CLIENT_RETRIES,
          UPGRADE,
          ENGINE_FILES,
          WITNESS -> {}
    }
  }

  // ---- the network
  // ------------------------------------------------------------------------------------------------------------------

  private void slowLink() {
    int from = anyServer().id().number();
    int to = anyServer().id().number();
    note(Fault.SLOW_LINK, from + " to " + to);
    world.network.slow(from, to, 1 + random.nextInt(200));
    later(duration(), () -> world.network.slow(from, to, 1));
  }

  private void flap(int from, int to, int times) {
    if (times == 6) {
      note(Fault.FLAPPING_LINK, from + " to " + to);
    }
    world.network.cut(from, to);
    later(
        1 + random.nextLong(swarm.electionTimeoutNanos),
        () -> {
          world.network.heal(from, to);
          if (times > 1) {
            later(1 + random.nextLong(swarm.electionTimeoutNanos), () -> flap(from, to, times - 1));
          }
        });
  }

  private void split(boolean bothWays) {
    boolean[] side = new boolean[swarm.servers];
    int alone = random.nextInt(3) == 0 ? random.nextInt(swarm.servers) : -1;
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < swarm.servers; i++) {
      side[i] = alone >= 0 ? i == alone : random.nextBoolean();
      text.append(side[i] ? 'A' : 'B');
    }
    note(bothWays ? Fault.SPLIT : Fault.ONE_WAY_SPLIT, text.toString());
    for (int from = 0; from < swarm.servers; from++) {
      for (int to = 0; to < swarm.servers; to++) {
        if (side[from] != side[to] && (bothWays || side[from])) {
          world.network.cut(from, to);
        }
      }
    }
    later(duration(), this::healLinks);
  }

  private void linkGraph() {
    StringBuilder text = new StringBuilder();
    boolean directed = random.nextInt(3) == 0;
    for (int from = 0; from < swarm.servers; from++) {
      for (int to = from + 1; to < swarm.servers; to++) {
        boolean there = random.nextBoolean();
        boolean back = directed ? random.nextBoolean() : there;
        if (!there) {
          world.network.cut(from, to);
        }
        if (!back) {
          world.network.cut(to, from);
        }
        text.append(there ? (back ? '=' : '>') : back ? '<' : '-');
      }
    }
    note(Fault.LINK_GRAPH, text.toString());
    later(duration(), this::healLinks);
  }

  /** All at once, or (as in "swizzling") one after another. */
  private void healLinks() {
    boolean swizzle = random.nextInt(3) == 0;
    for (int from = 0; from < swarm.servers; from++) {
      for (int to = 0; to < swarm.servers; to++) {
        int a = from;
        int b = to;
        if (swizzle) {
          later(random.nextLong(swarm.electionTimeoutNanos), () -> world.network.heal(a, b));
        } else {
          world.network.heal(a, b);
        }
      }
    }
  }

  private void breakStreams() {
    int from = anyServer().id().number();
    int to = anyServer().id().number();
    note(Fault.STREAM_BREAK, from + " with " + to);
    world.network.breakStream(from, to);
    world.network.breakStream(to, from);
  }

  private void limitSizes() {
    int from = anyServer().id().number();
    int to = anyServer().id().number();
    note(Fault.OVER_SIZE_LIMIT, from + " to " + to);
    world.network.limit(from, to, 150 + random.nextInt(300));
    later(duration(), () -> world.network.limit(from, to, Integer.MAX_VALUE));
  }

  // ---- processes
  // ------------------------------------------------------------------------------------------------------------------

  private void crash(SimulatedServer server, boolean power) {
    if (!server.isUp()) {
      return;
    }
    note(power ? Fault.POWER_LOSS : Fault.CRASH, server.id().toString());
    server.crash(power);
    startLater(server, duration());
  }

  private void startLater(SimulatedServer server, long nanos) {
    later(
        Math.max(nanos, Swarm.MILLI),
        () -> {
          server.start();
          if (!server.isUp()) {
            startLater(server, duration());
          }
        });
  }

  private void crashAll() {
    note(Fault.CRASH_OF_ALL, "");
    for (SimulatedServer server : world.servers()) {
      if (server.isUp()) {
        server.crash(true);
        startLater(server, random.nextLong(swarm.electionTimeoutNanos));
      }
    }
  }

  /** Only while a quorum of lives with their disks remains: more is beyond any protocol. */
  private void loseDisk() {
    SimulatedServer victim = anyServer();
    if (swarm.damages() && !swarm.isDamageable(victim.id().number())) {
      return;
    }
    if (!world.canSpare(victim) || world.oracle.log().membershipChanges() > 20) {
      return;
    }
    note(Fault.LOST_DISK, victim.id().toString());
    victim.crash(random.nextBoolean());
    victim.wipe();
    startLater(victim, duration());
  }

  private void stop() {
    SimulatedServer server = anyServer();
    note(Fault.LONG_STOP, server.id().toString());
    server.stopFor(duration());
  }

  private void jump() {
    SimulatedServer server = anyServer();
    note(Fault.CLOCK_JUMP, server.id().toString());
    long nanos = Randoms.logUniform(random, Swarm.MILLI, 3_600 * Swarm.SECOND);
    if (swarm.has(Fault.LEASE_READS)) {
      // That the monotonic clock does not jump is what leases rely on.
      server.clock().jumpWall(nanos);
    } else {
      server.clock().jump(nanos);
    }
  }

  private void failRate() {
    SimulatedServer server = anyServer();
    double rate = random.nextDouble() * 0.9;
    note(Fault.FAIL_RATE, server.id() + " " + rate);
    server.failRate(rate);
    later(4 * duration(), () -> server.failRate(0));
  }

  private void suspend() {
    SimulatedServer server = anyServer();
    note(Fault.SUSPEND, server.id().toString());
    server.suspendFor(duration());
  }

  private void slowSync() {
    SimulatedServer server = anyServer();
    note(Fault.SLOW_SYNC, server.id().toString());
    server.slowSync(1 + random.nextInt(100));
    later(duration(), () -> server.slowSync(1));
  }

  private void stuckSync() {
    SimulatedServer server = anyServer();
    note(Fault.STUCK_SYNC, server.id().toString());
    server.stuckSync(4 * duration());
  }

  /** Takes effect with the next start. */
  private void changeOptions() {
    SimulatedServer server = anyServer();
    note(Fault.CHANGED_OPTIONS, server.id().toString());
    server.changeOptions();
  }

  private void harmDisk(Fault fault, SimulatedServer server) {
    note(fault, server.id().toString());
    server.harmDisk(fault);
  }

  private void damage(Fault fault) {
    SimulatedServer server = anyServer();
    if (swarm.isDamageable(server.id().number())) {
      harmDisk(fault, server);
    }
  }
}
