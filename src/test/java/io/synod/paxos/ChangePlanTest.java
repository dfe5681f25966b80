package io.synod.paxos;

import static io.synod.paxos.MembershipTest.assertDone;
import static io.synod.paxos.MembershipTest.assertRefused;
import static io.synod.paxos.MembershipTest.change;
import static io.synod.paxos.MembershipTest.id;
import static io.synod.paxos.MembershipTest.membership;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What a change says beforehand of what will be once learners have their votes. */
class ChangePlanTest {
  private static final long MILLI = CoreCluster.MILLI;

  private static Outlook plan(CoreCluster cluster, MembershipChange change) {
    ChangeAnswer answer = cluster.plan(cluster.elect(), change);
    return assertInstanceOf(ChangeAnswer.Planned.class, answer).outlook();
  }

  /** Cut off from all but the pings: it is heard, and does not catch up. */
  private static void keepBehind(CoreCluster cluster, int server) {
    cluster.drop(
        flight ->
            flight.to().equals(id(server))
                && !(flight.message() instanceof Message.Ping
                    || flight.message() instanceof Message.Pong));
  }

  @Test
  void aFourthServerWillBeAFourthVoter() {
    CoreCluster cluster = new CoreCluster(3, 1);
    MembershipChange add = new MembershipChange.Add(cluster.joining(3));
    Outlook outlook = new Outlook(4, 3, 1, List.of(id(3)));
    assertEquals(outlook, plan(cluster, add));
    ChangeAnswer done = change(cluster, add);
    assertEquals(outlook, assertInstanceOf(ChangeAnswer.Done.class, done).outlook());
    cluster.runUntil("a vote", () -> membership(cluster).voters() == outlook.voters());
    assertEquals(outlook.quorum(), membership(cluster).quorum());
  }

  @Test
  void whoIsDownCountsAmongTheVotersAndNotAmongTheSpare() {
    CoreCluster cluster = new CoreCluster(3, 1);
    int coordinator = cluster.elect();
    int down = (coordinator + 1) % 3;
    cluster.kill(down);
    cluster.run(600 * MILLI);
    assertEquals(
        new Outlook(4, 3, 0, List.of(id(3))),
        plan(cluster, new MembershipChange.Add(cluster.joining(3))));
    assertEquals(
        new Outlook(2, 2, 0, List.of()), plan(cluster, new MembershipChange.Remove(id(down))));
  }

  /** Of two witnesses and a store only a witness may fail, and that one is not known before. */
  @Test
  void aWitnessInTheLastPlaceButOneOfAStoreLeavesNoneToSpare() {
    CoreCluster cluster = CoreCluster.withWitness(3, 1, 2);
    int other = 1 - cluster.elect();
    Member witness = cluster.joining(3).withRole(Member.Role.WITNESS);
    assertEquals(
        new Outlook(3, 2, 0, List.of(id(3))),
        plan(cluster, new MembershipChange.Replace(id(other), witness)));
    assertEquals(
        new Outlook(3, 2, 1, List.of(id(3))),
        plan(cluster, new MembershipChange.Replace(id(other), cluster.joining(3))));
  }

  @Test
  void aLearnerThatWillVoteAsAWitnessIsNotLeftTheOnlyOneThatVotes() {
    CoreCluster cluster = CoreCluster.withWitness(2, 1, 2);
    int coordinator = cluster.elect();
    Member witness = cluster.joining(2).withRole(Member.Role.WITNESS);
    keepBehind(cluster, 2);
    for (int i = 0; i < 100; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    assertDone(change(cluster, new MembershipChange.Replace(id(coordinator), witness)));
    cluster.run(200 * MILLI);
    ChangeAnswer removed = change(cluster, new MembershipChange.Remove(id(1 - coordinator)));
    assertRefused(ChangeAnswer.Reason.WOULD_LOSE_QUORUM, removed);
    assertTrue(
        removed.toString().contains("once server 2 votes: only witnesses"), removed::toString);
  }

  @Test
  void aDryRunIsRefusedAsTheChangeIs() {
    CoreCluster cluster = CoreCluster.withWitness(3, 1, 2);
    int coordinator = cluster.elect();
    keepBehind(cluster, 1 - coordinator);
    for (int i = 0; i < 100; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(100 * MILLI);
    MembershipChange leave = new MembershipChange.Remove(id(coordinator));
    assertRefused(ChangeAnswer.Reason.WOULD_LOSE_QUORUM, cluster.plan(coordinator, leave));
    assertRefused(ChangeAnswer.Reason.WOULD_LOSE_QUORUM, cluster.change(coordinator, leave));

    cluster.holdDisk(coordinator);
    MembershipChange add = new MembershipChange.Add(cluster.joining(3));
    cluster.step(coordinator, new Input.ChangeRequested(100, add, false));
    assertRefused(ChangeAnswer.Reason.UNDER_WAY, cluster.plan(coordinator, add));
  }
}
