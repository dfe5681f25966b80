package io.synod.simulator;

import io.synod.paxos.Bytes;
import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * One seed on the light harness: a workload under faults, then the liveness phase, in which the
 * faults stop for a random quorum and everything must come together.
 */
final class LightSimulation {
  private final LightCluster cluster;
  private final Swarm swarm;
  private final SplittableRandom workload;
  private final Nemesis nemesis;
  private long proposed;
  private long chosen;
  private long reads;
  private boolean working = true;

  LightSimulation(Swarm swarm, boolean keepsTrace) {
    this.swarm = swarm;
    this.cluster = new LightCluster(swarm, keepsTrace);
    this.workload = cluster.randoms.of("workload");
    this.nemesis = new Nemesis(cluster, cluster.randoms.of("nemesis"));
  }

  /** What came of a run. */
  record Outcome(
      long traceHash,
      long events,
      long simulatedNanos,
      long chosen,
      long reads,
      Coverage coverage,
      List<Trace.Event> trace) {}

  /**
   * Runs it to the end.
   *
   * @throws Violation if an invariant does not hold
   */
  Outcome run() {
    cluster.startAll();
    nextRequest();
    nemesis.begin();
    cluster.loop.runUntil(swarm.faultsEndNanos);
    liveness();
    return outcome();
  }

  /** What came of it up to now. */
  Outcome outcome() {
    return new Outcome(
        cluster.trace.hash(),
        cluster.loop.handled(),
        cluster.loop.nowNanos(),
        chosen,
        reads,
        cluster.coverage,
        cluster.trace.events());
  }

  // ---- the workload
  // ------------------------------------------------------------------------------------------------------------------

  private void nextRequest() {
    cluster.loop.after(
        workload.nextLong(2 * swarm.requestEveryNanos),
        () -> {
          if (working) {
            request();
            nextRequest();
          }
        });
  }

  private void request() {
    LightServer server = cluster.servers.get(workload.nextInt(swarm.servers));
    if (Randoms.chance(workload, swarm.readShare)) {
      reads++;
      server.read(reads);
      return;
    }
    int burst = workload.nextInt(8) == 0 ? 20 : 1;
    for (LightServer each : cluster.servers) {
      for (int i = 0; i < burst; i++) {
        each.propose(nextBatch(), this::acknowledged);
      }
    }
  }

  private Value.Batch nextBatch() {
    proposed++;
    String text = "v" + proposed + "x".repeat(workload.nextInt(swarm.valueBytes));
    return new Value.Batch(Bytes.utf8(text));
  }

  private void acknowledged(LightServer server, Slot slot) {
    chosen++;
    cluster.oracle.acknowledged(slot);
    cluster.trace.note(Trace.Kind.CLIENT, server.id().number(), -1, slot.number(), "acknowledged");
  }

  // ---- liveness
  // ------------------------------------------------------------------------------------------------------------------

  private void liveness() {
    cluster.calm();
    if (!cluster.oracle.log().isFounded()) {
      healAll();
      runUntil("founding", swarm.settleNanos(), () -> cluster.oracle.log().isFounded());
      return;
    }
    List<LightServer> core = pickCore();
    cluster.trace.note(Trace.Kind.PHASE, -1, "liveness of " + ids(core));
    healAmong(core);
    // A membership that was on its way when the others were cut off may ask for more than the core.
    for (int i = 0; i < 4; i++) {
      cluster.run(3 * swarm.electionTimeoutNanos / 2);
      if (!cluster.canGoOn(core)) {
        cluster.coverage.hit("phase.coreWidened");
        widen(core);
        healAmong(core);
      }
    }
    long deadline = swarm.settleNanos();
    runUntil("a coordinator", deadline, () -> coordinates(core));
    long before = chosen;
    runUntil("new values", deadline, () -> chosen >= before + 3 && coordinates(core));
    working = false;
    runUntil("agreement", deadline, () -> agree(core));
    cluster.coverage.hit("phase.liveness");
  }

  private static String ids(List<LightServer> servers) {
    StringBuilder text = new StringBuilder();
    servers.forEach(server -> text.append(server.id()).append(' '));
    return text.toString().trim();
  }

  private void runUntil(String what, long withinNanos, BooleanSupplier reached) {
    long end = cluster.loop.nowNanos() + withinNanos;
    while (!reached.getAsBoolean()) {
      if (cluster.loop.nowNanos() >= end) {
        throw new Violation(
            "LivenessAfterHeal",
            "no " + what + " within " + withinNanos / Swarm.MILLI + " ms: " + describe());
      }
      cluster.run(Math.min(swarm.pingIntervalNanos, end - cluster.loop.nowNanos()));
    }
  }

  private String describe() {
    StringBuilder text = new StringBuilder();
    for (LightServer server : cluster.servers) {
      text.append("\n  ").append(server.life()).append(": ");
      if (server.isUp()) {
        text.append(server.core().isCoordinating() ? "coordinates, " : "")
            .append(server.core().isContent() ? "content, " : "")
            .append("promised ")
            .append(server.core().promised())
            .append(", follows ")
            .append(server.core().followed())
            .append(", chosen ")
            .append(server.core().chosen())
            .append(", applied ")
            .append(server.applied());
      } else {
        text.append("down");
      }
    }
    return text.append("\n  oracle: chosen ").append(cluster.oracle.log().upTo()).toString();
  }

  /** A random set of servers that holds a quorum of every membership that may be in force. */
  private List<LightServer> pickCore() {
    List<LightServer> shuffled = new ArrayList<>(cluster.servers);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      int other = workload.nextInt(i + 1);
      LightServer moved = shuffled.get(i);
      shuffled.set(i, shuffled.get(other));
      shuffled.set(other, moved);
    }
    List<LightServer> core = new ArrayList<>();
    for (LightServer server : shuffled) {
      boolean more = workload.nextInt(3) == 0;
      if (!cluster.canGoOn(core) || more) {
        core.add(server);
      }
    }
    return core;
  }

  private void widen(List<LightServer> core) {
    for (LightServer server : cluster.servers) {
      if (!core.contains(server) && !cluster.canGoOn(core)) {
        core.add(server);
      }
    }
  }

  /** The faults stop for the core; for the rest they stay as they are, or it is cut off. */
  private void healAmong(List<LightServer> core) {
    for (LightServer server : cluster.servers) {
      boolean inside = core.contains(server);
      for (LightServer other : cluster.servers) {
        int from = server.id().number();
        int to = other.id().number();
        if (inside && core.contains(other)) {
          cluster.network.slow(from, to, 1);
          cluster.network.limit(from, to, Integer.MAX_VALUE);
          cluster.network.heal(from, to);
        } else {
          cluster.network.cut(from, to);
        }
      }
      if (inside) {
        revive(server);
      }
    }
  }

  private void healAll() {
    cluster.network.healAll();
    cluster.servers.forEach(this::revive);
  }

  private void revive(LightServer server) {
    if (!server.isUp()) {
      server.start();
    }
    server.calm();
  }

  private boolean coordinates(List<LightServer> core) {
    return cluster
        .coordinator()
        .map(coordinator -> core.contains(coordinator) && coordinator.core().isContent())
        .orElse(false);
  }

  /** All members of the core have applied all that is chosen. */
  private boolean agree(List<LightServer> core) {
    Slot all = cluster.oracle.log().upTo();
    Membership inForce = cluster.oracle.log().membership().membership();
    for (LightServer server : core) {
      boolean member =
          inForce
              .member(server.id())
              .map(Member::incarnation)
              .filter(server.life().incarnation()::equals)
              .isPresent();
      if (member && !server.applied().equals(all)) {
        return false;
      }
    }
    return coordinates(core);
  }

  /** A membership change through the coordinator, as an operator would ask for it. */
  static void changeMembership(LightCluster cluster, SplittableRandom random) {
    LightServer coordinator = cluster.coordinator().orElse(null);
    if (coordinator == null
        || coordinator.isStopped()
        || cluster.oracle.log().membershipChanges() > 20) {
      return;
    }
    Membership now = coordinator.core().membership().membership();
    List<Member> members = new ArrayList<>(now.members());
    int place = random.nextInt(members.size());
    Member member = members.get(place);
    Member.Role role = member.role() == Member.Role.VOTER ? Member.Role.STANDBY : Member.Role.VOTER;
    members.set(place, member.withRole(role));
    long voters = members.stream().filter(each -> each.role().votes()).count();
    boolean live =
        members.stream()
            .filter(each -> each.role().votes())
            .allMatch(
                each -> {
                  LightServer server = cluster.servers.get(each.server().number());
                  return server.isUp() && server.life().incarnation().equals(each.incarnation());
                });
    if (voters == 0 || !live) {
      return;
    }
    cluster.coverage.hit("fault.MEMBERSHIP");
    Slot predecessor = coordinator.core().membership().decidedAt();
    coordinator.step(new Input.MembershipProposed(new Membership(predecessor, members)));
  }
}
