package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Rules that are easy to miss, each as the execution that goes wrong without it; numbers are those
 * of the rules.
 */
class RulesTest {
  private static final long MILLI = CoreCluster.MILLI;

  /** Rule 1: a chosen prefix makes nothing chosen where what was accepted bears another ballot. */
  @Test
  void aChosenPrefixHoldsOnlyForValuesOfItsBallot() {
    Effects effects = new Effects();
    CoreCluster cluster = new CoreCluster(3);
    cluster.elect();
    Ballot old = new Ballot(50, new ServerId(1));
    Ballot newer = new Ballot(51, new ServerId(2));
    Acceptor acceptor = new Acceptor(cluster.settings(0), effects, Recovered.nothing());
    Learner learner = new Learner(cluster.settings(0), effects, acceptor);
    learner.open(cluster.core(0).membership());
    acceptor.onPropose(
        new ServerId(1),
        new Message.Propose(old, Slot.of(1), List.of(CoreCluster.batch("x")), Slot.ZERO));
    learner.onChosenPrefix(new ChosenPrefix(newer, Slot.of(1)));
    assertEquals(Slot.ZERO, learner.chosen());
    learner.onChosenPrefix(new ChosenPrefix(old, Slot.of(1)));
    assertEquals(Slot.of(1), learner.chosen());
  }

  /** Rule 5: votes of another life of a member do not count. */
  @Test
  void aWipedServerHasNoVoteUntilTheLogNamesItsNewLife() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int wiped = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    cluster.propose(coordinator, "a");
    cluster.kill(other);
    cluster.wipe(wiped);
    cluster.restart(wiped);
    cluster.propose(coordinator, "b");
    cluster.run(2_000 * MILLI);
    assertFalse(cluster.texts(coordinator).contains("b"), "chosen with the vote of a lost disk");
    cluster.restart(other);
    cluster.run(200 * MILLI);
    cluster.elect();
    cluster.checkAgreement();
  }

  /**
   * A lost disk: the log replaces the old life by the new one, as a learner first, and then gives
   * it its vote.
   */
  @Test
  void aWipedServerGetsItsVoteBackThroughTheLog() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int wiped = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    cluster.propose(coordinator, "a");
    cluster.wipe(wiped);
    cluster.restart(wiped);
    cluster.run(1_500 * MILLI);
    assertEquals(List.of("a"), cluster.texts(wiped));
    assertTrue(
        cluster
            .core(coordinator)
            .membership()
            .membership()
            .isVoter(new ServerId(wiped), cluster.incarnation(wiped)));
    cluster.kill(other);
    cluster.propose(coordinator, "b");
    cluster.run(100 * MILLI);
    assertEquals(List.of("a", "b"), cluster.texts(wiped));
    cluster.checkAgreement();
  }

  /** Rule 5: a Pong to a ping that this run of the coordinator did not send confirms no read. */
  @Test
  void aReadIsNotConfirmedByAnswersToAnEarlierRun() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    cluster.drop(flight -> true);
    for (long number : new long[] {1, 500, Long.MAX_VALUE}) {
      for (int i = 0; i < 3; i++) {
        if (i != coordinator) {
          Paxos other = cluster.core(i);
          Standing standing =
              cluster.core(coordinator).peers().iterator().next().standing().orElseThrow();
          cluster.step(
              coordinator,
              new Input.Received(
                  new ServerId(i),
                  cluster.incarnation(i),
                  new Message.Pong(number, standing, other.promised(), other.chosen())));
        }
      }
    }
    cluster.step(coordinator, new Input.ReadsWaiting(1, false));
    assertEquals(List.of(), cluster.readAnswers(coordinator));
  }

  /**
   * Rule 14: what a peer claims is bounded, or a candidate would walk through its slots for ever.
   */
  @Test
  void aPromiseOfSlotsFarAheadIsRefused() {
    CoreCluster cluster = new CoreCluster(3);
    cluster.drop(flight -> flight.message() instanceof Message.Promise);
    cluster.run(3_000 * MILLI);
    Ballot ballot = cluster.core(0).followed();
    int candidate = ballot.server().number();
    Optional<SlotRange> all = Optional.of(new SlotRange(new Slot(1), new Slot(1L << 61)));
    for (int i = 0; i < 3; i++) {
      if (i != candidate) {
        cluster.step(
            candidate,
            new Input.Received(
                new ServerId(i),
                cluster.incarnation(i),
                new Message.Promise(
                    ballot,
                    Slot.ZERO,
                    Slot.ZERO,
                    List.of(),
                    Slot.ZERO,
                    Slot.ZERO,
                    all,
                    Optional.empty())));
      }
    }
    assertTrue(
        cluster.notices(candidate).stream().anyMatch(Notice.PeerMisbehaved.class::isInstance));
    cluster.drop(flight -> false);
    cluster.propose(cluster.elect(), "a");
    cluster.run(100 * MILLI);
    assertEquals(List.of("a"), cluster.texts(0));
  }

  /** Rule 14: one that names a ballot that nobody could go above would end all elections. */
  @Test
  void aBallotFarAboveAllOthersIsRefusedInWhateverItComes() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    cluster.propose(coordinator, "a");
    cluster.run(100 * MILLI);
    int follower = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    Paxos core = cluster.core(follower);
    Ballot far = new Ballot(1L << 40, new ServerId(other));
    Slot next = core.chosen().next();
    List<AcceptedValue> values =
        List.of(new AcceptedValue(next, far, CoreCluster.batch("of no correct server")));
    Votes votes = new Votes(far, next);
    Incarnation own = cluster.incarnation(follower);
    Optional<SlotRange> none = Optional.empty();
    for (Message message :
        List.of(
            new Message.Prepare(new Ballot(Ballot.MAX_ROUND, new ServerId(other)), next),
            new Message.Prepare(far, next),
            new Message.Promise(far, Slot.ZERO, Slot.ZERO, values, next, next, none, none),
            new Message.Refused(core.followed(), far),
            new Message.Propose(far, next, List.of(values.get(0).value()), Slot.ZERO),
            new Message.Fetched(next, values, Slot.ZERO, next),
            new Message.VotesCast(votes, Slot.ZERO),
            new Message.VotesSeen(own, votes))) {
      cluster.notices(follower).clear();
      int records = cluster.journal(follower).size();
      Ballot promised = core.promised();
      cluster.step(
          follower, new Input.Received(new ServerId(other), cluster.incarnation(other), message));
      assertTrue(
          cluster.notices(follower).stream().anyMatch(Notice.PeerMisbehaved.class::isInstance),
          message::toString);
      assertEquals(promised, core.promised(), message::toString);
      assertEquals(records, cluster.journal(follower).size(), message::toString);
    }
    cluster.propose(coordinator, "b");
    cluster.run(100 * MILLI);
    assertEquals(List.of("a", "b"), cluster.texts(follower));
  }

  /**
   * Rule 3: what a damaged log lost is settled by a coordinator that was elected after the damage;
   * one that was elected before it may have had just those slots chosen.
   */
  @Test
  void anElectionSettlesOnlyWhatWasLostBeforeIt() {
    Ballot before = new Ballot(5, new ServerId(1));
    Ballot after = new Ballot(6, new ServerId(2));
    JournalRecord.Damage settled = new JournalRecord.Damage(Optional.empty(), Optional.empty());
    assertFalse(recordsOnElection(before, before).contains(settled));
    assertFalse(recordsOnElection(before, after).contains(settled));
    assertTrue(recordsOnElection(after, before).contains(settled));
  }

  /** What an acceptor journals whose log lost its end, when such an election is chosen. */
  private static List<JournalRecord> recordsOnElection(Ballot elected, Ballot promised) {
    Effects effects = new Effects();
    Recovered recovered =
        new Recovered(
            Optional.empty(),
            true,
            promised,
            Ballot.LOWEST,
            Slot.ZERO,
            Optional.empty(),
            List.of(),
            Slot.ZERO,
            Optional.of(new SlotRange(Slot.of(1), Slot.of(100))),
            Optional.of(new SlotRange(Slot.of(1), Slot.of(9))));
    PaxosSettings settings = new CoreCluster(3).settings(0);
    Acceptor acceptor = new Acceptor(settings, effects, recovered);
    acceptor.adoptChosen(
        new AcceptedValue(
            Slot.of(1), elected, new Value.CoordinatorElected(elected, settings.clientAddress())));
    assertEquals(Slot.of(100), acceptor.votesOwned().accepted(), "still owned up to");
    List<JournalRecord> records = effects.take().records();
    Votes owned = new Votes(acceptor.promised(), Slot.of(100));
    assertEquals(
        records.stream().anyMatch(JournalRecord.Damage.class::isInstance),
        records.contains(
            new JournalRecord.VotesNoted(
                new PeerVotes(settings.server(), settings.incarnation(), owned))),
        "after a restart too");
    return records;
  }

  /**
   * Rule 16: a server that stepped down or restarted does not call itself content at its old
   * ballot.
   */
  @Test
  void aRestartedCoordinatorIsNotContentAtItsOldBallot() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    Ballot ballot = cluster.core(coordinator).followed();
    cluster.kill(coordinator);
    cluster.restart(coordinator);
    assertFalse(cluster.core(coordinator).isContent());
    int next = cluster.elect();
    assertTrue(cluster.core(next).followed().isAbove(ballot));
  }

  /** The barrier: nothing is proposed behind a membership until majorities of both hold it. */
  @Test
  void nothingPassesAMembershipBeforeBothMajoritiesHoldIt() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    Membership now = cluster.core(coordinator).membership().membership();
    List<Member> alone = new ArrayList<>(now.members());
    alone.replaceAll(
        member ->
            member.server().number() == coordinator
                ? member
                : member.withRole(Member.Role.STANDBY));
    cluster.holdDisk((coordinator + 1) % 3);
    cluster.holdDisk((coordinator + 2) % 3);
    cluster.step(coordinator, new Input.MembershipProposed(new Membership(Slot.ZERO, alone)));
    cluster.run(100 * MILLI);
    assertEquals(0, cluster.core(coordinator).proposalRoom());
    assertEquals(3, cluster.core(coordinator).membership().membership().voters());
    cluster.releaseDisk((coordinator + 1) % 3);
    cluster.run(10 * MILLI);
    assertEquals(1, cluster.core(coordinator).membership().membership().voters());
    cluster.propose(coordinator, "alone");
    assertEquals(List.of("alone"), cluster.texts(coordinator));
  }

  /** Rule 22: an orphan promise is prepared over, without stepping down. */
  @Test
  void aPromiseWhoseOwnerIsGoneIsPreparedOver() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    int gone = (coordinator + 1) % 5;
    int promiser = (coordinator + 2) % 5;
    Ballot high = cluster.core(coordinator).followed().next(new ServerId(gone));
    cluster.kill(gone);
    cluster.run(600 * MILLI);
    cluster.step(
        promiser,
        new Input.Received(
            new ServerId(gone), cluster.incarnation(gone), new Message.Prepare(high, Slot.of(1))));
    cluster.propose(coordinator, "a");
    cluster.run(500 * MILLI);
    assertEquals(coordinator, cluster.coordinator().orElseThrow());
    assertTrue(cluster.core(coordinator).followed().isAbove(high));
    cluster.propose(coordinator, "b");
    cluster.run(100 * MILLI);
    assertEquals(List.of("a", "b"), cluster.texts(promiser));
    assertTrue(
        cluster.notices(coordinator).stream().noneMatch(Notice.SteppedDown.class::isInstance));
  }
}
