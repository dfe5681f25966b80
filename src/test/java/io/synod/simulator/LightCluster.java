package io.synod.simulator;

import io.synod.paxos.Address;
import io.synod.paxos.Membership;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Some protocol cores on one event loop, with the oracle watching. */
final class LightCluster {
  final Swarm swarm;
  final Randoms randoms;
  final EventLoop loop;
  final Coverage coverage = new Coverage();
  final Trace trace;
  final Oracle oracle = new Oracle();
  final SimulatedNetwork network;
  final List<Address> listed = new ArrayList<>();
  final List<LightServer> servers = new ArrayList<>();
  private boolean faulty = true;
  private long runs;

  LightCluster(Swarm swarm, boolean keepsTrace) {
    this.swarm = swarm;
    this.randoms = new Randoms(swarm.seed);
    this.loop = new EventLoop(randoms.of("ties"));
    this.trace = new Trace(loop::nowNanos, keepsTrace);
    this.network = new SimulatedNetwork(swarm, loop, randoms.of("network"), coverage, trace);
    for (int i = 0; i < swarm.servers; i++) {
      listed.add(new Address("server", 9000 + i));
    }
    for (int i = 0; i < swarm.servers; i++) {
      servers.add(new LightServer(this, i));
    }
  }

  long nextRun() {
    return ++runs;
  }

  boolean isFaulty() {
    return faulty;
  }

  /** No random fault comes any more; what was cut stays cut. */
  void calm() {
    faulty = false;
    network.calm();
  }

  void startAll() {
    servers.forEach(LightServer::start);
  }

  void run(long nanos) {
    loop.runUntil(loop.nowNanos() + nanos);
  }

  /**
   * Whether these servers can go on by themselves: they hold a quorum of the newest membership that
   * any of them knows to be chosen, and of every later one that was chosen or accepted.
   */
  boolean canGoOn(List<LightServer> among) {
    ChosenLog log = oracle.log();
    Slot known = Slot.ZERO;
    for (LightServer server : among) {
      known = Slot.max(known, log.membershipKnownAt(server.chosenKnown()));
    }
    List<Membership> memberships = log.membershipsFrom(known);
    for (LightServer server : servers) {
      DurableState durable = oracle.durable(server.life());
      for (Slot slot = log.upTo().next(); !slot.isAfter(durable.last()); slot = slot.next()) {
        if (durable.at(slot).isPresent()
            && durable.at(slot).get().value() instanceof Membership pending) {
          memberships.add(pending);
        }
      }
    }
    return memberships.stream().allMatch(each -> holdQuorum(among, each));
  }

  private static boolean holdQuorum(List<LightServer> among, Membership membership) {
    return membership.isQuorum(
        member ->
            among.stream()
                .map(LightServer::life)
                .anyMatch(new ServerLife(member.server(), member.incarnation())::equals));
  }

  /** Who coordinates, at the highest ballot of those that think they do. */
  Optional<LightServer> coordinator() {
    Optional<LightServer> found = Optional.empty();
    for (LightServer server : servers) {
      if (server.isUp()
          && server.core().isCoordinating()
          && (found.isEmpty() || server.core().followed().isAbove(found.get().core().followed()))) {
        found = Optional.of(server);
      }
    }
    return found;
  }
}
