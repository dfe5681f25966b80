package io.synod.mutants;

import static io.synod.mutants.Mutant.directed;
import static io.synod.mutants.Mutant.light;

import java.util.List;

/** Defects of the election, of ballots, and of going on when messages are lost. */
final class ElectionMutants {
  private static final String ELECTION = "paxos/Election";

  private ElectionMutants() {}

  static List<Mutant> all() {
    return List.of(
        light("BallotTakenNotJournaled", "a ballot is never used again")
            .in(ELECTION, "effects.record(new JournalRecord.BallotTaken(taken));", ""),
        light("BallotOfAnEarlierRun", "a ballot is never used again")
            .in(ELECTION, "this.taken = taken;", "this.taken = Ballot.LOWEST;")
            .in(
                ELECTION,
                "this.followed = Ballot.max(roles.acceptor().promised(), taken);",
                "this.followed = Ballot.LOWEST;"),
        light("DeadCoordinatorIsHeard", "rule 19: silence counts as gone")
            .in(
                "paxos/Peer",
                "if (heard && nowNanos - heardAtNanos >= timeoutNanos) {",
                "if (false) {"),
        directed("ContentWithoutAQuorum", "a coordinator that hears no quorum steps down")
            .in(ELECTION, "? peers.isQuorumFollowing(acting.get())", "? true"),
        directed("ContentWithAnyone", "rule 16: content at the highest ballot known only")
            .in(ELECTION, "&& standing.acting().get().equals(ballot);", ";"),
        directed("OrphanPromiseIgnored", "rule 22")
            .in(
                "paxos/OwnBallot",
                "if (orphan.isPresent()",
                "if (orphan.isPresent() && orphan.isEmpty()"),
        directed("ProposalsNotRepeated", "lost messages are sent again")
            .in("paxos/Delivery", "if (of.resendAtNanos() <= nowNanos) {", "if (false) {"),
        directed("NothingIsFetched", "a server that is behind catches up")
            .in(
                "paxos/Learner",
                "if ((far || lasting) && (!fetching || lost) && source.isPresent()) {",
                "if (false) {"),
        directed("FetchNeverRepeated", "a lost Fetch is sent again")
            .in("paxos/Learner", "&& (!fetching || lost)", "&& !fetching"),
        light("SnapshotNotAskedFor", "a server behind the cut catches up")
            .in("paxos/Learner", "if (!snapshotAsked) {", "if (false) {"),
        directed("CandidateNeverGivesUp", "rule 16")
            .in(
                "paxos/OwnBallot",
                "private static final int CAMPAIGN_TIMEOUTS = 4;",
                "private static final int CAMPAIGN_TIMEOUTS = 1_000_000;"));
  }
}
