package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real processes killed while clients read and write through all of them: the history that the
 * clients saw is linearizable, so that nothing acknowledged is lost, and nothing takes effect
 * twice.
 */
@Tag("long")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class KilledUnderLoadTest {
  private static final int SERVERS = 5;
  private static final int KILLS = Integer.getInteger("synod.survive.load.kills", 2);
  private static final int TOTAL_KILLS = Integer.getInteger("synod.survive.total.kills", 1);
  private static final int OPERATIONS = 200;

  @Test
  void allAtOnce() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      try (Load load = new Load(cluster, 2)) {
        for (int round = 0; round < TOTAL_KILLS; round++) {
          Load.Phase before = load.newPhase();
          load.await("all servers answer", () -> before.done() >= OPERATIONS);
          cluster.killAll();
          cluster.startAll();
        }
        check(load, TOTAL_KILLS + " kills of all five under load");
      }
    }
  }

  @Test
  void oneAfterAnother() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      try (Load load = new Load(cluster, 3)) {
        for (int i = 0; i < KILLS; i++) {
          Load.Phase before = load.newPhase();
          load.await("all servers answer", () -> allDone(before));
          // Every other victim is the coordinator.
          int victim = i % 2 == 0 ? cluster.coordinator().orElse(0) : i % SERVERS;
          cluster.kill(victim);
          Load.Phase without = load.newPhase();
          load.await("goes on without it", () -> without.done() >= OPERATIONS);
          cluster.start(victim);
        }
        check(load, KILLS + " kills of one of five under load");
      }
    }
  }

  private static boolean allDone(Load.Phase phase) {
    return IntStream.range(0, SERVERS).allMatch(server -> phase.done(server) >= 20);
  }

  private static void check(Load load, String what) throws InterruptedException {
    Load.Phase last = load.newPhase();
    load.await("all servers answer again", () -> allDone(last));
    load.end();
    var report = load.history().check(Budget.STANDARD);
    System.out.println("survive: " + what + ": " + report.describe().strip());
    assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
  }
}
