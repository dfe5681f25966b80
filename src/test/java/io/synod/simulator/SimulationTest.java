package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Seeds of the full simulation: production driver, core, journal and store. Fails if anything is
 * wrong, and also if less was done than is stated: a run that did nothing must not be green.
 */
class SimulationTest {
  private static final int SEEDS = Integer.getInteger("synod.simulator.seeds", 750);
  private static final long FIRST = Long.getLong("synod.simulator.first", 1);

  private static final int ENOUGH_SEEDS = 200;

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
          "snapshot.damaged",
          "snapshot.restored",
          "snapshot.ofCoordinator",
          "snapshot.ofAnother",
          "report.installed a snapshot of slot N from a peer",
          "notice.ClusterOpened",
          "notice.Campaigning: no server that it hears is content",
          "notice.CoordinatorChosen",
          "notice.MembershipChosen",
          "votes.taken",
          "votes.given",
          "notice.MemberHeard",
          "notice.MemberSilent: not heard for the election timeout",
          "notice.MemberSilent: its stream broke and a new connection was refused",
          "notice.SnapshotNeeded",
          "notice.SteppedDown: it hears no quorum that follows its ballot",
          "notice.SteppedDown: not chosen in time",
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
          "read.underLease",
          "client.done",
          "client.unknown",
          "client.failed",
          "client.answeredLate",
          "client.askedAgain",
          "operator.Done",
          "operator.HandedOver",
          "operator.HANDS_OVER",
          "operator.threwAway",
          "version.upgraded",
          "version.wentBack",
          "version.chosen",
          "phase.liveness",
          "phase.onlyNoLies");

  /** What must befall rows that are in files of an engine: with each, code that only they need. */
  private static final List<String> OF_ENGINES =
      List.of(
          "engine.FLUSHED",
          "engine.FLUSHED_BY_ITSELF",
          "engine.FLUSH_OVERTAKEN",
          "engine.FLUSH_FAILED",
          "engine.slowWork",
          "engine.cutTheLog",
          "report.the log begins behind slot N, behind the damage",
          "engine.restarted",
          "engine.lostWhatWasNotFlushed",
          "engine.aheadOfTheLog",
          "engine.behindTheLog",
          "engine.LOADED",
          "engine.crashedAmidLoad",
          "engine.crashedBehindLoad",
          "engine.setAside",
          "engine.DAMAGE_READ",
          "engine.DAMAGE_SCRUBBED",
          "engine.damage.bitFlipped",
          "engine.damage.truncated",
          "engine.damage.removed",
          "engine.damage.fileSwapped",
          "engine.damage.allSwapped",
          "process.stopped: the engine failed");

  /** What disks did wrong, and not only were told to. */
  private static final List<String> OF_DISKS =
      List.of(
          "disk.BIT_FLIPPED",
          "disk.FULL",
          "disk.NAME_FAILED",
          "disk.READ_FAILED",
          "disk.SECTOR_UNREADABLE",
          "disk.SYNC_FAILED",
          "disk.WRITE_FAILED",
          "disk.WRITE_LOST",
          "disk.WRITE_MISDIRECTED",
          "disk.WRITE_TORN");

  @Test
  void nothingGoesWrongUnderFaults() {
    Seeds seeds = Seeds.run("full simulation", FIRST, SEEDS, Simulate::full);
    seeds.check(SEEDS, SEEDS * 53 / 3_600.0, SEEDS * 600L);
    if (SEEDS >= ENOUGH_SEEDS) {
      seeds.checkHappened(EXPECTED);
      seeds.checkHappened(OF_ENGINES);
      seeds.checkFaults(Fault.counted(), SEEDS / 5, SEEDS * 50L);
      seeds.checkHappened(OF_DISKS, SEEDS / 15);
      seeds.checkHappened(List.of("network.lost", "network.reordered"), SEEDS * 100L);
      seeds.checkSeldom("phase.needsOperator", SEEDS / 100);
    }
  }

  @Test
  void theSameSeedTwiceGivesTheSameTrace() {
    for (long seed = 1; seed <= 20; seed++) {
      assertEquals(
          Simulate.full(seed).traceHash(), Simulate.full(seed).traceHash(), "seed " + seed);
    }
  }
}
