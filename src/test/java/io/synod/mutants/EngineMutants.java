package io.synod.mutants;

import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.engine;

import java.util.List;

/** Defects of what only a store with files of its own needs: flushes, its start, its snapshots. */
final class EngineMutants {
  private static final String CUT = "node/LogCut";
  private static final String DUTIES = "node/SnapshotDuties";
  private static final String NODE = "node/Node";
  private static final String STORE = "store/KeyValueStore";

  private EngineMutants() {}

  static List<Mutant> all() {
    return List.of(
        engine("FlushedWithoutAFlush", "rule 7: the log is cut behind what is flushed")
            .in(DUTIES, "Slot slot = store.flush();", "Slot slot = store.applied();"),
        engine("FlushedBeforeItIsDurable", "rule 7: the log is cut when the flush is over")
            .in(
                DUTIES,
                "flushes.begin(now)) { flush();",
                "flushes.begin(now)) { flushed(store.applied()); flush();"),
        engine("CutAtTheAppliedByAFlush", "rule 7: the log is cut behind what is flushed")
            .in(
                CUT,
                "Slot cut = Slot.min(paxos.slotKeeping(everyBytes / KEPT_SHARE, slot), neededByOthers());",
                "Slot cut = store.applied();"),
        directed("MendedBeforeTheFlush", "rule 7: damage is cut off behind what is flushed")
            .in(CUT, "if (durable().isBefore(cutWanted)) {", "if (false) {"),
        directed("FilesBehindTheLogAreTakenAsTheyAre", "a state behind the log is completed")
            .in(
                "store/Snapshots",
                "store.keepsFiles() && !store.applied().isBefore(logCut);",
                "store.keepsFiles();"),
        engine("SnapshotDeletedBeforeTheFlush", "what was loaded outlives the process")
            .in(
                DUTIES,
                "own.onInstalled(); flushes.want();",
                "own.onInstalled(); flushes.want(); background.begin(\"delete a snapshot\", () -> {"
                    + " snapshots.deleteBefore(store.applied().next()); return () -> {}; });"),
        engine("AheadOfTheLogIsIgnored", "files may be durable before the journal")
            .in(
                NODE,
                "belonging.isPresent() && store.applied().isAfter(paxos.chosen())",
                "belonging.isPresent() && store.applied().isBefore(Slot.ZERO)"),
        engine("SessionChangesNotReplayed", "rule 9: sessions are part of the state")
            .in(STORE, "SessionChanges.replay(changes, sessions);", ""),
        engine("HistoryNotRestored", "earlier revisions are part of the state")
            .in(STORE, "history.restore(numbers.history(), numbers.historyBytes());", ""));
  }
}
