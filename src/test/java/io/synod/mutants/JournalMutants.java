package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.directed;
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
                "current.file().sync(); synced = bufferAt; if (promises.isDamaged()) {",
                "synced = bufferAt; if (promises.isDamaged()) {"),
        directed(
                "SegmentLeftUnsynced",
                "a segment is durable to its end before the next one says so")
            .in(
                WRITER,
                "current.file().sync(); current.file().close();",
                "current.file().close();"),
        directed("CommitSaysMoreThanWasWritten", "durable means written")
            .in(
                WRITER,
                "int bytes = buffer.position(); if (bytes == 0) {",
                "int bytes = buffer.position(); if (bytes < 64) {"),
        full("RecoveredTailNotRewritten", "rule 2")
            .in(RECOVERY, "if (!durable) {", "if (held.at().segment() >= kept.size()) {"),
        directed("RecoveredTakenForSynced", "rule 2")
            .in(
                "journal/SegmentScan",
                "return new SegmentScan(bytes, frames, gaps, synced, at, torn, List.of());",
                "return new SegmentScan(bytes, frames, gaps, at, at, torn, List.of());"),
        full("FreshSegmentNotSynced", "rule 2: what was recovered is synced first")
            .in(
                "journal/FreshSegment",
                "file.write(0, buffer.flip()); file.sync();",
                "file.write(0, buffer.flip());")
            .in(
                "journal/FreshSegment",
                "writer.flush(); file.sync(); disk.syncDirectory();",
                "writer.flush(); disk.syncDirectory();"),
        directed("PromiseFilesNotWritten", "rule 3: the promise is kept outside the log too")
            .in(
                WRITER,
                "promises.write(place.use(), synced, header()); promisesDue = false;",
                "promisesDue = false;"),
        full("NewFileWithoutDirectorySync", "a file is durable when its directory is synced")
            .in(
                "journal/FreshSegment",
                "writer.flush(); file.sync(); disk.syncDirectory();",
                "writer.flush(); file.sync();")
            .in(
                RECOVERY,
                "promises.write(start.use(), start.end(), fresh.header()); disk.syncDirectory();",
                "promises.write(start.use(), start.end(), fresh.header());"),
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
        directed("LostPromiseNotNoticed", "rule 3: without its promise a server casts no vote")
            .in(RECOVERY, "fold.state.promiseLost = true;", ""),
        directed("DamageIsNothing", "rule 3: a damaged range is unknown")
            .in(RECOVERY, "fold.damage(gap.to() - gap.from(), gap.from() < recoveredEnd);", ""),
        core("UnknownIsNothing", "rule 3: unknown never counts as accepted nothing")
            .in(
                "paxos/Promises",
                "&& !(report.unknown.isPresent() && report.unknown.get().contains(slot))",
                ""),
        directed(
                "WrittenAgainIsChosen",
                "rule 3: what a recovery wrote again stands behind its header")
            .in(FOLD, "writtenAgain ? chosenBeforeHeader : state.chosen", "state.chosen"),
        directed("UnknownEndsTooEarly", "rule 3: the range ends where nothing could have stood")
            .in(FOLD, "lostSlots += slots; bound += slots;", "lostSlots += slots;"),
        core("TornIsNothing", "rule 4")
            .in(
                "paxos/Promises",
                "&& (everyVoter || !(report.torn.isPresent() && report.torn.get().contains(slot)));",
                ";"),
        directed("TornTailNotReported", "rule 4")
            .in(RECOVERY, "if (last && scan.torn()) {", "if (false) {"),
        directed("ChosenKeptAcrossDamage", "what was chosen may be a lost value")
            .in(FOLD, "state.chosen = Slot.max(state.cut, Slot.min(state.chosen, chosen));", ""),
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
