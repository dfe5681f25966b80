package io.synod.mutants;

import static io.synod.mutants.Mutant.core;

import java.util.List;

/**
 * Changes that nobody can tell from the original.
 *
 * <p>ReportPartsOutOfOrder: a part of a report that begins behind a gap. A candidate asks an
 * acceptor from the slot after what it has of its report, which never goes back, and an acceptor
 * answers from there, or from behind its chosen prefix, which it says: so no part of a report at
 * the same ballot begins behind a gap, however late it comes. The condition guards against an
 * acceptor that is not correct.
 */
final class EquivalentMutants {
  private EquivalentMutants() {}

  static List<Mutant> all() {
    return List.of(
        core("ReportPartsOutOfOrder", "P2c: a lost part of a report is missed")
            .in(
                "paxos/Promises",
                "if (!value.slot().isAfter(Slot.max(report.until, report.chosen).next())) {",
                "if (true) {"));
  }
}
