package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Members come and go: each command, each refusal, and what those that leave and join do. */
class MembershipTest {
  private static final long MILLI = CoreCluster.MILLI;

  static ServerId id(int i) {
    return new ServerId(i);
  }

  static Membership membership(CoreCluster cluster) {
    return cluster.core(cluster.coordinator().orElseThrow()).membership().membership();
  }

  static Member.Role role(CoreCluster cluster, int i) {
    return membership(cluster).member(id(i)).orElseThrow().role();
  }

  static void assertDone(ChangeAnswer answer) {
    assertInstanceOf(ChangeAnswer.Done.class, answer);
  }

  static void assertRefused(ChangeAnswer.Reason reason, ChangeAnswer answer) {
    assertEquals(reason, assertInstanceOf(ChangeAnswer.Refused.class, answer).reason());
  }

  /** Asks whoever coordinates, as the admin service does. */
  static ChangeAnswer change(CoreCluster cluster, MembershipChange change) {
    for (int i = 0; i < 10; i++) {
      ChangeAnswer answer = cluster.change(cluster.elect(), change);
      boolean again =
          answer instanceof ChangeAnswer.Refused refused
              && (refused.reason() == ChangeAnswer.Reason.HANDS_OVER
                  || refused.reason() == ChangeAnswer.Reason.UNDER_WAY);
      if (!again) {
        return answer;
      }
      cluster.run(50 * MILLI);
    }
    throw new AssertionError("refused again and again");
  }

  @Test
  void anAddedServerCatchesUpAndGetsItsVoteByItself() {
    CoreCluster cluster = new CoreCluster(3, 1);
    int coordinator = cluster.elect();
    for (int i = 0; i < 200; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    assertEquals(0, cluster.texts(3).size());
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(3))));
    cluster.runUntil("a voter", () -> role(cluster, 3) == Member.Role.VOTER);
    cluster.propose(cluster.elect(), "after");
    cluster.run(100 * MILLI);
    assertEquals(201, cluster.texts(3).size());
    assertEquals(3, membership(cluster).quorum());
    cluster.checkAgreement();
  }

  /** So that it calls the members, and not the list that it was started with. */
  @Test
  void aServerSaysWhichMembershipItStartsWithOrInstalls() {
    CoreCluster cluster = new CoreCluster(3, 1);
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(3))));
    MembershipInForce inForce = cluster.core(0).membership();
    Notice said = new Notice.MembershipChosen(inForce.decidedAt(), inForce.membership());
    Recovered kept = cluster.kept(0);
    Slot cut = inForce.decidedAt().next();
    Recovered atCut =
        new Recovered(
            kept.founding(),
            true,
            kept.promised(),
            kept.ballotTaken(),
            cut,
            Optional.of(inForce),
            List.of(),
            cut,
            Optional.empty(),
            Optional.empty());
    assertTrue(
        new Paxos(cluster.settings(0), atCut)
            .start(cut, VersionInForce.FIRST)
            .notices()
            .contains(said));

    Recovered founded =
        new Recovered(
            kept.founding(),
            true,
            kept.promised(),
            kept.ballotTaken(),
            Slot.ZERO,
            Optional.empty(),
            List.of(),
            Slot.ZERO,
            Optional.empty(),
            Optional.empty());
    Paxos behind = new Paxos(cluster.settings(0), founded);
    assertTrue(behind.start(Slot.ZERO, VersionInForce.FIRST).notices().isEmpty());
    Output installed = behind.step(new Input.SnapshotInstalled(cut, inForce, VersionInForce.FIRST));
    assertTrue(installed.notices().contains(said));

    Paxos unopened = new Paxos(cluster.settings(0), Recovered.nothing());
    assertTrue(
        unopened
            .step(new Input.SnapshotInstalled(cut, inForce, VersionInForce.FIRST))
            .notices()
            .contains(said));
  }

  @Test
  void ofTheMembershipsInItsLogAServerThatStartsNamesOnlyTheOneInForce() {
    CoreCluster cluster = new CoreCluster(3, 1);
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(3))));
    cluster.runUntil("a voter", () -> role(cluster, 3) == Member.Role.VOTER);
    cluster.run(100 * MILLI);
    MembershipInForce inForce = cluster.core(0).membership();
    Paxos restarted = new Paxos(cluster.settings(0), cluster.kept(0));
    assertEquals(
        List.of(new Notice.MembershipChosen(inForce.decidedAt(), inForce.membership())),
        restarted.start(Slot.ZERO, VersionInForce.FIRST).notices().stream()
            .filter(Notice.MembershipChosen.class::isInstance)
            .toList());
    assertEquals(inForce, restarted.membership());
  }

  /**
   * That the cluster is founded may not be durable yet when a snapshot already is: the snapshot
   * opens the server, which then hears its peers, and is told the rest by them.
   */
  @Test
  void aSnapshotOpensAServerWhoseJournalHasNoFoundingInForce() {
    CoreCluster cluster = new CoreCluster(3, 1);
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(3))));
    MembershipInForce inForce = cluster.core(0).membership();
    Founding founding = cluster.kept(2).founding().orElseThrow();
    Slot at = inForce.decidedAt().next();
    List<JournalRecord> journal =
        new ArrayList<>(List.of(new JournalRecord.FoundingPrepared(founding)));
    Paxos before = new Paxos(cluster.settings(2), Fold.of(journal));
    assertFalse(before.isOpen());
    journal.addAll(
        before.step(new Input.SnapshotInstalled(at, inForce, VersionInForce.FIRST)).records());
    checkIsOpenIn(before, inForce, founding);
    Paxos restarted = new Paxos(cluster.settings(2), Fold.of(journal));
    assertTrue(
        restarted.start(at, VersionInForce.FIRST).notices().stream()
            .noneMatch(Notice.Ignored.class::isInstance));
    checkIsOpenIn(restarted, inForce, founding);
  }

  private static void checkIsOpenIn(Paxos core, MembershipInForce inForce, Founding founding) {
    assertTrue(core.isOpen());
    assertEquals(inForce, core.membership());
    assertEquals(4, 1 + core.peers().size());
    assertEquals(Optional.empty(), core.founding());
    Output asks = core.step(new Input.TimePassed(0, 0, Slot.ZERO));
    assertTrue(
        asks.sendNow().stream()
            .anyMatch(send -> send.message() instanceof Message.VotesSeenRequest),
        "what its journal lost may be votes");
    assertTrue(
        asks.sendNow().stream().anyMatch(send -> send.message() instanceof Message.Meet),
        asks::toString);
    Member other = inForce.membership().member(id(1)).orElseThrow();
    Output ignored =
        core.step(
            new Input.Received(
                id(0),
                other.incarnation(),
                new Message.Found(
                    new Founding(new ClusterId(new UUID(9, 9)), founding.membership()))));
    assertTrue(ignored.sendWhenDurable().isEmpty(), "it was founded long ago");
    Output told =
        core.step(
            new Input.Received(id(1), other.incarnation(), new Message.FoundingOpened(founding)));
    assertTrue(told.records().contains(new JournalRecord.FoundingInForce(founding)));
    assertEquals(Optional.of(founding), core.founding());
    assertEquals(inForce, core.membership());
  }

  @Test
  void aServerThatWasNotAddedIsSilent() {
    CoreCluster cluster = new CoreCluster(3, 1);
    cluster.elect();
    cluster.run(300 * MILLI);
    assertTrue(cluster.core(3).isOpen());
    assertFalse(cluster.core(3).isMember());
    int[] sent = {0};
    cluster.drop(
        flight -> {
          sent[0] += flight.from().equals(id(3)) ? 1 : 0;
          return false;
        });
    cluster.run(2_000 * MILLI);
    assertEquals(0, sent[0]);
  }

  @Test
  void growsFromOneToSevenAndBack() {
    CoreCluster cluster = new CoreCluster(1, 6);
    for (int i = 1; i < 7; i++) {
      int added = i;
      cluster.propose(cluster.elect(), "grow " + i);
      assertDone(change(cluster, new MembershipChange.Add(cluster.joining(i))));
      cluster.runUntil("a voter", () -> role(cluster, added) == Member.Role.VOTER);
    }
    assertEquals(4, membership(cluster).quorum());
    for (int i = 0; i < 6; i++) {
      cluster.propose(cluster.elect(), "shrink " + i);
      assertDone(change(cluster, new MembershipChange.Remove(id(i))));
    }
    assertEquals(1, membership(cluster).voters());
    assertEquals(6, cluster.elect());
    cluster.propose(6, "alone");
    cluster.run(100 * MILLI);
    assertEquals(13, cluster.texts(6).size());
    cluster.checkAgreement();
  }

  @Test
  void aRemovedServerLearnsItAndIsSilent() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int gone = (coordinator + 1) % 3;
    assertDone(cluster.change(coordinator, new MembershipChange.Remove(id(gone))));
    cluster.run(500 * MILLI);
    assertTrue(cluster.notices(gone).stream().anyMatch(Notice.Removed.class::isInstance));
    assertFalse(cluster.core(gone).isMember());
    Ballot ballot = cluster.core(coordinator).followed();
    int[] sent = {0};
    cluster.drop(
        flight -> {
          sent[0] += flight.from().equals(id(gone)) ? 1 : 0;
          return false;
        });
    cluster.run(3_000 * MILLI);
    assertEquals(0, sent[0]);
    assertEquals(ballot, cluster.core(coordinator).followed());
  }

  /** It was cut off when it was removed, comes back much later, and must disturb nobody. */
  @Test
  void aServerThatWasRemovedWhileItWasAwayIsToldSo() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    int away = (coordinator + 1) % 5;
    for (int i = 0; i < 5; i++) {
      if (i != away) {
        cluster.cutLink(i, away);
      }
    }
    cluster.run(1_000 * MILLI);
    assertDone(cluster.change(coordinator, new MembershipChange.Remove(id(away))));
    for (int i = 0; i < 100; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(3_000 * MILLI);
    Ballot ballot = cluster.core(coordinator).followed();
    cluster.healLinks();
    cluster.run(1_000 * MILLI);
    assertTrue(cluster.notices(away).stream().anyMatch(Notice.Removed.class::isInstance));
    assertEquals(coordinator, cluster.coordinator().orElseThrow());
    assertEquals(ballot, cluster.core(coordinator).followed());
  }

  @Test
  void aRemovedServerMayBeAddedAgain() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int gone = (coordinator + 1) % 3;
    assertDone(cluster.change(coordinator, new MembershipChange.Remove(id(gone))));
    cluster.propose(coordinator, "between");
    cluster.run(500 * MILLI);
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(gone))));
    cluster.runUntil("a voter", () -> role(cluster, gone) == Member.Role.VOTER);
    cluster.run(100 * MILLI);
    assertEquals(List.of("between"), cluster.texts(gone));
    assertTrue(cluster.core(gone).isMember());
  }

  @Test
  void theCoordinatorHandsOverBeforeItIsRemoved() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    cluster.propose(coordinator, "a");
    assertRefused(
        ChangeAnswer.Reason.HANDS_OVER,
        cluster.change(coordinator, new MembershipChange.Remove(id(coordinator))));
    cluster.run(60 * MILLI);
    int next = cluster.coordinator().orElseThrow();
    assertNotEquals(coordinator, next);
    assertDone(change(cluster, new MembershipChange.Remove(id(coordinator))));
    cluster.propose(next, "b");
    cluster.run(300 * MILLI);
    assertEquals(next, cluster.coordinator().orElseThrow());
    assertFalse(cluster.core(coordinator).isMember());
    assertEquals(2, membership(cluster).voters());
  }

  /** All three are replaced, one after another, by servers with new ids; the founders are gone. */
  @Test
  void everyServerCanBeReplaced() {
    CoreCluster cluster = new CoreCluster(3, 4);
    cluster.elect();
    for (int i = 0; i < 3; i++) {
      int joined = i + 3;
      int left = i;
      cluster.propose(cluster.elect(), "v" + i);
      assertDone(change(cluster, new MembershipChange.Replace(id(left), cluster.joining(joined))));
      cluster.runUntil(
          "replaced",
          () ->
              cluster.coordinator().isPresent()
                  && membership(cluster).member(id(left)).isEmpty()
                  && role(cluster, joined) == Member.Role.VOTER);
      assertEquals(3, membership(cluster).voters());
      cluster.run(500 * MILLI);
      cluster.kill(left);
    }
    cluster.propose(cluster.elect(), "end");
    cluster.run(100 * MILLI);
    for (int i = 3; i < 6; i++) {
      assertEquals(List.of("v0", "v1", "v2", "end"), cluster.texts(i));
    }
    // One that knows only the founders, who are all gone, joins when a member calls it.
    cluster.wipe(6);
    cluster.restart(6);
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(6))));
    cluster.runUntil("a voter", () -> role(cluster, 6) == Member.Role.VOTER);
    cluster.checkAgreement();
  }

  /** Identity is id and incarnation: a server whose list is outdated follows the log. */
  @Test
  void aServerThatRestartsWithAnOutdatedListFollowsTheLog() {
    CoreCluster cluster = new CoreCluster(3, 3);
    cluster.elect();
    assertDone(change(cluster, new MembershipChange.Add(cluster.joining(3))));
    cluster.runUntil("a voter", () -> role(cluster, 3) == Member.Role.VOTER);
    cluster.kill(3);
    for (int i = 0; i < 2; i++) {
      int joined = i + 4;
      int left = i;
      assertDone(change(cluster, new MembershipChange.Replace(id(left), cluster.joining(joined))));
      cluster.runUntil(
          "replaced",
          () ->
              cluster.coordinator().isPresent() && membership(cluster).member(id(left)).isEmpty());
      cluster.run(300 * MILLI);
      cluster.kill(left);
    }
    cluster.restart(3);
    cluster.run(500 * MILLI);
    assertEquals(
        cluster.core(cluster.elect()).membership().decidedAt(),
        cluster.core(3).membership().decidedAt());
  }

  @Test
  void aMemberThatMovedIsAddedAtItsNewAddress() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int moved = (coordinator + 1) % 3;
    Address address = new Address("elsewhere", 9100);
    assertDone(
        cluster.change(
            coordinator, new MembershipChange.Add(cluster.joining(moved).at(address, address))));
    Member now = membership(cluster).member(id(moved)).orElseThrow();
    assertEquals(address, now.consensusAddress());
    assertEquals(Member.Role.VOTER, now.role());
  }

  @Test
  void aDemotedMemberKeepsACopyUntilItIsPromoted() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int other = (coordinator + 1) % 3;
    assertDone(cluster.change(coordinator, new MembershipChange.Demote(id(other))));
    cluster.propose(coordinator, "a");
    cluster.run(2_000 * MILLI);
    assertEquals(Member.Role.OBSERVER, role(cluster, other));
    assertEquals(List.of("a"), cluster.texts(other));
    assertRefused(
        ChangeAnswer.Reason.NOTHING_TO_DO,
        cluster.change(coordinator, new MembershipChange.Demote(id(other))));
    assertDone(cluster.change(coordinator, new MembershipChange.Promote(id(other))));
    assertEquals(Member.Role.VOTER, role(cluster, other));
  }

  /** A new life of an observer stays one. */
  @Test
  void anObserverThatLosesItsDiskStaysAnObserver() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int other = (coordinator + 1) % 3;
    assertDone(cluster.change(coordinator, new MembershipChange.Demote(id(other))));
    cluster.wipe(other);
    cluster.restart(other);
    cluster.run(2_000 * MILLI);
    Member now = membership(cluster).member(id(other)).orElseThrow();
    assertEquals(cluster.incarnation(other), now.incarnation());
    assertEquals(Member.Role.OBSERVER, now.role());
  }

  // ---- refusals
  // ------------------------------------------------------------------------------------------------------------------

  @Test
  void refusesWhatWouldLoseTheQuorum() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int down = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    cluster.kill(down);
    cluster.run(600 * MILLI);
    assertRefused(
        ChangeAnswer.Reason.WOULD_LOSE_QUORUM,
        cluster.change(coordinator, new MembershipChange.Remove(id(other))));
    assertDone(cluster.change(coordinator, new MembershipChange.Remove(id(down))));
    assertEquals(2, membership(cluster).voters());
  }

  @Test
  void refusesToUseUpTheLastSpareWhileAVoterIsDown() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    int down = (coordinator + 1) % 5;
    int other = (coordinator + 2) % 5;
    cluster.kill(down);
    cluster.run(600 * MILLI);
    assertRefused(
        ChangeAnswer.Reason.WOULD_LOSE_QUORUM,
        cluster.change(coordinator, new MembershipChange.Demote(id(other))));
    assertDone(cluster.change(coordinator, new MembershipChange.Remove(id(down))));
    assertDone(cluster.change(coordinator, new MembershipChange.Remove(id(other))));
  }

  @Test
  void refusesTheLastVoter() {
    CoreCluster cluster = new CoreCluster(1);
    int coordinator = cluster.elect();
    assertRefused(
        ChangeAnswer.Reason.WOULD_LOSE_QUORUM,
        cluster.change(coordinator, new MembershipChange.Remove(id(0))));
  }

  @Test
  void refusesAnIdOrAnAddressThatIsTaken() {
    CoreCluster cluster = new CoreCluster(3, 1);
    int coordinator = cluster.elect();
    int other = (coordinator + 1) % 3;
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        cluster.change(coordinator, new MembershipChange.Add(cluster.joining(other))));
    Member same =
        new Member(
            id(other),
            cluster.incarnation(3),
            new Address("localhost", 9100),
            new Address("localhost", 8100),
            Member.Role.LEARNER);
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        cluster.change(coordinator, new MembershipChange.Add(same)));
    Member taken = cluster.joining(3).at(new Address("localhost", 9000), same.clientAddress());
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        cluster.change(coordinator, new MembershipChange.Add(taken)));
    assertRefused(
        ChangeAnswer.Reason.NOT_A_MEMBER,
        cluster.change(coordinator, new MembershipChange.Remove(id(3))));
  }

  @Test
  void refusesToPromoteWhatIsNotHeardOrBehind() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int other = (coordinator + 1) % 3;
    assertDone(cluster.change(coordinator, new MembershipChange.Demote(id(other))));
    cluster.drop(
        flight -> flight.to().equals(id(other)) && !(flight.message() instanceof Message.Ping));
    for (int i = 0; i < 100; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(100 * MILLI);
    assertRefused(
        ChangeAnswer.Reason.NOT_CAUGHT_UP,
        cluster.change(coordinator, new MembershipChange.Promote(id(other))));
    cluster.kill(other);
    cluster.run(600 * MILLI);
    assertRefused(
        ChangeAnswer.Reason.UNREACHABLE,
        cluster.change(coordinator, new MembershipChange.Promote(id(other))));
  }

  @Test
  void oneChangeAtATime() {
    CoreCluster cluster = new CoreCluster(3, 1);
    int coordinator = cluster.elect();
    for (int i = 0; i < 3; i++) {
      cluster.holdDisk(i);
    }
    cluster.step(
        coordinator,
        new Input.ChangeRequested(100, new MembershipChange.Add(cluster.joining(3)), false));
    assertRefused(
        ChangeAnswer.Reason.UNDER_WAY,
        cluster.change(coordinator, new MembershipChange.Demote(id((coordinator + 1) % 3))));
  }

  @Test
  void aDryRunChangesNothing() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    ChangeAnswer answer =
        cluster.plan(coordinator, new MembershipChange.Remove(id((coordinator + 1) % 3)));
    ChangeAnswer.Planned planned = assertInstanceOf(ChangeAnswer.Planned.class, answer);
    assertEquals(3, planned.before().voters());
    assertEquals(2, planned.after().voters());
    cluster.run(500 * MILLI);
    assertEquals(3, membership(cluster).voters());
  }

  @Test
  void onlyTheCoordinatorChanges() {
    CoreCluster cluster = new CoreCluster(3);
    int other = (cluster.elect() + 1) % 3;
    assertRefused(
        ChangeAnswer.Reason.NOT_COORDINATOR,
        cluster.change(other, new MembershipChange.Demote(id(other))));
  }

  // ---- handing over
  // ------------------------------------------------------------------------------------------------------------------

  @Test
  void theCoordinatorCanBeMoved() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    int next = (coordinator + 3) % 5;
    cluster.propose(coordinator, "a");
    ChangeAnswer answer = cluster.handOver(coordinator, Optional.of(id(next)));
    assertEquals(id(next), assertInstanceOf(ChangeAnswer.HandedOver.class, answer).coordinator());
    assertEquals(next, cluster.elect());
    cluster.propose(next, "b");
    cluster.run(3_000 * MILLI);
    assertEquals(next, cluster.coordinator().orElseThrow());
    for (int i = 0; i < 5; i++) {
      assertEquals(List.of("a", "b"), cluster.texts(i));
    }
  }

  @Test
  void whatIsInFlightIsChosenBeforeTheCoordinatorMoves() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int next = (coordinator + 1) % 3;
    cluster.holdDisk(next);
    cluster.holdDisk((coordinator + 2) % 3);
    cluster.propose(coordinator, "a");
    cluster.step(coordinator, new Input.HandOverRequested(1, Optional.of(id(next)), "asked to"));
    cluster.run(50 * MILLI);
    assertEquals(coordinator, cluster.coordinator().orElseThrow());
    assertEquals(0, cluster.core(coordinator).proposalRoom());
    cluster.releaseDisk(next);
    cluster.run(50 * MILLI);
    assertEquals(next, cluster.coordinator().orElseThrow());
    assertEquals(List.of("a"), cluster.texts(next));
  }

  @Test
  void aSuccessorThatDoesNotCatchUpIsLeftAside() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int next = (coordinator + 1) % 3;
    cluster.drop(
        flight -> flight.to().equals(id(next)) && !(flight.message() instanceof Message.Ping));
    cluster.propose(coordinator, "a");
    assertRefused(
        ChangeAnswer.Reason.NOT_CAUGHT_UP, cluster.handOver(coordinator, Optional.of(id(next))));
    cluster.propose(coordinator, "b");
    assertEquals(List.of("a", "b"), cluster.texts(coordinator));
  }

  @Test
  void aHandOverWhoseMessageIsLostEndsInAnElection() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    cluster.drop(flight -> flight.message() instanceof Message.TakeOver);
    cluster.handOver(coordinator, Optional.empty());
    cluster.drop(flight -> false);
    assertNotEquals(coordinator, cluster.elect());
  }

  @Test
  void refusesToMoveToWhoCannotCoordinate() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int down = (coordinator + 1) % 3;
    cluster.kill(down);
    cluster.run(600 * MILLI);
    assertRefused(
        ChangeAnswer.Reason.UNREACHABLE, cluster.handOver(coordinator, Optional.of(id(down))));
    assertRefused(
        ChangeAnswer.Reason.NOT_A_MEMBER, cluster.handOver(coordinator, Optional.of(id(9))));
    assertRefused(
        ChangeAnswer.Reason.NOTHING_TO_DO,
        cluster.handOver(coordinator, Optional.of(id(coordinator))));
  }

  /** A message of a coordinator that is not followed any more moves nobody. */
  @Test
  void aTakeOverOfAnEarlierBallotIsIgnored() {
    CoreCluster cluster = new CoreCluster(3);
    int first = cluster.elect();
    Ballot old = cluster.core(first).followed();
    cluster.handOver(first, Optional.empty());
    int second = cluster.elect();
    int third = 3 - first - second;
    cluster.step(
        third,
        new Input.Received(id(first), cluster.incarnation(first), new Message.TakeOver(old)));
    cluster.run(500 * MILLI);
    assertEquals(second, cluster.coordinator().orElseThrow());
  }

  /** Found by OrderlyStopTest: its driver used a whole core until the campaign ended. */
  @Test
  void whoTakesOverWhileItWaitsForBetterPlacedServersDoesNotSpin() {
    for (int waited = 0; waited < 20; waited++) {
      CoreCluster cluster = new CoreCluster(3);
      int coordinator = cluster.elect();
      int next = coordinator == 2 ? 1 : 2;
      List<Message> takeOvers = new ArrayList<>();
      cluster.drop(
          flight -> {
            if (flight.message() instanceof Message.TakeOver) {
              takeOvers.add(flight.message());
            }
            return flight.message() instanceof Message.TakeOver
                || flight.message() instanceof Message.Prepare;
          });
      cluster.step(coordinator, new Input.HandOverRequested(1, Optional.of(id(next)), "asked to"));
      cluster.run(5L * waited * MILLI);
      cluster.step(
          next,
          new Input.Received(id(coordinator), cluster.incarnation(coordinator), takeOvers.get(0)));
      int idle = 0;
      for (int i = 0; i < 40; i++) {
        cluster.run(5 * MILLI);
        idle += cluster.core(next).nanosUntilDeadline() > 0 ? 1 : 0;
      }
      assertTrue(idle > 20, "idle after " + idle + " of 40 inputs, having waited " + 5 * waited);
    }
  }
}
