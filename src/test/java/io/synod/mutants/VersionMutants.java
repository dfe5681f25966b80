package io.synod.mutants;

import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.full;

import java.util.List;

/** Defects of versions: protocol-rules.md, 15. */
final class VersionMutants {
  private static final String UPGRADE = "paxos/Upgrade";

  private VersionMutants() {}

  static List<Mutant> all() {
    return List.of(
        full("UpgradedWithoutOneMember", "rule 15: all members support the version")
            .in(
                UPGRADE,
                "int common = Integer.MAX_VALUE;",
                "int common = heldUp().map(UpgradeHeldUp::version).orElse(Integer.MAX_VALUE);")
            .in(
                UPGRADE,
                "common = Math.min(common, supported",
                "common = common < 100 ? common : Math.min(common, supported")
            .in(UPGRADE, "&& without(common).isEmpty()", ""),
        directed("UpgradedWithoutTheAbsent", "rule 15: one that is away may come back as it was")
            .in(
                "paxos/Peers",
                "return isHeard(member) ? standingOf(member).map(Standing::supported) : Optional.empty();",
                "return standingOf(member).map(Standing::supported);"),
        directed("JoinsWithAnOlderProgram", "rule 15: who cannot apply the log does not join")
            .in(
                "paxos/ChangePlan",
                "return supported.includes(version.number())",
                "return supported.includes(1)"),
        full("VersionFromTheSlotBefore", "rule 15: in force behind the slot that decided it")
            .in(
                "paxos/VersionInForce",
                "? new VersionInForce(slot, version.number())",
                "? new VersionInForce(slot.previous(), version.number())"),
        directed("LowerVersionTakesOver", "rule 15: the version in force only grows")
            .in("paxos/VersionInForce", "&& version.number() > number", ""),
        full("VersionForgottenBySnapshots", "rule 15: a snapshot carries the version in force")
            .in("store/KeyValueStore", "behaviour.goOnFrom(info.version());", "")
            .in(
                "store/KeyValueStore",
                "Check.that(hash() == info.hash(), \"a snapshot restored whole has its hash\");",
                ""),
        full("VersionOfASnapshotUnknownToTheProtocol", "rule 15: a snapshot brings its version")
            .in("paxos/Learner", "version = inForce; memberships.clear();", "memberships.clear();"),
        directed("AppliesByAVersionThatItDoesNotKnow", "rule 15: it stops at that slot")
            .in("store/Behaviour", "if (!supported.includes(inForce.number())) {", "if (false) {"));
  }
}
