package io.synod.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Brings the faults that a seed has switched on, one after another, until they end. */
final class Nemesis {
  private final LightCluster cluster;
  private final Swarm swarm;
  private final SplittableRandom random;
  private final List<Fault> timed = new ArrayList<>();

  Nemesis(LightCluster cluster, SplittableRandom random) {
    this.cluster = cluster;
    this.swarm = cluster.swarm;
    this.random = random;
    for (Fault fault : swarm.faults) {
      boolean always =
          fault == Fault.LOSS
              || fault == Fault.DUPLICATION
              || fault == Fault.REORDERING
              || fault == Fault.STARVED_DRIVER
              || fault == Fault.CLOCK_DRIFT;
      if (!always) {
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
    cluster.loop.after(
        random.nextLong(2 * swarm.faultEveryNanos),
        () -> {
          if (cluster.isFaulty()) {
            bring(timed.get(random.nextInt(timed.size())));
            next();
          }
        });
  }

  private void note(Fault fault, String what) {
    cluster.coverage.hit("fault." + fault);
    cluster.trace.note(Trace.Kind.FAULT, -1, fault + " " + what);
  }

  private LightServer anyServer() {
    return cluster.servers.get(random.nextInt(swarm.servers));
  }

  /** Most faults last somewhere from a moment to a few election timeouts. */
  private long duration() {
    return Randoms.logUniform(random, Swarm.MILLI, 6 * swarm.electionTimeoutNanos);
  }

  private void later(long nanos, Runnable action) {
    cluster.loop.after(
        nanos,
        () -> {
          if (cluster.isFaulty()) {
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
      case CHANGED_OPTIONS -> changeOptions();
      case MEMBERSHIP -> LightSimulation.changeMembership(cluster, random);
      case SNAPSHOT -> anyServer().takeSnapshot();
      case LOSS, DUPLICATION, REORDERING, STARVED_DRIVER, CLOCK_DRIFT -> {}
    }
  }

  // ---- the network
  // ------------------------------------------------------------------------------------------------------------------

  private void slowLink() {
    int from = anyServer().id().number();
    int to = anyServer().id().number();
    note(Fault.SLOW_LINK, from + " to " + to);
    cluster.network.slow(from, to, 1 + random.nextInt(200));
    later(duration(), () -> cluster.network.slow(from, to, 1));
  }

  private void flap(int from, int to, int times) {
    if (times == 6) {
      note(Fault.FLAPPING_LINK, from + " to " + to);
    }
    cluster.network.cut(from, to);
    later(
        1 + random.nextLong(swarm.electionTimeoutNanos),
        () -> {
          cluster.network.heal(from, to);
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
          cluster.network.cut(from, to);
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
          cluster.network.cut(from, to);
        }
        if (!back) {
          cluster.network.cut(to, from);
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
          later(random.nextLong(swarm.electionTimeoutNanos), () -> cluster.network.heal(a, b));
        } else {
          cluster.network.heal(a, b);
        }
      }
    }
  }

  private void breakStreams() {
    int from = anyServer().id().number();
    int to = anyServer().id().number();
    note(Fault.STREAM_BREAK, from + " with " + to);
    cluster.network.breakStream(from, to);
    cluster.network.breakStream(to, from);
  }

  private void limitSizes() {
    int from = anyServer().id().number();
    int to = anyServer().id().number();
    note(Fault.OVER_SIZE_LIMIT, from + " to " + to);
    cluster.network.limit(from, to, 150 + random.nextInt(300));
    later(duration(), () -> cluster.network.limit(from, to, Integer.MAX_VALUE));
  }

  // ---- processes
  // ------------------------------------------------------------------------------------------------------------------

  private void crash(LightServer server, boolean power) {
    if (!server.isUp()) {
      return;
    }
    note(power ? Fault.POWER_LOSS : Fault.CRASH, server.id().toString());
    server.crash(power);
    startLater(server, duration());
  }

  private void startLater(LightServer server, long nanos) {
    later(
        nanos,
        () -> {
          if (!server.isUp()) {
            server.start();
          }
        });
  }

  private void crashAll() {
    note(Fault.CRASH_OF_ALL, "");
    for (LightServer server : cluster.servers) {
      if (server.isUp()) {
        server.crash(true);
        startLater(server, random.nextLong(swarm.electionTimeoutNanos));
      }
    }
  }

  /** Only while a quorum of lives with their disks remains: more is beyond any protocol. */
  private void loseDisk() {
    LightServer victim = anyServer();
    if (cluster.oracle.log().isFounded()) {
      List<LightServer> others = new ArrayList<>(cluster.servers);
      others.remove(victim);
      boolean spare = cluster.canGoOn(others);
      if (!spare || cluster.oracle.log().membershipChanges() > 20) {
        return;
      }
    }
    note(Fault.LOST_DISK, victim.id().toString());
    victim.crash(random.nextBoolean());
    victim.wipe();
    startLater(victim, duration());
  }

  private void stop() {
    LightServer server = anyServer();
    note(Fault.LONG_STOP, server.id().toString());
    server.stopFor(duration());
  }

  private void jump() {
    LightServer server = anyServer();
    note(Fault.CLOCK_JUMP, server.id().toString());
    server.clock().jump(Randoms.logUniform(random, Swarm.MILLI, 3_600 * Swarm.SECOND));
  }

  private void failRate() {
    LightServer server = anyServer();
    double rate = random.nextDouble() * 0.9;
    note(Fault.FAIL_RATE, server.id() + " " + rate);
    server.failRate(rate);
    later(4 * duration(), () -> server.failRate(0));
  }

  private void suspend() {
    LightServer server = anyServer();
    note(Fault.SUSPEND, server.id().toString());
    server.suspendFor(duration());
  }

  private void slowSync() {
    LightServer server = anyServer();
    note(Fault.SLOW_SYNC, server.id().toString());
    server.slowSync(1 + random.nextInt(100));
    later(duration(), () -> server.slowSync(1));
  }

  private void stuckSync() {
    LightServer server = anyServer();
    note(Fault.STUCK_SYNC, server.id().toString());
    server.stuckSync(4 * duration());
  }

  /** Takes effect with the next start. */
  private void changeOptions() {
    LightServer server = anyServer();
    note(Fault.CHANGED_OPTIONS, server.id().toString());
    server.priority(random.nextInt(3));
  }
}
