package io.synod.mutants;

import static io.synod.mutants.Mutant.full;

import java.util.List;

/** Defects of the state machine, its sessions and its snapshots. */
final class StoreMutants {
  private static final String STORE = "store/KeyValueStore";
  private static final String HASH = "store/StoreHash";

  private StoreMutants() {}

  static List<Mutant> all() {
    return List.of(
        full("DuplicateAppliedTwice", "rule 9: a command is applied once")
            .in("store/Deduplication", "if (remembered != Session.NOTHING) {", "if (false) {"),
        full("ClosedSequenceApplies", "rule 9: a sequence that was given up can never apply")
            .in("store/Deduplication", "if (sequence < open.lowestOpen()) {", "if (false) {"),
        full("SessionsForgottenAtSnapshot", "rule 9: sessions are part of the state")
            .in("store/Sessions", "copies.add(session.copy());", "")
            .in(
                HASH,
                "return Mix.mix(Mix.mix(numbersHash, rows), sessions.hash());",
                "return Mix.mix(numbersHash, rows);"),
        full("ResultsForgottenAtSnapshot", "rule 9: a snapshot holds the results of sessions")
            .in("store/Session", "copy.outcomes = outcomes.clone();", "")
            .in(
                HASH,
                "return Mix.mix(Mix.mix(numbersHash, rows), sessions.hash());",
                "return Mix.mix(numbersHash, rows);"),
        full("DeleteForgetsTheRow", "a deleted key is gone")
            .in(
                STORE,
                "engine.delete(history.add(writing, place++, key, before));",
                "history.add(writing, place++, key, before);"),
        full("RowsHashForgetsDeletes", "the hash is that of the state")
            .in(
                STORE,
                "rowsHash -= RowFormat.hash(before.get()); liveBytes -= key.size()",
                "liveBytes -= key.size()"),
        full("SnapshotOfTheMovingState", "a snapshot is of one slot")
            .in(
                "store/HeapEngine",
                "new TreeView(state.rows.freeze(), state.log.frozen())",
                "new TreeView(state.rows.root(), state.log.frozen())"),
        full("SnapshotNotSynced", "a snapshot is durable before the journal is cut")
            .in("store/Publication", "file.sync(); step = Step.RENAME;", "step = Step.RENAME;"));
  }
}
