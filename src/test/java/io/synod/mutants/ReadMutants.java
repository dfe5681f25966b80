package io.synod.mutants;

import static io.synod.mutants.Mutant.light;

import java.util.List;

/** Defects of linearizable reads. */
final class ReadMutants {

  private ReadMutants() {}

  static List<Mutant> all() {
    return List.of(
        light("ReadJoinsARunningRound", "a round confirms only what arrived before it began")
            .in(
                "paxos/Reads",
                "void add(Waiting read) { next.add(read); }",
                "void add(Waiting read) { (running.isEmpty() ? next : running).add(read); }"),
        light("ReadPointStays", "a read point is the chosen prefix when the round begins")
            .in(
                "paxos/Reads",
                "point = chosen;",
                "point = point.equals(Slot.ZERO) ? chosen : point;"));
  }
}
