package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How a witness becomes a member, and what operators may do with it (protocol-rules.md, 13). */
class WitnessTest {
  private static final long MILLI = CoreCluster.MILLI;
  private static final int WITNESS = 2;

  private static Member.Role role(CoreCluster cluster, int i) {
    return cluster.core(0).membership().membership().member(new ServerId(i)).orElseThrow().role();
  }

  private static ChangeAnswer change(CoreCluster cluster, MembershipChange change) {
    return cluster.change(cluster.elect(), change);
  }

  private static String refusal(ChangeAnswer answer) {
    return answer instanceof ChangeAnswer.Refused refused ? refused.why() : answer.toString();
  }

  private static Member joining(CoreCluster cluster) {
    return cluster.joining(WITNESS).withRole(Member.Role.WITNESS);
  }

  @Test
  void aListedWitnessIsFoundedAsOne() {
    CoreCluster cluster = CoreCluster.withWitness(3, 0, WITNESS);
    int coordinator = cluster.elect();
    assertTrue(coordinator != WITNESS);
    assertEquals(Member.Role.WITNESS, role(cluster, WITNESS));
    assertEquals(Member.Role.VOTER, role(cluster, 1));
  }

  @Test
  void anAddedWitnessIsALearnerUntilItHoldsTheLogAndThenVotes() {
    CoreCluster cluster = CoreCluster.withWitness(2, 1, WITNESS);
    int coordinator = cluster.elect();
    ChangeAnswer added = change(cluster, new MembershipChange.Add(joining(cluster)));
    assertTrue(added instanceof ChangeAnswer.Done, added::toString);
    Membership first = ((ChangeAnswer.Done) added).inForce().membership();
    assertEquals(Member.Role.LEARNER, first.member(new ServerId(WITNESS)).orElseThrow().role());
    cluster.run(2_000 * MILLI);
    assertEquals(Member.Role.WITNESS, role(cluster, WITNESS));
    assertEquals(2, cluster.core(coordinator).membership().membership().quorum());
  }

  @Test
  void aWitnessIsNeitherDemotedNorHandedTheBallot() {
    CoreCluster cluster = CoreCluster.withWitness(3, 0, WITNESS);
    int coordinator = cluster.elect();
    String why = refusal(change(cluster, new MembershipChange.Demote(new ServerId(WITNESS))));
    assertTrue(why.contains("remove it instead"), why);
    String moved = refusal(cluster.handOver(coordinator, Optional.of(new ServerId(WITNESS))));
    assertTrue(moved.contains("never coordinates"), moved);
  }

  @Test
  void witnessesAloneAreNeverLeftWithVotes() {
    CoreCluster cluster = CoreCluster.withWitness(2, 1, WITNESS);
    int coordinator = cluster.elect();
    int other = 1 - coordinator;
    ChangeAnswer removed = change(cluster, new MembershipChange.Remove(new ServerId(other)));
    assertTrue(removed instanceof ChangeAnswer.Done, removed::toString);
    ServerId last = new ServerId(coordinator);
    String why = refusal(change(cluster, new MembershipChange.Replace(last, joining(cluster))));
    assertTrue(why.contains("cannot take the place of the last voter"), why);
    Object unused = change(cluster, new MembershipChange.Add(joining(cluster)));
    cluster.run(2_000 * MILLI);
    String gone = refusal(change(cluster, new MembershipChange.Demote(last)));
    assertTrue(gone.contains("only witnesses would have votes"), gone);
  }

  /** Of two that differ nobody knows which is right, whatever votes beside them. */
  @Test
  void hashesAreComparedAmongThoseThatHaveAState() {
    CoreCluster cluster = CoreCluster.withWitness(3, 0, WITNESS);
    Object unused = cluster.elect();
    Membership membership = cluster.core(0).membership().membership();
    Effects effects = new Effects();
    StateComparison states = new StateComparison(cluster.settings(0), effects);
    Slot slot = Slot.of(64);
    states.onOwn(new StateHash(slot, 1), membership);
    states.onPeer(
        new Life(new ServerId(1), cluster.incarnation(1)),
        List.of(new StateHash(slot, 2)),
        membership);
    assertEquals(Optional.of(slot), states.disputed());
    assertFalse(states.isDiverged());
  }
}
