package io.synod.simulator;

import io.synod.paxos.Address;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * What every simulation has: virtual time, a network, servers of one kind or another, and the
 * oracle watching.
 */
abstract class World {
  final Swarm swarm;
  final Randoms randoms;
  final EventLoop loop;
  final Coverage coverage = new Coverage();
  final Trace trace;
  final Oracle oracle = new Oracle();
  final SimulatedNetwork network;
  final List<Address> listed = new ArrayList<>();
  private boolean faulty = true;
  private long runs;

  World(Swarm swarm, boolean keepsTrace) {
    this.swarm = swarm;
    this.randoms = new Randoms(swarm.seed);
    this.loop = new EventLoop(randoms.of("ties"));
    this.trace = new Trace(loop::nowNanos, keepsTrace);
    this.network = new SimulatedNetwork(swarm, loop, randoms.of("network"), coverage, trace);
    for (int i = 0; i < swarm.servers; i++) {
      listed.add(new Address("server", 9000 + i));
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

  /** All servers, by id. */
  abstract List<? extends SimulatedServer> servers();

  /** Asks for a membership change as an operator would. */
  void changeMembership(SplittableRandom random) {}

  void startAll() {
    servers().forEach(SimulatedServer::start);
  }

  void run(long nanos) {
    loop.runUntil(loop.nowNanos() + nanos);
  }

  /**
   * Whether these servers can go on by themselves: they hold a quorum of the newest membership that
   * any of them knows to be chosen, and of every later one that was chosen or accepted. A quorum of
   * those that know what they accepted; or all voters, one of which then does (protocol-rules.md,
   * 4).
   */
  boolean canGoOn(List<? extends SimulatedServer> among) {
    ChosenLog log = oracle.log();
    Slot known = Slot.ZERO;
    for (SimulatedServer server : among) {
      known = Slot.max(known, log.membershipKnownAt(server.chosenKnown()));
    }
    List<Membership> memberships = log.membershipsFrom(known);
    for (SimulatedServer server : servers()) {
      DurableState durable = oracle.durable(server.life());
      for (Slot slot = log.upTo().next(); !slot.isAfter(durable.last()); slot = slot.next()) {
        if (durable.at(slot).isPresent()
            && durable.at(slot).get().value() instanceof Membership pending) {
          memberships.add(pending);
        }
      }
    }
    return memberships.stream()
        .allMatch(each -> holdQuorum(among, each) && haveValues(among, each));
  }

  /**
   * Whether one of them may coordinate, and has what the witnesses among them have cut
   * (protocol-rules.md, 13).
   */
  private boolean haveValues(List<? extends SimulatedServer> among, Membership membership) {
    Slot cut =
        among.stream()
            .filter(SimulatedServer::isWitness)
            .map(server -> oracle.durable(server.life()).cut())
            .reduce(Slot.ZERO, Slot::max);
    return membership.members().stream()
        .filter(member -> member.role() == Member.Role.VOTER)
        .anyMatch(
            member ->
                holds(
                    among,
                    member,
                    server -> !oracle.durable(server.life()).chosen().isBefore(cut)));
  }

  /**
   * A quorum that knows all, or else all voters, of which some may have torn tails: but for these a
   * quorum has to know all, too. With votes that follow who is there, a minority of the disks may
   * be most of the voters'.
   */
  private static boolean holdQuorum(List<? extends SimulatedServer> among, Membership membership) {
    if (membership.isQuorum(member -> holds(among, member, SimulatedServer::knowsItsSlots))) {
      return true;
    }
    return membership.members().stream()
            .filter(member -> member.role().votes())
            .allMatch(member -> holds(among, member, server -> true))
        && membership.isQuorum(member -> holds(among, member, server -> !server.hasUnknownSlots()));
  }

  private static boolean holds(
      List<? extends SimulatedServer> among, Member member, Predicate<SimulatedServer> condition) {
    ServerLife life = new ServerLife(member.server(), member.incarnation());
    return among.stream()
        .anyMatch(
            server -> server.life().equals(life) && server.isStartable() && condition.test(server));
  }

  /**
   * Whether a server's directory may be thrown away: an operator does that only if the others can
   * go on without it.
   */
  boolean canSpare(SimulatedServer victim) {
    List<SimulatedServer> others = new ArrayList<>(servers());
    others.remove(victim);
    return !oracle.log().isFounded() || canGoOn(others);
  }

  /** How long a server may take to catch up with all there is, slot by slot. */
  long catchUpNanos() {
    return oracle.log().upTo().number() * 4 * (swarm.delayNanos + swarm.syncNanos);
  }

  /** What every server says of itself, and what is chosen. */
  String describe() {
    StringBuilder text = new StringBuilder();
    for (SimulatedServer server : servers()) {
      text.append("\n  ").append(server.life()).append(": ").append(server.describe());
    }
    return text.append("\n  oracle: chosen ").append(oracle.log().upTo()).toString();
  }

  /**
   * Lets time pass until something holds.
   *
   * @throws Violation of LivenessAfterHeal if it does not within so long
   */
  void runUntil(String what, long withinNanos, BooleanSupplier reached) {
    long end = loop.nowNanos() + withinNanos;
    while (!reached.getAsBoolean()) {
      if (loop.nowNanos() >= end) {
        throw new Violation(
            "LivenessAfterHeal",
            "no " + what + " within " + withinNanos / Swarm.MILLI + " ms: " + describe());
      }
      run(Math.min(swarm.pingIntervalNanos, end - loop.nowNanos()));
    }
  }

  /**
   * Lets time pass until so many more slots are chosen.
   *
   * @throws Violation of LivenessAfterHeal if they are not soon
   */
  void awaitProgress(String what, long slots) {
    Slot before = oracle.log().upTo();
    runUntil(
        what,
        swarm.settleNanos() + slots * 20 * Swarm.MILLI,
        () -> oracle.log().upTo().minus(before) > slots);
  }
}
