package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.directed;

import java.util.List;

/**
 * Mutants that nothing kills yet: each is a hole in the oracle, or a schedule that does not come up
 * soon enough. {@code scripts/hunt_mutants --surviving} hunts them; one that is killed moves to the
 * catalogue.
 */
final class SurvivingMutants {
  private SurvivingMutants() {}

  static List<Mutant> all() {
    return List.of(
        directed("CutAtTheAppliedSlot", "rule 7: the log is cut behind the snapshot")
            .in(
                "node/SnapshotDuties",
                "Slot cut = paxos.slotKeeping(everyBytes / KEPT_SHARE, slot);",
                "Slot cut = store.applied();"),
        directed(
                "AppliesBehindADamagedSnapshot", "what is chosen is applied to the state before it")
            .in(
                "node/Node",
                "lacksSnapshot = store.applied().isBefore(paxos.cut());",
                "lacksSnapshot = false;"),
        directed("SyncAgeNeverGrows", "rule 17: a coordinator whose disk hangs steps down")
            .in("node/Node", "log.syncAgeNanos(now)", "0"),
        directed("ContentWithAnyone", "rule 16: content at the highest ballot known only")
            .in("paxos/Election", "&& standing.acting().get().equals(ballot);", ";"),
        directed("FetchNeverRepeated", "a lost Fetch is sent again")
            .in("paxos/Learner", "&& (!fetching || lost)", "&& !fetching"),
        directed("RecoveredTakenForSynced", "rule 2")
            .in(
                "journal/SegmentScan",
                "return new SegmentScan(bytes, frames, gaps, synced, at, torn, List.of());",
                "return new SegmentScan(bytes, frames, gaps, at, at, torn, List.of());"),
        core("InformsOfWhatWasLearned", "rule 1: learned from others is not chosen at this ballot")
            .in(
                "paxos/Coordinator",
                "return new ChosenPrefix(ballot, chosenHere);",
                "return new ChosenPrefix(ballot, learner.chosen());"),
        directed("SnapshotOfTheMovingState", "a snapshot is of one slot")
            .in(
                "store/HeapEngine",
                "new TreeView(state.rows.freeze(), state.log.frozen())",
                "new TreeView(state.rows.root(), state.log.frozen())"));
  }
}
