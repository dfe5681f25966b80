package io.synod.paxos;

import static io.synod.paxos.CoreCluster.ELECTION_TIMEOUT;
import static io.synod.paxos.CoreCluster.MILLI;
import static io.synod.paxos.CoreCluster.PING_INTERVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Reads under the coordinator's lease: who gives it, when it holds, and what ends it. */
class LeaseTest {
  /** Acceptors keep to it for so long. */
  private static final long LEASE = 5 * PING_INTERVAL;

  private int size = 3;
  private CoreCluster cluster = new CoreCluster(size);
  private int coordinator;
  private long reads;

  /** How much was acknowledged when each read of the coordinator began. */
  private final TreeMap<Long, Slot> began = new TreeMap<>();

  private void elect() {
    coordinator = cluster.elect();
  }

  private void read() {
    reads++;
    began.put(reads, acknowledged());
    cluster.step(coordinator, new Input.ReadsWaiting(reads, true));
  }

  /** What anybody knows to be chosen may have been acknowledged. */
  private Slot acknowledged() {
    Slot most = Slot.ZERO;
    for (int i = 0; i < size; i++) {
      most = Slot.max(most, cluster.core(i).chosen());
    }
    return most;
  }

  private boolean isReady(long id) {
    return cluster.readAnswers(coordinator).stream()
        .anyMatch(answer -> answer.id() == id && answer instanceof Output.ReadAnswer.Ready);
  }

  private void checkReads() {
    for (Output.ReadAnswer answer : cluster.readAnswers(coordinator)) {
      if (answer instanceof Output.ReadAnswer.Ready ready) {
        Slot before = began.getOrDefault(ready.id(), Slot.ZERO);
        assertFalse(
            ready.point().isBefore(before),
            () -> "read at " + ready.point() + " what was at " + before);
      }
    }
  }

  /** The coordinator gets a lease from all. */
  private void lease() {
    read();
    cluster.run(2 * PING_INTERVAL);
    long before = cluster.core(coordinator).leaseReads();
    read();
    assertEquals(before + 1, cluster.core(coordinator).leaseReads());
  }

  /** The others find that the coordinator is gone; it is not, and does not know. */
  private void cutOff() {
    for (int i = 0; i < 3; i++) {
      if (i != coordinator) {
        cluster.cutLink(coordinator, i);
      }
    }
    tellUnreachable();
  }

  private void tellUnreachable() {
    for (int i = 0; i < 3; i++) {
      if (i != coordinator) {
        cluster.step(i, new Input.PeerUnreachable(new ServerId(coordinator)));
      }
    }
  }

  private Optional<Integer> successor() {
    return cluster.coordinator().filter(other -> other != coordinator);
  }

  /** Reads of the old coordinator, and writes of the new one as soon as there is one. */
  private void readBesideASuccessor() {
    for (int i = 0; i < 200; i++) {
      cluster.run(5 * MILLI);
      successor().ifPresent(other -> cluster.propose(other, "v"));
      if (cluster.core(coordinator).isCoordinating()) {
        read();
      }
      checkReads();
    }
    assertTrue(successor().isPresent());
  }

  // ---- having it
  // ----------------------------------------------------------------------------------------------

  @Test
  void whileItHoldsNobodyIsAsked() {
    elect();
    read();
    assertTrue(isReady(reads), "by a round of pings");
    assertEquals(0, cluster.core(coordinator).leaseReads());
    cluster.run(2 * PING_INTERVAL);
    cluster.propose(coordinator, "a");
    cluster.drop(flight -> true);
    read();
    assertTrue(isReady(reads));
    assertEquals(1, cluster.core(coordinator).leaseReads());
    checkReads();
  }

  @Test
  void anotherServerAsksTheCoordinatorAndNobodyElseIsAsked() {
    elect();
    int other = (coordinator + 1) % 3;
    lease();
    cluster.drop(flight -> flight.message() instanceof Message.Ping);
    cluster.step(other, new Input.ReadsWaiting(7, true));
    assertEquals(
        List.of(new Output.ReadAnswer.Ready(7, cluster.core(coordinator).chosen())),
        cluster.readAnswers(other));
  }

  /** Who does not use leases pays nothing for them. */
  @Test
  void itIsAskedForOnlyWhileReadsWantIt() {
    List<Message.Ping> asked = new ArrayList<>();
    cluster.drop(
        flight -> {
          if (flight.message() instanceof Message.Ping ping && ping.leaseNanos().isPresent()) {
            asked.add(ping);
          }
          return false;
        });
    elect();
    cluster.step(coordinator, new Input.ReadsWaiting(1, false));
    cluster.run(ELECTION_TIMEOUT);
    assertEquals(List.of(), asked);
    for (int i = 0; i < 3; i++) {
      assertTrue(
          cluster.journal(i).stream().noneMatch(JournalRecord.LeasesGiven.class::isInstance));
    }
    read();
    cluster.run(2 * ELECTION_TIMEOUT + PING_INTERVAL);
    assertFalse(asked.isEmpty());
    asked.clear();
    cluster.run(2 * ELECTION_TIMEOUT);
    assertEquals(List.of(), asked, "nobody has read for long");
  }

  @Test
  void itIsGivenOnlyOnceThatIsDurable() {
    elect();
    int other = (coordinator + 1) % 3;
    cluster.kill((coordinator + 2) % 3);
    cluster.holdDisk(other);
    read();
    cluster.run(2 * PING_INTERVAL);
    read();
    assertEquals(0, cluster.core(coordinator).leaseReads());
    cluster.releaseDisk(other);
    read();
    assertEquals(1, cluster.core(coordinator).leaseReads());
  }

  @Test
  void whoPromisedMoreGivesNone() {
    elect();
    int other = (coordinator + 1) % 3;
    cluster.kill((coordinator + 2) % 3);
    ServerId third = new ServerId((coordinator + 2) % 3);
    Ballot higher = cluster.core(coordinator).followed().next(third);
    cluster.step(
        other,
        new Input.Received(
            third, cluster.incarnation(third.number()), new Message.Prepare(higher, Slot.of(1))));
    List<Message> given = new ArrayList<>();
    cluster.drop(
        flight -> {
          if (flight.message() instanceof Message.LeaseGiven) {
            given.add(flight.message());
          }
          return false;
        });
    read();
    cluster.run(10 * MILLI);
    assertEquals(List.of(), given);
  }

  // ---- its end
  // ------------------------------------------------------------------------------------------------

  @Test
  void itEndsBeforeTheAcceptorsAreFree() {
    elect();
    lease();
    cluster.run(PING_INTERVAL);
    cutOff();
    cluster.run(LEASE * LeaseHeld.HELD_TENTHS / 10);
    long before = cluster.core(coordinator).leaseReads();
    read();
    assertFalse(isReady(reads));
    assertEquals(before, cluster.core(coordinator).leaseReads());
  }

  @Test
  void nobodyIsElectedBesideIt() {
    elect();
    lease();
    cutOff();
    for (int i = 0; i < LEASE / PING_INTERVAL - 1; i++) {
      assertEquals(Optional.empty(), successor());
      cluster.run(PING_INTERVAL);
    }
    cluster.run(2 * PING_INTERVAL);
    assertTrue(successor().isPresent(), "an election takes no longer than the lease, and a bit");
  }

  @Test
  void noReadIsOldWhenASuccessorIsElectedSoon() {
    elect();
    lease();
    cutOff();
    readBesideASuccessor();
  }

  /** Each clock is wrong by a twentieth, to the worst side. */
  @Test
  void noReadIsOldWhereClocksDrift() {
    elect();
    int slow = coordinator;
    cluster = new CoreCluster(size);
    for (int i = 0; i < size; i++) {
      cluster.rate(i, i == slow ? 0.95 : 1.05);
    }
    elect();
    assertEquals(slow, coordinator, "the same is elected again");
    lease();
    cutOff();
    readBesideASuccessor();
  }

  /** The acceptors count from when they got the Ping, long before their answer is read. */
  @Test
  void itIsCountedFromTheSending() {
    elect();
    read();
    List<CoreCluster.Flight> late = new ArrayList<>();
    cluster.drop(
        flight -> {
          if (flight.message() instanceof Message.LeaseGiven) {
            late.add(flight);
            return true;
          }
          return flight.message() instanceof Message.Ping
              && flight.from().number() == coordinator
              && !late.isEmpty();
        });
    cluster.run(LEASE - 2 * PING_INTERVAL);
    assertFalse(late.isEmpty());
    for (CoreCluster.Flight each : late) {
      cluster.step(
          coordinator,
          new Input.Received(
              each.from(), cluster.incarnation(each.from().number()), each.message()));
    }
    cutOff();
    readBesideASuccessor();
  }

  /** An acceptor that was held up counts from when it came to read the Ping. */
  @Test
  void anAcceptorCountsFromAReadingOfItsClockAfterThePing() {
    elect();
    int held = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    cluster.cutLink(coordinator, other);
    read();
    cluster.run(PING_INTERVAL);
    cluster.stop(held);
    cluster.run(LEASE / 2);
    // It goes on in the middle of a turn: what came is handled before it knows how late it is.
    cluster.resume(held);
    cluster.drop(flight -> flight.from().number() == coordinator && flight.to().number() == held);
    cluster.cutLink(coordinator, held);
    tellUnreachable();
    readBesideASuccessor();
  }

  /** The process stands still after the chosen prefix was looked at. */
  @Test
  void aStopBetweenTheReadAndTheCheckDoesNoHarm() {
    elect();
    lease();
    cluster.holdClock(coordinator);
    read();
    long stopped = reads;
    assertFalse(isReady(stopped));
    cluster.stop(coordinator);
    cutOff();
    cluster.run(2 * ELECTION_TIMEOUT);
    int other = successor().orElseThrow();
    cluster.propose(other, "a");
    cluster.resume(coordinator);
    cluster.releaseClock(coordinator);
    assertFalse(isReady(stopped));
  }

  // ---- restarts, hand-overs, memberships
  // ----------------------------------------------------------------------

  /** It does not know any more to whom it gave a lease; that it gave one is in its journal. */
  @Test
  void anAcceptorThatStartsAgainVotesForNobodyUntilItsLeasesAreOver() {
    elect();
    int again = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    cluster.cutLink(coordinator, other);
    lease();
    cluster.kill(again);
    cluster.restart(again);
    cluster.run(10 * MILLI);
    cluster.cutLink(coordinator, again);
    tellUnreachable();
    readBesideASuccessor();
  }

  @Test
  void aHandOverDoesNotWaitForIt() {
    elect();
    lease();
    int next = (coordinator + 1) % 3;
    cluster.step(
        coordinator, new Input.HandOverRequested(1, Optional.of(new ServerId(next)), "asked to"));
    read();
    cluster.run(PING_INTERVAL);
    assertEquals(Optional.of(next), cluster.coordinator());
    checkReads();
  }

  /** One that comes to nothing leaves a coordinator that may have a lease again. */
  @Test
  void afterAHandOverThatFailedItIsAskedForAgain() {
    elect();
    lease();
    int next = (coordinator + 1) % 3;
    cluster.drop(
        flight ->
            flight.from().number() == next
                && (flight.message() instanceof Message.Accepted
                    || flight.message() instanceof Message.Ping
                    || flight.message() instanceof Message.Pong));
    cluster.propose(coordinator, "a");
    cluster.step(
        coordinator, new Input.HandOverRequested(1, Optional.of(new ServerId(next)), "asked to"));
    long before = cluster.core(coordinator).leaseReads();
    read();
    assertTrue(isReady(reads), "by a round of pings");
    assertEquals(before, cluster.core(coordinator).leaseReads(), "it is returned");
    cluster.drop(flight -> flight.from().number() == next);
    cluster.run(2 * ELECTION_TIMEOUT);
    assertTrue(cluster.core(coordinator).isCoordinating());
    lease();
    checkReads();
  }

  @Test
  void whoStepsDownReturnsIt() {
    elect();
    lease();
    cluster.hangDisk(coordinator);
    boolean[] returned = new boolean[1];
    cluster.drop(
        flight -> {
          returned[0] |= flight.message() instanceof Message.LeaseReturned;
          return false;
        });
    int old = coordinator;
    cluster.runUntil("it steps down", () -> !cluster.core(old).isCoordinating());
    assertTrue(returned[0]);
  }

  /** What those gave that have no vote any more is no quorum's word. */
  @Test
  void itCountsInTheMembershipInForce() {
    size = 5;
    cluster = new CoreCluster(size);
    elect();
    int first = (coordinator + 1) % 5;
    int second = (coordinator + 2) % 5;
    cluster.drop(
        flight ->
            flight.message() instanceof Message.LeaseGiven
                && flight.from().number() != first
                && flight.from().number() != second);
    read();
    cluster.run(2 * PING_INTERVAL);
    read();
    assertEquals(1, cluster.core(coordinator).leaseReads(), "three of five");
    List<Member> members = new ArrayList<>();
    for (Member member : cluster.core(coordinator).membership().membership().members()) {
      int number = member.server().number();
      members.add(
          number == first || number == second ? member.withRole(Member.Role.STANDBY) : member);
    }
    Slot decidedAt = cluster.core(coordinator).membership().decidedAt();
    cluster.step(coordinator, new Input.MembershipProposed(new Membership(decidedAt, members)));
    cluster.run(10 * MILLI);
    assertTrue(cluster.core(coordinator).membership().decidedAt().isAfter(decidedAt));
    read();
    assertTrue(isReady(reads), "by a round of pings");
    assertEquals(1, cluster.core(coordinator).leaseReads());
  }

  // ---- what an acceptor says to one Ping
  // ------------------------------------------------------------------------

  @Test
  void oneLeaseAtATimeAndOfABoundedLength() {
    Effects effects = new Effects();
    LeasesGiven given = new LeasesGiven(cluster.settings(2), effects, Recovered.nothing());
    ServerId asker = new ServerId(0);
    Ballot ballot = new Ballot(3, asker);
    Ballot higher = new Ballot(4, asker);
    given.onTime(0);

    given.onPing(asker, ping(1, ballot, ELECTION_TIMEOUT + 1), ballot, ballot);
    given.onPing(asker, ping(1, ballot, LEASE), higher, higher);
    given.onPing(asker, ping(1, ballot, LEASE), ballot, higher);
    given.onPing(new ServerId(1), ping(1, ballot, LEASE), ballot, ballot);
    assertEquals(List.of(), effects.take().sendWhenDurable());
    assertFalse(given.forbids(higher));

    given.onPing(asker, ping(1, ballot, LEASE), ballot, ballot);
    Output output = effects.take();
    assertEquals(1, output.sendWhenDurable().size());
    assertEquals(List.of(new JournalRecord.LeasesGiven(LEASE)), output.records());
    assertTrue(given.forbids(higher));
    assertFalse(given.forbids(ballot));

    given.onPing(asker, ping(2, higher, LEASE), ballot, higher);
    assertEquals(List.of(), effects.take().sendWhenDurable(), "beside another");

    given.onTime(LEASE);
    given.onTime(10 * LEASE);
    assertTrue(given.forbids(higher), "the clock was not read since it was asked for");
    given.onClock(10 * LEASE);
    given.onTime(11 * LEASE - 1);
    assertTrue(given.forbids(higher));
    given.onTime(11 * LEASE);
    assertFalse(given.forbids(higher));
  }

  @Test
  void whatIsReturnedIsOverButNotWhatWasGivenSince() {
    Effects effects = new Effects();
    LeasesGiven given = new LeasesGiven(cluster.settings(2), effects, Recovered.nothing());
    ServerId asker = new ServerId(0);
    Ballot ballot = new Ballot(3, asker);
    Ballot higher = new Ballot(4, asker);
    given.onPing(asker, ping(5, ballot, LEASE), ballot, ballot);
    given.onReturned(new Message.LeaseReturned(new Ballot(2, asker), 9));
    given.onReturned(new Message.LeaseReturned(ballot, 4));
    assertTrue(given.forbids(higher));
    given.onReturned(new Message.LeaseReturned(ballot, 5));
    assertFalse(given.forbids(higher));
  }

  private static Message.Ping ping(long number, Ballot acting, long leaseNanos) {
    return new Message.Ping(
        number,
        Standings.content(acting),
        Optional.empty(),
        OptionalLong.of(leaseNanos),
        Optional.empty());
  }
}
