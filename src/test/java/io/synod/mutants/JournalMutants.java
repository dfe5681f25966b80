package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.full;

import java.util.List;

/** Defects of the journal and of its recovery. */
final class JournalMutants {
  private static final String WRITER = "journal/LogWriter";
  private static final String RECOVERY = "journal/Recovery";
  private static final String STATE = "journal/JournalState";
  private static final String FOLD = "journal/Fold";

  private JournalMutants() {}

  static List<Mutant> all() {
    return List.of(
        full("CommitWithoutSync", "durable means synced")
            .in(
                WRITER,
                "current.file().sync(); synced = bufferAt; if (promisesDue) {",
                "synced = bufferAt; if (promisesDue) {"),
        full("RecoveredTailNotRewritten", "rule 2")
            .in(RECOVERY, "if (!durable) {", "if (held.at().segment() >= kept.size()) {"),
        full("FreshSegmentNotSynced", "rule 2: what was recovered is synced first")
            .in(
                "journal/FreshSegment",
                "file.write(0, buffer.flip()); file.sync();",
                "file.write(0, buffer.flip());")
            .in(
                "journal/FreshSegment",
                "writer.flush(); file.sync(); disk.syncDirectory();",
                "writer.flush(); disk.syncDirectory();"),
        full("HeaderWithoutPromise", "a promise outlives its segment")
            .in(
                STATE,
                "RecordFormat.putBallot(promised, out);",
                "RecordFormat.putBallot(Ballot.LOWEST, out);"),
        full("HeaderWithoutBallotTaken", "a ballot taken outlives its segment")
            .in(
                STATE,
                "RecordFormat.putBallot(ballotTaken, out);",
                "RecordFormat.putBallot(Ballot.LOWEST, out);"),
        core("UnknownIsNothing", "rule 3: unknown never counts as accepted nothing")
            .in(
                "paxos/Promises",
                "&& !(report.unknown.isPresent() && report.unknown.get().contains(slot))",
                ""),
        core("TornIsNothing", "rule 4")
            .in(
                "paxos/Promises",
                "&& (everyVoter || !(report.torn.isPresent() && report.torn.get().contains(slot)));",
                ";"),
        full("FramesOfAnEarlierUse", "rule 4: recycled segments hold valid old frames")
            .in("journal/SegmentScan", "(use == 0 || Frame.use(bytes, at) == use)", "true"),
        full("FirstAcceptanceWins", "the last record of a slot counts")
            .in(
                FOLD,
                "accepted.put(value.slot().number(), new Held(value, at));",
                "accepted.putIfAbsent(value.slot().number(), new Held(value, at));"),
        full("SegmentsDroppedBehindTheChosen", "rule 7: the journal is cut behind the cut only")
            .in(
                WRITER,
                "before.peekFirst().lastSlot() <= state.cut.number()",
                "before.peekFirst().lastSlot() <= state.chosen.number()"),
        full("RecoveryDropsTheLastSegment", "what was accepted is recovered")
            .in(
                RECOVERY,
                "int stay = fold.isDamaged() || renewed ? 0 : kept.size();",
                "int stay = fold.isDamaged() || renewed ? 0 : kept.size(); log = log.subList(0, Math.max(0, log.size() - 1));"));
  }
}
