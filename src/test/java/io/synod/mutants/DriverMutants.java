package io.synod.mutants;

import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.full;

import java.util.List;

/** Defects of the driver: when messages leave, how clients are answered, when the log is cut. */
final class DriverMutants {
  private static final String NODE = "node/Node";
  private static final String OUTGOING = "node/Outgoing";
  private static final String APPLY = "node/ApplyPath";
  private static final String READS = "node/Reads";
  private static final String CUT = "node/LogCut";

  private DriverMutants() {}

  static List<Mutant> all() {
    return List.of(
        full("AnswerBeforeTheSync", "what binds leaves when its record is durable")
            .in(
                OUTGOING,
                "binding.add(new Binding(appended, each));",
                "binding.add(new Binding(0, each));"),
        full("DurableByOneTooMany", "what binds leaves when its record is durable")
            .in(
                OUTGOING,
                "binding.peek().position() <= durable",
                "binding.peek().position() <= durable + 1"),
        directed("ReadBeforeItsPointIsApplied", "a read sees its read point")
            .in(
                READS,
                "known.isEmpty() || known.peek().point().isAfter(applied)",
                "known.isEmpty()"),
        directed(
                "AnswerToAnEarlierRequest",
                "only an answer to a request after the read holds for it")
            .in(READS, "if (answer.id() != id || asked.isEmpty()) {", "if (asked.isEmpty()) {"),
        directed(
                "ReadJoinsARequestUnderWay", "only a request that left after the read holds for it")
            .in(READS, "arrived.add(read);", "(asked.isEmpty() ? arrived : asked).add(read);"),
        full("LinearizableReadsAreLocal", "a linearizable read asks for a read point")
            .in(
                "node/ReadPath",
                "if (mode == ReadMode.LOCAL && availability.hasState()) {",
                "if (availability.hasState()) {"),
        full("SentIsReportedAsFailed", "rule 9: a command that was ever sent is answered unknown")
            .in(
                "node/Writes",
                "write.request().answer(new Answer.Unavailable(write.wasSent(), why));",
                "write.request().answer(new Answer.Unavailable(false, why));"),
        directed("ClosesWhatIsUnderWay", "rule 9: only answered or given up sequences are closed")
            .in(
                "node/Writes",
                "encoder.putPut(id, write.sequence(), underWay.lowestOpen(), put.key(), put.value());",
                "encoder.putPut(id, write.sequence(), write.sequence(), put.key(), put.value());"),
        full("WriteAnsweredWhenSent", "a write is answered when it is applied")
            .in(
                "node/Writes",
                "encode(write.get()); write.get().onSent(round, nowNanos);",
                "encode(write.get()); write.get().onSent(round, nowNanos); write.get().request().answer(new Answer.Written(1)); underWay.remove(write.get().sequence());"),
        directed("WritesAreSentOnce", "a write that may be lost is sent again")
            .in("node/Writes", "round++; unsent = underWay.lowestOpen();", "round++;")
            .in("node/Writes", "unsent = sequence; return;", "return;"),
        full("CutBeforeTheSnapshotIsDurable", "rule 7")
            .in(
                "node/OwnSnapshots",
                "StoreView view = store.view(); Slot slot = view.slot();",
                "StoreView view = store.view(); Slot slot = view.slot(); logCut.cutTo(slot);")
            .in(CUT, "private void cutTo(Slot cut) {", "void cutTo(Slot cut) {"),
        full("CutAtTheAppliedSlot", "rule 7: the log is cut behind the snapshot")
            .in(CUT, "cutTo(Slot.min(cut, neededByOthers()));", "cutTo(store.applied());"),
        directed(
                "AppliesBehindADamagedSnapshot", "what is chosen is applied to the state before it")
            .in(
                APPLY,
                "lacksSnapshot = applied().isBefore(paxos.cut());",
                "lacksSnapshot = false;"),
        full("InstalledWithoutTheProtocol", "a snapshot takes the place of the log")
            .in(
                "node/SnapshotFetcher",
                "step.accept( new Input.SnapshotInstalled(slot, restored.info().membership(), restored.info().version()));",
                ";"),
        full("SyncAgeSinceTheLastSync", "rule 17: the age of the oldest write that waits")
            .in(NODE, "log.syncAgeNanos(now)", "now"),
        directed("SyncAgeNeverGrows", "rule 17: a coordinator whose disk hangs steps down")
            .in(NODE, "log.syncAgeNanos(now)", "0"));
  }
}
