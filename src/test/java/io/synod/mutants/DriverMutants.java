package io.synod.mutants;

import static io.synod.mutants.Mutant.full;

import java.util.List;

/** Defects of the driver: when messages leave, how clients are answered, when the log is cut. */
final class DriverMutants {
  private static final String NODE = "node/Node";
  private static final String SNAPSHOTS = "node/SnapshotDuties";

  private DriverMutants() {}

  static List<Mutant> all() {
    return List.of(
        full("AnswerBeforeTheSync", "what binds leaves when its record is durable")
            .in(
                NODE,
                "binding.add(new Binding(appended, each));",
                "binding.add(new Binding(0, each));"),
        full("DurableByOneTooMany", "what binds leaves when its record is durable")
            .in(
                NODE,
                "binding.peek().position() <= durable",
                "binding.peek().position() <= durable + 1"),
        full("LinearizableReadsAreLocal", "a linearizable read asks for a read point")
            .in(
                NODE,
                "if (mode == ReadMode.LOCAL && paxos.isOpen() && !lacksSnapshot) {",
                "if (paxos.isOpen() && !lacksSnapshot) {"),
        full("SentIsReportedAsFailed", "rule 9: a command that was ever sent is answered unknown")
            .in(
                "node/Writes",
                "write.request().answer(new Answer.Unavailable(write.wasSent(), why));",
                "write.request().answer(new Answer.Unavailable(false, why));"),
        full("WriteAnsweredWhenSent", "a write is answered when it is applied")
            .in(
                "node/Writes",
                "encode(write.get()); write.get().onSent(round, nowNanos);",
                "encode(write.get()); write.get().onSent(round, nowNanos); write.get().request().answer(new Answer.Written(1)); underWay.remove(write.get().sequence());"),
        full("CutBeforeTheSnapshotIsDurable", "rule 7")
            .in(
                SNAPSHOTS,
                "StoreView view = store.view(); Slot slot = view.slot();",
                "StoreView view = store.view(); Slot slot = view.slot(); step.accept(new Input.SnapshotTaken(slot));"),
        full("InstalledWithoutTheProtocol", "a snapshot takes the place of the log")
            .in(SNAPSHOTS, "if (slot.isAfter(paxos.chosen())) {", "if (false) {"),
        full("SyncAgeSinceTheLastSync", "rule 17: the age of the oldest write that waits")
            .in(NODE, "log.syncAgeNanos(now)", "now"));
  }
}
