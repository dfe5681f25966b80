package io.synod.simulator;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import java.util.SplittableRandom;

/**
 * One seed on the light harness: a workload under faults, then the liveness phase, in which the
 * faults stop for a random quorum and everything must come together.
 */
final class LightSimulation {
  private final LightCluster cluster;
  private final Swarm swarm;
  private final SplittableRandom workload;
  private final SplittableRandom leases;
  private final Nemesis nemesis;
  private long proposed;
  private long chosen;
  private long reads;
  private boolean working = true;

  /** There are no engines. */
  LightSimulation(Swarm ofWholeServers, boolean keepsTrace) {
    this.swarm = ofWholeServers.without(Fault.OF_ENGINES);
    this.cluster = new LightCluster(swarm, keepsTrace);
    this.workload = cluster.randoms.of("workload");
    this.leases = cluster.randoms.of("lease reads");
    this.nemesis = new Nemesis(cluster, cluster.randoms.of("nemesis"));
  }

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
      server.read(reads, swarm.has(Fault.LEASE_READS) && leases.nextInt(3) > 0);
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
    boolean founded = cluster.oracle.log().isFounded();
    HealedCore core = new HealedCore(cluster, workload);
    core.heal(!founded);
    long deadline = swarm.settleNanos();
    cluster.runUntil("a coordinator", deadline, core::coordinates);
    long before = chosen;
    cluster.runUntil("new values", deadline, () -> chosen >= before + 3 && core.coordinates());
    working = false;
    cluster.runUntil("agreement", deadline + cluster.catchUpNanos(), core::agrees);
    cluster.coverage.hit("phase.liveness");
  }
}
