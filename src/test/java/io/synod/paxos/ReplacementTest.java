package io.synod.paxos;

import static io.synod.paxos.MembershipTest.assertDone;
import static io.synod.paxos.MembershipTest.assertRefused;
import static io.synod.paxos.MembershipTest.change;
import static io.synod.paxos.MembershipTest.id;
import static io.synod.paxos.MembershipTest.membership;
import static io.synod.paxos.MembershipTest.role;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One server takes another's place. */
class ReplacementTest {
  private static final long MILLI = CoreCluster.MILLI;

  private static void assertReplaces(CoreCluster cluster, int left, int joined) {
    assertDone(change(cluster, new MembershipChange.Replace(id(left), cluster.joining(joined))));
    cluster.runUntil(
        "replaced",
        () ->
            cluster.coordinator().equals(Optional.of(joined))
                && membership(cluster).member(id(left)).isEmpty());
    Member now = membership(cluster).member(id(joined)).orElseThrow();
    assertEquals(Member.Role.VOTER, now.role());
    assertEquals(Optional.empty(), now.replaces());
    cluster.run(500 * MILLI);
    cluster.kill(left);
    cluster.propose(joined, "after");
    cluster.runUntil("a write", () -> cluster.texts(joined).contains("after"));
    cluster.checkAgreement();
  }

  @Test
  void theOnlyServerCanBeReplaced() {
    CoreCluster cluster = new CoreCluster(1, 1);
    cluster.propose(cluster.elect(), "before");
    assertReplaces(cluster, 0, 1);
    assertEquals(List.of("before", "after"), cluster.texts(1));
  }

  @Test
  void theOnlyVoterBesideAWitnessCanBeReplaced() {
    CoreCluster cluster = CoreCluster.withWitness(2, 1, 1);
    assertEquals(0, cluster.elect());
    assertReplaces(cluster, 0, 2);
    assertEquals(2, membership(cluster).voters());
  }

  /** It stays until one that is to replace it is there: without the witness no quorum would be. */
  @Test
  void theOnlyVoterStaysWhileTheWitnessThatIsToVoteWithItsSuccessorIsAway() {
    CoreCluster cluster = CoreCluster.withWitness(2, 1, 1);
    assertEquals(0, cluster.elect());
    cluster.drop(flight -> flight.message() instanceof Message.TakeOver);
    assertDone(change(cluster, new MembershipChange.Replace(id(0), cluster.joining(2))));
    cluster.runUntil("a vote", () -> role(cluster, 2) == Member.Role.VOTER);
    cluster.kill(1);
    cluster.drop(flight -> false);
    cluster.run(3_000 * MILLI);
    int coordinator = cluster.elect();
    assertEquals(3, membership(cluster).voters());
    cluster.propose(coordinator, "meanwhile");
    cluster.runUntil("a write", () -> cluster.texts(coordinator).contains("meanwhile"));
    cluster.restart(1);
    cluster.runUntil(
        "replaced",
        () -> cluster.coordinator().isPresent() && membership(cluster).member(id(0)).isEmpty());
  }

  /** The second would be a voter more that nobody asked for. */
  @Test
  void aPlaceHasOneSuccessor() {
    CoreCluster cluster = new CoreCluster(3, 2);
    int coordinator = cluster.elect();
    int left = (coordinator + 1) % 3;
    cluster.kill(3);
    MembershipChange byTheNext = new MembershipChange.Replace(id(left), cluster.joining(4));
    assertDone(change(cluster, new MembershipChange.Replace(id(left), cluster.joining(3))));
    assertRefused(ChangeAnswer.Reason.ALREADY_MEMBER, change(cluster, byTheNext));
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        change(cluster, new MembershipChange.Replace(id(3), cluster.joining(4))));
    assertDone(change(cluster, new MembershipChange.Remove(id(3))));
    assertDone(change(cluster, byTheNext));
    cluster.runUntil("replaced", () -> membership(cluster).member(id(left)).isEmpty());
    assertEquals(3, membership(cluster).voters());
  }

  @Test
  void whoIsAddedUnderTheIdOfOneThatWasToBeReplacedStays() {
    CoreCluster cluster = new CoreCluster(3, 1);
    int coordinator = cluster.elect();
    int left = (coordinator + 1) % 3;
    cluster.kill(3);
    assertDone(change(cluster, new MembershipChange.Replace(id(left), cluster.joining(3))));
    assertDone(change(cluster, new MembershipChange.Remove(id(left))));
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(left))));
    cluster.runUntil("a vote", () -> role(cluster, left) == Member.Role.VOTER);
    cluster.restart(3);
    cluster.runUntil("a vote", () -> role(cluster, 3) == Member.Role.VOTER);
    assertEquals(4, membership(cluster).voters());
  }

  @Test
  void theLastVoterCanBeReplacedBesideAStandby() {
    CoreCluster cluster = CoreCluster.withLastVoter(3, 1, 1);
    cluster.elect();
    cluster.kill(0);
    cluster.runUntil(
        "one that votes alone",
        () -> cluster.coordinator().isPresent() && membership(cluster).voters() == 1);
    assertReplaces(cluster, 1, 3);
    cluster.runUntil("the standby votes again", () -> role(cluster, 2) == Member.Role.VOTER);
  }
}
