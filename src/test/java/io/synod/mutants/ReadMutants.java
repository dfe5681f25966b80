package io.synod.mutants;

import static io.synod.mutants.Mutant.core;
import static io.synod.mutants.Mutant.light;

import java.util.List;

/** Defects of linearizable reads. */
final class ReadMutants {
  private static final String COORDINATOR = "paxos/Coordinator";

  private ReadMutants() {}

  static List<Mutant> all() {
    return List.of(
        core("ReadWithoutARound", "a read point is confirmed by a quorum")
            .in(
                COORDINATOR,
                "if (!reads.isRunning() || !isConfirmed(reads.round())) {",
                "if (!reads.isRunning()) {"),
        core("ReadConfirmedByEarlierPings", "a round begins after the read arrived")
            .in(COORDINATOR, "&& peer.answered() >= pingNumber", ""),
        light("ReadJoinsARunningRound", "a round confirms only what arrived before it began")
            .in(
                "paxos/Reads",
                "void add(Waiting read) { next.add(read); }",
                "void add(Waiting read) { (running.isEmpty() ? next : running).add(read); }"),
        light("ReadPointStays", "a read point is the chosen prefix when the round begins")
            .in(
                "paxos/Reads",
                "point = chosen;",
                "point = point.equals(Slot.ZERO) ? chosen : point;"),
        core("ReadBeforeTheOwnBarrier", "a read point counts only once the own value is chosen")
            .in(
                COORDINATOR,
                "if (phase != Phase.COORDINATING) { refuse(List.of(read));",
                "if (phase == Phase.PREPARING) { refuse(List.of(read));")
            .in(
                "paxos/Paxos",
                "if (message instanceof Message.ReadPointRequest request && !isCoordinating()) {",
                "if (message instanceof Message.ReadPointRequest request && coordinator.isEmpty()) {"),
        core("DeposedCoordinatorReads", "rule 5: a Pong with a higher promise confirms nothing")
            .in(COORDINATOR, "&& !peer.promised().isAbove(ballot))", ")"),
        core("NoReportedPromiseCounts", "rule 5, with the coordinator's own vote too")
            .in(COORDINATOR, "&& !peer.promised().isAbove(ballot))", ")")
            .in(COORDINATOR, "return !acceptor.promised().isAbove(ballot);", "return true;"));
  }
}
