package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Seeds on the light harness: the cores alone under faults, with all invariants checked after every
 * event and the liveness phase at the end.
 */
class LightSimulationTest {
  private static final int SEEDS = Integer.getInteger("synod.light.seeds", 2_350);
  private static final long FIRST = Long.getLong("synod.light.first", 1);
  private static final int ENOUGH_SEEDS = 500;

  /** This harness has no journal for them to harm. */
  private static final Set<Fault> OF_DISKS =
      EnumSet.of(
          Fault.FAILED_SYNC,
          Fault.FAILED_WRITE,
          Fault.DISK_FULL,
          Fault.FAILED_READ,
          Fault.BIT_ROT,
          Fault.UNREADABLE_SECTOR,
          Fault.SILENT_WRITE,
          Fault.ENGINE_DAMAGE);

  private static final List<String> EXPECTED =
      List.of(
          "notice.CoordinatorChosen",
          "notice.MembershipChosen",
          "votes.taken",
          "votes.given",
          "notice.SteppedDown: it hears no quorum that follows its ballot",
          "notice.SteppedDown: not chosen in time",
          "ignored.onPropose: ahead of a gap",
          "ignored.onPropose: below the promise",
          "read.answered",
          "read.refused",
          "read.underLease",
          "snapshot.installed",
          "snapshot.givenUp",
          "phase.liveness");

  @Test
  void nothingGoesWrongUnderFaults() {
    Seeds seeds = Seeds.run("light simulation", FIRST, SEEDS, Simulate::light);
    seeds.check(SEEDS, SEEDS * 45 / 3_600.0, SEEDS * 1_000L);
    if (SEEDS >= ENOUGH_SEEDS) {
      seeds.checkHappened(EXPECTED);
      EnumSet<Fault> faults = Fault.counted();
      faults.removeAll(OF_DISKS);
      seeds.checkFaults(faults, SEEDS / 4, SEEDS * 30L);
    }
  }

  @Test
  void theSameSeedTwiceGivesTheSameTrace() {
    for (long seed = 1; seed <= 10; seed++) {
      assertEquals(Simulate.light(seed).traceHash(), Simulate.light(seed).traceHash());
    }
  }
}
