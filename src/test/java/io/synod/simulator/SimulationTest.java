package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Seeds of the full simulation: production driver, core, journal and store. Fails if anything is
 * wrong, and also if less was done than is stated: a run that did nothing must not be green.
 */
class SimulationTest {
  private static final int SEEDS = Integer.getInteger("synod.simulator.seeds", 200);
  private static final long FIRST = Long.getLong("synod.simulator.first", 1);

  /** What a run of the usual length must come upon. */
  private static final List<String> EXPECTED =
      List.of(
          "crash.duringWrite",
          "crash.betweenSyncAndSend",
          "crash.inBackground",
          "process.stopped: the journal failed",
          "start.diskFailed",
          "journal.DAMAGED",
          "journal.REPAIRED",
          "journal.TORN",
          "snapshot.restored",
          "report.installed a snapshot of slot N from a peer",
          "notice.ClusterOpened",
          "notice.Campaigning: no server that it hears is content",
          "notice.CoordinatorChosen",
          "notice.MembershipChosen",
          "notice.MemberHeard",
          "notice.MemberSilent: not heard for the election timeout",
          "notice.MemberSilent: its stream broke and a new connection was refused",
          "notice.SnapshotNeeded",
          "notice.SteppedDown: it hears no quorum that follows its ballot",
          "notice.SteppedDown: its disk has not synced for the election timeout",
          "notice.WaitingForServers",
          "ignored.onPrepare: below the promise",
          "ignored.onPropose: below the promise",
          "ignored.onPropose: ahead of a gap",
          "ignored.onPromise: of another ballot",
          "ignored.onAccepted: of another ballot",
          "ignored.onAccepted: nothing new",
          "network.lost",
          "network.duplicated",
          "network.reordered",
          "network.cut",
          "network.held",
          "network.refused",
          "network.streamBroke",
          "network.overSizeLimit",
          "client.done",
          "client.unknown",
          "client.failed",
          "client.answeredLate",
          "phase.liveness",
          "phase.onlyNoLies");

  @Test
  void nothingGoesWrongUnderFaults() {
    long began = System.nanoTime();
    Coverage coverage = new Coverage();
    long[] sums = new long[3];
    List<String> failures = new ArrayList<>();
    LongStream.range(FIRST, FIRST + SEEDS)
        .parallel()
        .forEach(
            seed -> {
              try {
                Outcome outcome = Simulate.full(seed);
                synchronized (sums) {
                  coverage.addAll(outcome.coverage());
                  sums[0] += outcome.simulatedNanos();
                  sums[1] += outcome.answered();
                  sums[2]++;
                }
              } catch (AssertionError e) {
                synchronized (sums) {
                  failures.add(e.getMessage());
                }
              }
            });
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        "%d seeds, %.1f simulated hours, %,d operations in %.0f s: %.0f simulated seconds a"
            + " second%n%s",
        sums[2], sums[0] / 3.6e12, sums[1], seconds, sums[0] / 1e9 / seconds, coverage.describe());
    assertEquals(List.of(), failures);
    assertEquals(SEEDS, sums[2]);
    assertTrue(sums[0] >= SEEDS * 15L * Swarm.SECOND, "only " + sums[0] + " ns simulated");
    assertTrue(sums[1] >= SEEDS * 60L, "only " + sums[1] + " operations");
    if (SEEDS >= 200) {
      assertEquals(List.of(), missing(coverage), "never happened");
    }
  }

  private static List<String> missing(Coverage coverage) {
    List<String> missing = new ArrayList<>();
    for (Fault fault : Fault.values()) {
      // These show by what they do to messages, clocks and memberships.
      boolean silent =
          fault == Fault.LOSS
              || fault == Fault.DUPLICATION
              || fault == Fault.REORDERING
              || fault == Fault.CLOCK_DRIFT
              || fault == Fault.MEMBERSHIP
              || fault == Fault.SNAPSHOT
              || fault == Fault.SILENT_WRITE;
      if (!silent && coverage.count("fault." + fault) == 0) {
        missing.add("fault." + fault);
      }
    }
    for (String each : EXPECTED) {
      if (coverage.count(each) == 0) {
        missing.add(each);
      }
    }
    return missing;
  }

  @Test
  void theSameSeedTwiceGivesTheSameTrace() {
    for (long seed = 1; seed <= 20; seed++) {
      assertEquals(
          Simulate.full(seed).traceHash(), Simulate.full(seed).traceHash(), "seed " + seed);
    }
  }
}
