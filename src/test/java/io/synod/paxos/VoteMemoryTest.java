package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * protocol-rules.md, 12: a directory that was rolled back is the same incarnation with forgotten
 * votes.
 */
class VoteMemoryTest {
  private static final long MILLI = CoreCluster.MILLI;

  private final CoreCluster cluster = new CoreCluster(3);
  private int coordinator;
  private int rolledBack;
  private int other;
  private int records;

  @BeforeEach
  void aServerThatVotedForMoreThanAnOldCopyOfItsDirectoryHolds() {
    coordinator = cluster.elect();
    rolledBack = (coordinator + 1) % 3;
    other = (coordinator + 2) % 3;
    cluster.propose(coordinator, "a");
    cluster.run(100 * MILLI);
    records = cluster.journal(rolledBack).size();
    cluster.propose(coordinator, "b");
    cluster.propose(coordinator, "c");
  }

  private ServerId id(int i) {
    return new ServerId(i);
  }

  private boolean says(int i, Class<? extends Notice> notice) {
    return cluster.notices(i).stream().anyMatch(notice::isInstance);
  }

  @Test
  void withoutThePeersMemoryAChosenValueWouldBeLost() {
    // "c" is chosen by the coordinator and the server that is rolled back; the third has not got
    // it.
    cluster.cutLink(coordinator, other);
    cluster.propose(coordinator, "d");
    assertTrue(cluster.texts(coordinator).contains("d"));
    cluster.rollBack(rolledBack, records);
    cluster.restart(rolledBack);
    cluster.run(100 * MILLI);
    cluster.cutLink(coordinator, rolledBack);
    cluster.run(3_000 * MILLI);
    assertTrue(cluster.core(rolledBack).isVoteless());
    assertFalse(cluster.core(other).isCoordinating());
    assertFalse(cluster.core(rolledBack).isCoordinating());
    cluster.healLinks();
    cluster.run(2_000 * MILLI);
    assertTrue(cluster.texts(other).containsAll(List.of("a", "b", "c", "d")));
    cluster.checkAgreement();
  }

  @Test
  void aServerThatForgotSaysWhyAndVotesNoMore() {
    cluster.rollBack(rolledBack, records);
    cluster.restart(rolledBack);
    cluster.run(50 * MILLI);
    assertTrue(says(rolledBack, Notice.VotesForgotten.class));
    assertTrue(cluster.journal(rolledBack).contains(new JournalRecord.VotesForgotten()));
    cluster.kill(other);
    cluster.propose(coordinator, "d");
    cluster.run(1_000 * MILLI);
    assertFalse(cluster.texts(coordinator).contains("d"), "chosen with a vote that was forgotten");
  }

  @Test
  void whatItLearnedBeforeTheOthersAnsweredHidesNothing() {
    cluster.rollBack(rolledBack, records);
    cluster.restart(rolledBack);
    cluster.drop(flight -> flight.message() instanceof Message.VotesSeen);
    cluster.run(100 * MILLI);
    assertTrue(cluster.texts(rolledBack).containsAll(List.of("a", "b", "c")));
    assertFalse(cluster.core(rolledBack).isVoteless());
    cluster.drop(flight -> false);
    cluster.run(100 * MILLI);
    assertTrue(says(rolledBack, Notice.VotesForgotten.class));
    assertTrue(cluster.core(rolledBack).isVoteless());
  }

  @Test
  void itJoinsAgainAsANewIncarnationAndKeepsWhatIsChosen() {
    cluster.rollBack(rolledBack, records);
    cluster.restart(rolledBack);
    cluster.run(50 * MILLI);
    cluster.renew(rolledBack);
    cluster.drop(flight -> true);
    cluster.restart(rolledBack);
    assertTrue(cluster.texts(rolledBack).contains("a"), "kept, not fetched");
    cluster.drop(flight -> false);
    cluster.run(1_500 * MILLI);
    assertEquals(List.of("a", "b", "c"), cluster.texts(rolledBack));
    assertTrue(
        cluster
            .core(coordinator)
            .membership()
            .membership()
            .isVoter(id(rolledBack), cluster.incarnation(rolledBack)));
    cluster.kill(other);
    cluster.propose(coordinator, "d");
    cluster.run(100 * MILLI);
    assertEquals(List.of("a", "b", "c", "d"), cluster.texts(rolledBack));
    cluster.checkAgreement();
  }

  @Test
  void peersRememberAcrossARestartOfTheirOwn() {
    cluster.run(CoreCluster.ELECTION_TIMEOUT + 100 * MILLI);
    cluster.rollBack(rolledBack, records);
    cluster.kill(other);
    cluster.kill(coordinator);
    cluster.restart(other);
    cluster.restart(coordinator);
    cluster.restart(rolledBack);
    cluster.run(100 * MILLI);
    assertTrue(cluster.core(rolledBack).isVoteless());
  }

  @Test
  void aServerThatForgotNothingVotesAsSoonAsAllHaveAnswered() {
    cluster.kill(rolledBack);
    cluster.restart(rolledBack);
    cluster.run(10 * MILLI);
    cluster.kill(other);
    cluster.propose(coordinator, "d");
    cluster.run(300 * MILLI);
    assertTrue(cluster.texts(coordinator).contains("d"));
    assertFalse(cluster.core(rolledBack).isVoteless());
  }

  @Test
  void aServerThatIsAwayHoldsTheVoteUpForHalfAnElectionTimeoutAtMost() {
    cluster.kill(other);
    cluster.kill(rolledBack);
    cluster.restart(rolledBack);
    Ballot before = cluster.core(rolledBack).promised();
    Ballot higher = new Ballot(before.round() + 10, id(coordinator));
    Input prepare =
        new Input.Received(
            id(coordinator),
            cluster.incarnation(coordinator),
            new Message.Prepare(higher, Slot.of(1)));
    cluster.run(200 * MILLI);
    cluster.step(rolledBack, prepare);
    assertEquals(before, cluster.core(rolledBack).promised());
    cluster.run(100 * MILLI);
    cluster.step(rolledBack, prepare);
    assertEquals(higher, cluster.core(rolledBack).promised());
  }

  @Test
  void aCandidateCountsNoPromiseThatReportsLessThanItSaw() {
    // The questions of the one that was rolled back get lost: only its promise can show it.
    cluster.rollBack(rolledBack, records);
    cluster.restart(rolledBack);
    cluster.drop(
        flight ->
            flight.message() instanceof Message.VotesSeen
                || flight.message() instanceof Message.Fetched
                || flight.message() instanceof Message.Propose
                || (flight.message() instanceof Message.Ping ping && ping.chosen().isPresent()));
    cluster.run(300 * MILLI);
    Ballot acting = cluster.core(coordinator).followed();
    cluster.step(
        coordinator,
        new Input.Received(
            id(other),
            cluster.incarnation(other),
            new Message.Refused(acting, acting.next(id(other)))));
    cluster.run(300 * MILLI);
    assertTrue(says(coordinator, Notice.PeerForgot.class), cluster.notices(coordinator)::toString);
  }

  @Test
  void whatAnEarlierLifeVotedIsHeldAgainstNobody() {
    Optional<Incarnation> before = Optional.of(cluster.incarnation(rolledBack));
    cluster.wipe(rolledBack);
    cluster.restart(rolledBack);
    cluster.run(1_500 * MILLI);
    assertFalse(before.equals(Optional.of(cluster.incarnation(rolledBack))));
    assertFalse(says(rolledBack, Notice.VotesForgotten.class));
    assertTrue(
        cluster
            .core(coordinator)
            .membership()
            .membership()
            .isVoter(id(rolledBack), cluster.incarnation(rolledBack)));
  }
}
