package io.synod.simulator;

import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import io.synod.transport.grpc.CodecRoundTrip;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * One seed on whole servers: clients under faults, then the liveness phase, in which the faults
 * stop for a random quorum and every client finishes and all replicas agree; then the history is
 * judged.
 */
final class FullSimulation {
  private static final Budget BUDGET = new Budget(2_000_000, Duration.ofSeconds(60));

  private final FullCluster world;
  private final Swarm swarm;
  private final Clients clients;
  private final Nemesis nemesis;

  FullSimulation(Swarm swarm, boolean keepsTrace) {
    this.swarm = swarm;
    this.world = new FullCluster(swarm, keepsTrace);
    world.network.codec(97, CodecRoundTrip::of);
    this.clients = new Clients(world, world.randoms.of("workload"));
    this.nemesis = new Nemesis(world, world.randoms.of("nemesis"));
  }

  /**
   * Runs it to the end.
   *
   * @throws Violation if an invariant does not hold, or the history is not linearizable
   */
  Outcome run() {
    world.startAll();
    clients.begin();
    nemesis.begin();
    world.operate();
    world.loop.runUntil(swarm.faultsEndNanos);
    if (swarm.plansDamage || !swarm.damages()) {
      liveness();
    } else {
      onlyNoLies();
    }
    world.servers().forEach(FullServer::tellDisk);
    judge();
    return outcome();
  }

  /** What came of it up to now. */
  Outcome outcome() {
    return new Outcome(
        world.trace.hash(),
        world.loop.handled(),
        world.loop.nowNanos(),
        clients.answered(),
        world.coverage,
        world.trace.events());
  }

  private void liveness() {
    world.calm();
    HealedCore core = new HealedCore(world, world.randoms.of("core"));
    core.heal(!world.oracle.log().isFounded());
    if (!core.canGoOn()) {
      world.coverage.hit("phase.needsOperator");
      clients.stop();
      world.run(4 * swarm.requestTimeoutNanos);
      return;
    }
    long deadline = swarm.settleNanos();
    world.runUntil("a coordinator", deadline, core::coordinates);
    clients.keepTo(core.members());
    long think = 4 * swarm.requestEveryNanos * swarm.clients;
    world.runUntil("answers for all clients", 4 * deadline + 8 * think, () -> clients.allHad(2));
    clients.stop();
    world.runUntil(
        "end of what is under way",
        deadline + 3 * swarm.requestTimeoutNanos + think,
        clients::allIdle);
    world.runUntil("agreement", deadline + world.catchUpNanos(), core::agrees);
    world.coverage.hit("phase.liveness");
  }

  /** More was damaged than a protocol can bear: servers may stop, but nobody lies. */
  private void onlyNoLies() {
    SplittableRandom random = world.randoms.of("core");
    world.calm();
    new HealedCore(world, random).heal(true);
    world.run(swarm.settleNanos());
    clients.stop();
    world.run(4 * swarm.requestTimeoutNanos);
    world.coverage.hit("phase.onlyNoLies");
  }

  private void judge() {
    var report = clients.history().check(BUDGET);
    if (report.verdict() != Verdict.LINEARIZABLE) {
      long[] window = {Long.MAX_VALUE, 0};
      report
          .smallestWindow()
          .ifPresent(
              failing ->
                  failing
                      .operations()
                      .forEach(
                          operation -> {
                            widen(window, operation.invoked().nanos());
                            operation.answer().ifPresent(a -> widen(window, a.at().nanos()));
                          }));
      throw new Violation("Linearizable", report.describe(), window[0], window[1]);
    }
    world.coverage.add("checker.operations", report.counts().operations());
    world.coverage.add("checker.unknown", report.counts().unknown());
  }

  private static void widen(long[] window, OptionalLong nanos) {
    if (nanos.isPresent()) {
      window[0] = Math.min(window[0], nanos.getAsLong());
      window[1] = Math.max(window[1], nanos.getAsLong());
    }
  }
}
