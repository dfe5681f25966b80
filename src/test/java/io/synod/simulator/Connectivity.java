package io.synod.simulator;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import java.util.OptionalLong;

/**
 * One case of partial connectivity: a cluster with a given coordinator, whose links are then cut
 * down to a given graph. Wherever one server has links both ways to a quorum, counting itself, a
 * new value must be chosen within {@link #ROUNDS} election timeouts; elsewhere none may be.
 */
final class Connectivity {
  static final int ROUNDS = 6;
  private static final long STEP = 10 * Swarm.MILLI;

  private final LightCluster cluster;
  private final int size;
  private final boolean[][] links;
  private long proposed;
  private boolean chosen;

  /**
   * @param links from each server to each, true if messages get through
   */
  Connectivity(int size, int oldCoordinator, boolean[][] links) {
    this.size = size;
    this.links = links;
    this.cluster = new LightCluster(Swarm.plain(7L * oldCoordinator + size, size), false);
    cluster.servers.get(oldCoordinator).priority(1);
  }

  LightCluster cluster() {
    return cluster;
  }

  /** Founds, and has the given server coordinate: it goes first in every election but the first. */
  void setUp(int oldCoordinator) {
    cluster.startAll();
    for (int i = 0; i < 1_000; i++) {
      cluster.run(STEP);
      LightServer coordinator = cluster.coordinator().orElse(null);
      if (coordinator == null
          || !cluster.servers.stream().allMatch(server -> server.applied().number() > 0)) {
        continue;
      }
      if (coordinator.id().number() == oldCoordinator) {
        cluster.run(2 * cluster.swarm.pingIntervalNanos);
        return;
      }
      coordinator.crash(false);
      cluster.run(2 * cluster.swarm.pingIntervalNanos);
      coordinator.start();
      cluster.run(4 * cluster.swarm.pingIntervalNanos);
    }
    throw new Violation("LivenessAfterHeal", "server " + oldCoordinator + " does not coordinate");
  }

  /** Cuts the links; returns after how long a new value was chosen, if one was. */
  OptionalLong cut() {
    for (int from = 0; from < size; from++) {
      for (int to = 0; to < size; to++) {
        if (from != to && !links[from][to]) {
          cluster.network.cut(from, to);
        }
      }
    }
    return awaitNewValue();
  }

  /** All links carry again; returns after how long a new value was chosen, if one was. */
  OptionalLong heal() {
    cluster.network.healAll();
    return awaitNewValue();
  }

  private OptionalLong awaitNewValue() {
    long began = cluster.loop.nowNanos();
    long end = began + ROUNDS * cluster.swarm.electionTimeoutNanos;
    chosen = false;
    while (cluster.loop.nowNanos() < end) {
      cluster.servers.forEach(this::propose);
      cluster.run(STEP);
      if (chosen) {
        return OptionalLong.of(cluster.loop.nowNanos() - began);
      }
    }
    return OptionalLong.empty();
  }

  /** Proposes wherever somebody takes it; returns whether a value was chosen soon. */
  boolean proposeAndRun() {
    return awaitNewValue().isPresent();
  }

  private void propose(LightServer server) {
    if (server.isUp() && server.core().proposalRoom() > 60) {
      proposed++;
      server.propose(
          new Value.Batch(Bytes.utf8("n" + proposed + "/" + cluster.loop.nowNanos())),
          this::acknowledged);
    }
  }

  private void acknowledged(LightServer server, Slot slot) {
    chosen = true;
    cluster.oracle.acknowledged(slot);
  }

  /** Whether one server has links both ways to so many that with it they are a quorum. */
  static boolean hasQuorumConnected(boolean[][] links) {
    for (int i = 0; i < links.length; i++) {
      int reached = 1;
      for (int other = 0; other < links.length; other++) {
        if (other != i && links[i][other] && links[other][i]) {
          reached++;
        }
      }
      if (reached >= links.length / 2 + 1) {
        return true;
      }
    }
    return false;
  }

  /** The undirected graph that these bits stand for. */
  static boolean[][] undirected(int size, int bits) {
    boolean[][] links = new boolean[size][size];
    int bit = 0;
    for (int from = 0; from < size; from++) {
      for (int to = from + 1; to < size; to++, bit++) {
        links[from][to] = (bits & (1 << bit)) != 0;
        links[to][from] = links[from][to];
      }
    }
    return links;
  }

  /** The directed graph that these bits stand for. */
  static boolean[][] directed(int size, int bits) {
    boolean[][] links = new boolean[size][size];
    int bit = 0;
    for (int from = 0; from < size; from++) {
      for (int to = 0; to < size; to++) {
        if (from != to) {
          links[from][to] = (bits & (1 << bit)) != 0;
          bit++;
        }
      }
    }
    return links;
  }
}
