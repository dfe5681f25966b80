package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The election by itself, at server 2 of five: it hears what the test says. */
class ElectionTest {
  private static final long MILLI = 1_000_000;
  private static final long PING = 50 * MILLI;
  private static final long TIMEOUT = 500 * MILLI;
  private static final int SELF = 2;
  private static final Ballot OLD = new Ballot(7, id(0));
  private static final Membership MEMBERSHIP = membership(SELF, Member.Role.VOTER);

  private Roles roles = Roles.of(settings(), Recovered.nothing());
  private Peers peers = roles.peers();
  private Election election = election(Ballot.LOWEST);
  private Pings pings = new Pings(roles, election, new SplittableRandom(2));
  private long now;

  private static ServerId id(int server) {
    return new ServerId(server);
  }

  private static Incarnation life(int server) {
    return new Incarnation(new UUID(9, server));
  }

  /** Of five voters, but for this one's role. */
  private static Membership membership(int server, Member.Role role) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Address address = new Address("localhost", 9000 + i);
      members.add(
          new Member(id(i), life(i), address, address, i == server ? role : Member.Role.VOTER));
    }
    return new Membership(Slot.ZERO, members);
  }

  private static PaxosSettings settings() {
    List<Address> listed = MEMBERSHIP.members().stream().map(Member::consensusAddress).toList();
    return new PaxosSettings(
        id(SELF),
        life(SELF),
        listed,
        new Address("localhost", 8002),
        new ClusterId(new UUID(1, 1)),
        1,
        PING,
        TIMEOUT,
        8,
        1 << 20,
        0);
  }

  private Election election(Ballot taken) {
    return new Election(roles, new SplittableRandom(1), taken);
  }

  @BeforeEach
  void begin() {
    open(MEMBERSHIP);
  }

  private void open(Membership membership) {
    roles = Roles.of(settings(), Recovered.nothing());
    roles.learner().open(new MembershipInForce(Slot.ZERO, membership));
    peers = roles.peers();
    peers.onMembership(membership);
    election = election(Ballot.LOWEST);
    pings = new Pings(roles, election, new SplittableRandom(2));
    pass(0);
  }

  /** Time goes by in steps of a ping interval, as the driver sees to. */
  private void pass(long nanos) {
    pass(nanos, 0);
  }

  private void pass(long nanos, long syncAgeNanos) {
    long end = now + nanos;
    do {
      now = Math.min(end, now + PING);
      timePasses(syncAgeNanos);
    } while (now < end);
    Output unused = roles.effects().take();
  }

  private void timePasses(long syncAgeNanos) {
    roles.condition().onTime(new Input.TimePassed(now, syncAgeNanos, Slot.ZERO));
    boolean unused = peers.onTime(now);
    if (pings.isDue(now)) {
      pings.send(now, Optional.empty(), Optional.empty(), OptionalLong.empty(), Optional.empty());
    }
  }

  /** This server answers the last ping. */
  private void hear(int server, Standing standing) {
    boolean unused =
        pings.onPong(
            now,
            new Life(id(server), life(server)),
            new Message.Pong(pings.number(), standing, standing.followed(), Slot.ZERO));
  }

  private void hearAll(int... servers) {
    for (int server : servers) {
      hear(server, Standings.following(Ballot.LOWEST, Slot.ZERO));
    }
  }

  /** Whether it campaigns within this time, in which those servers go on answering. */
  private Optional<Ballot> campaignWithin(long nanos, int... heard) {
    long end = now + nanos;
    while (now < end) {
      Optional<Ballot> ballot = election.campaign(now);
      if (ballot.isPresent()) {
        return ballot;
      }
      now += MILLI;
      timePasses(0);
      for (int server : heard) {
        Standing last = peers.peer(id(server)).flatMap(Peer::standing).orElseThrow();
        hear(server, last);
      }
    }
    return Optional.empty();
  }

  private List<JournalRecord> records() {
    return roles.effects().take().records();
  }

  // ---- who may campaign (protocol-rules.md, 18)
  // ---------------------------------------------------

  @Test
  void rule18OnlyOneThatHearsAQuorumCampaigns() {
    hearAll(3);
    assertEquals(Optional.empty(), campaignWithin(3 * TIMEOUT, 3));
    hearAll(3, 4);
    assertEquals(Optional.of(new Ballot(1, id(SELF))), campaignWithin(PING, 3, 4));
    assertEquals(List.of(new JournalRecord.BallotTaken(new Ballot(1, id(SELF)))), records());
  }

  @Test
  void rule18ALearnerOrAnotherLifeOfAVoterDoesNot() {
    for (Member.Role role : List.of(Member.Role.LEARNER, Member.Role.OBSERVER)) {
      open(membership(SELF, role));
      hearAll(0, 1, 3, 4);
      assertEquals(Optional.empty(), campaignWithin(TIMEOUT, 0, 1, 3, 4), role::toString);
    }
    List<Member> others = new ArrayList<>(MEMBERSHIP.members());
    Member own = others.remove(SELF);
    Incarnation earlier = new Incarnation(new UUID(9, 99));
    others.add(
        new Member(own.server(), earlier, own.consensusAddress(), own.clientAddress(), own.role()));
    open(new Membership(Slot.ZERO, others));
    hearAll(0, 1, 3, 4);
    assertEquals(Optional.empty(), campaignWithin(TIMEOUT, 0, 1, 3, 4));
  }

  @Test
  void rule18ANewerMembershipIsFetchedFirst() {
    Standing newer = Standings.of(OLD, Optional.empty(), false, Slot.ZERO, Slot.of(5), 0, 0);
    hearAll(0, 1);
    hear(3, newer);
    assertEquals(Optional.empty(), campaignWithin(TIMEOUT, 0, 1, 3));
  }

  /** Rule 5: a Pong of another life than the membership names is no voice of the quorum. */
  @Test
  void rule05AnotherLifeIsNotHeardAsTheMember() {
    hearAll(3);
    Incarnation wiped = new Incarnation(new UUID(9, 98));
    Message.Pong pong =
        new Message.Pong(
            pings.number(),
            Standings.following(Ballot.LOWEST, Slot.ZERO),
            Ballot.LOWEST,
            Slot.ZERO);
    assertTrue(pings.onPong(now, new Life(id(4), wiped), pong));
    assertFalse(peers.isHeard(MEMBERSHIP.member(id(4)).orElseThrow()));
    assertEquals(Optional.empty(), campaignWithin(TIMEOUT / 2, 3));
  }

  /** Rule 5: nor is the answer to a ping of an earlier run of this server. */
  @Test
  void rule05TheAnswerToAPingOfAnEarlierRunCountsForNothing() {
    Message.Pong early = new Message.Pong(1, Standings.content(OLD), OLD, Slot.ZERO);
    assertFalse(pings.onPong(now, new Life(id(0), life(0)), early));
    Message.Pong late =
        new Message.Pong(pings.number() + 1, Standings.content(OLD), OLD, Slot.ZERO);
    assertFalse(pings.onPong(now, new Life(id(0), life(0)), late));
    assertFalse(peers.isHeard(MEMBERSHIP.member(id(0)).orElseThrow()));
    assertEquals(Ballot.LOWEST, election.followed());
  }

  // ---- content (protocol-rules.md, 16)
  // ------------------------------------------------------------

  @Test
  void rule16WhoHearsAContentCoordinatorIsContentAndDoesNotCampaign() {
    hear(0, Standings.content(OLD));
    hearAll(1, 3, 4);
    assertTrue(election.updateContent(Optional.empty()));
    assertTrue(election.isContent());
    assertEquals(Optional.of(id(0)), election.coordinatorHeard(Optional.empty()));
    assertEquals(Optional.empty(), campaignWithin(TIMEOUT, 0, 1, 3, 4));
  }

  /** One that stepped down or restarted follows its ballot, and does not act at it. */
  @Test
  void rule16OneThatOnlyFollowsABallotMakesNobodyContent() {
    Standing steppedDown = Standings.of(OLD, Optional.empty(), true, Slot.ZERO, Slot.ZERO, 0, 0);
    hear(0, steppedDown);
    hearAll(1, 3, 4);
    assertFalse(election.updateContent(Optional.empty()));
    assertFalse(election.isContent());
    assertEquals(Optional.empty(), election.coordinatorHeard(Optional.empty()));
  }

  @Test
  void rule16ACoordinatorOfALowerBallotMakesNobodyContent() {
    hear(0, Standings.content(OLD));
    election.onBallot(OLD.next(id(1)));
    assertFalse(election.updateContent(Optional.empty()));
    assertEquals(Optional.empty(), election.coordinatorHeard(Optional.empty()));
  }

  /** A coordinator is content as long as a quorum follows nothing above its ballot. */
  @Test
  void rule16ACoordinatorIsContentWithAQuorumThatFollowsIt() {
    Ballot own = new Ballot(8, id(SELF));
    hear(0, Standings.following(own, Slot.ZERO));
    hear(1, Standings.following(own, Slot.ZERO));
    assertTrue(election.updateContent(Optional.of(own)));
    assertTrue(peers.isQuorumFollowing(own));
    hear(1, Standings.following(own.next(id(4)), Slot.ZERO));
    assertFalse(peers.isQuorumFollowing(own));
    assertTrue(election.updateContent(Optional.of(own)), "it changed");
    assertFalse(election.isContent());
  }

  @Test
  void rule16ACandidateThatWasNotChosenBacksOffLongerEachTime() {
    hearAll(0, 1, 3, 4);
    long longest = 0;
    for (int i = 0; i < 6; i++) {
      long began = now;
      election.onCampaignLost(now);
      assertTrue(campaignWithin(100 * TIMEOUT, 0, 1, 3, 4).isPresent());
      assertTrue(now - began >= PING / 5, "not at once");
      longest = Math.max(longest, now - began);
    }
    assertTrue(longest > 2 * PING, longest / MILLI + " ms");
    election.onCampaignWon();
    long began = now;
    assertTrue(campaignWithin(TIMEOUT, 0, 1, 3, 4).isPresent());
    assertTrue(now - began <= 2 * PING, "a win forgets the losses");
  }

  // ---- sync age (protocol-rules.md, 17)
  // -----------------------------------------------------------

  @Test
  void rule17WhoseDiskDoesNotSyncDoesNotCampaignAndAnIdleOneDoes() {
    hearAll(0, 1, 3, 4);
    pass(PING, TIMEOUT);
    hearAll(0, 1, 3, 4);
    assertEquals(Optional.empty(), election.campaign(now));
    assertFalse(peers.isDiskWell(MEMBERSHIP.member(id(SELF)).orElseThrow()));
    pass(PING, 0);
    hearAll(0, 1, 3, 4);
    assertTrue(peers.isDiskWell(MEMBERSHIP.member(id(SELF)).orElseThrow()));
    assertTrue(campaignWithin(TIMEOUT, 0, 1, 3, 4).isPresent());
  }

  @Test
  void rule17AMembersDiskIsWellByWhatItSaidLast() {
    Member other = MEMBERSHIP.member(id(0)).orElseThrow();
    Standing stuck = Standings.of(OLD, Optional.empty(), false, Slot.ZERO, Slot.ZERO, 400, 0);
    hear(0, stuck);
    assertFalse(peers.isDiskWell(other));
    hear(0, Standings.following(OLD, Slot.ZERO));
    assertTrue(peers.isDiskWell(other));
  }

  // ---- silence, and who goes first (protocol-rules.md, 19 and 23)
  // ---------------------------------

  @Test
  void rule19ABrokenStreamSilencesAtOnceAndOnlyUntilTheNextAnswer() {
    hear(0, Standings.content(OLD));
    hearAll(1, 3);
    assertTrue(election.updateContent(Optional.empty()));
    assertTrue(peers.onUnreachable(id(0)));
    assertFalse(peers.onUnreachable(id(0)), "said once");
    assertTrue(election.updateContent(Optional.empty()));
    assertFalse(election.isContent());
    hear(0, Standings.content(OLD));
    assertTrue(election.updateContent(Optional.empty()));
    assertTrue(election.isContent());
  }

  /** The time-out is a sliding window a server, not a round. */
  @Test
  void rule19AServerIsSilentAnElectionTimeOutAfterItsLastAnswer() {
    hearAll(0, 1);
    pass(TIMEOUT - PING);
    hearAll(1);
    pass(PING);
    assertFalse(peers.isHeard(MEMBERSHIP.member(id(0)).orElseThrow()));
    assertTrue(peers.isHeard(MEMBERSHIP.member(id(1)).orElseThrow()));
  }

  /** Servers 0 and 1 would do as well, and have lower ids: they go first, by a round trip each. */
  @Test
  void rule19BetterPlacedServersGoFirst() {
    hearAll(3, 4);
    long began = now;
    assertTrue(campaignWithin(TIMEOUT, 3, 4).isPresent());
    assertEquals(began, now, "nobody with a lower id is heard: at once");

    open(MEMBERSHIP);
    hearAll(0, 1, 3, 4);
    began = now;
    assertTrue(campaignWithin(TIMEOUT, 0, 1, 3, 4).isPresent());
    assertTrue(now - began >= 2 * PING / 10 && now - began < PING, (now - began) + " ns");
  }

  @Test
  void rule19AmongThoseCaughtUpPriorityComesBeforeTheId() {
    Standing preferred =
        Standings.of(Ballot.LOWEST, Optional.empty(), false, Slot.ZERO, Slot.ZERO, 0, 1);
    hear(4, preferred);
    hearAll(3);
    long began = now;
    assertTrue(campaignWithin(TIMEOUT, 3, 4).isPresent());
    assertTrue(now - began >= PING / 10, (now - began) + " ns");
  }

  /** Rule 23: further behind than the pipeline is long, whatever the priority or the id. */
  @Test
  void rule23OneThatIsFarAheadGoesFirst() {
    hear(4, Standings.following(Ballot.LOWEST, Slot.of(settings().pipelineSlots() + 1)));
    hearAll(3);
    long began = now;
    assertTrue(campaignWithin(TIMEOUT, 3, 4).isPresent());
    assertTrue(now - began >= PING / 10, (now - began) + " ns");
  }

  // ---- ballots
  // ------------------------------------------------------------------------------------

  @Test
  void aBallotIsAboveAllThatIsKnownAndNeverTakenTwice() {
    Ballot high = new Ballot(40, id(4));
    hear(4, Standings.following(high, Slot.ZERO));
    hearAll(3);
    Ballot first = campaignWithin(TIMEOUT, 3, 4).orElseThrow();
    assertTrue(first.isAbove(high));
    Ballot second = election.take();
    assertTrue(second.isAbove(first));
    Election restarted = election(second);
    assertTrue(restarted.take().isAbove(second), "across restarts too");
    assertEquals(3, records().stream().filter(JournalRecord.BallotTaken.class::isInstance).count());
  }

  /** Whoever was promised a ballot gets a ping interval to show itself. */
  @Test
  void aPromisedBallotIsGivenTimeToShowItself() {
    hearAll(3, 4);
    election.onPromised(new Ballot(3, id(4)), now);
    long began = now;
    assertTrue(campaignWithin(TIMEOUT, 3, 4).isPresent());
    assertTrue(now - began >= PING, (now - began) + " ns");
  }

  /** What a coordinator hands over is taken although all are content, by one that may. */
  @Test
  void aHandOverIsTakenAlsoByOneThatIsContent() {
    hear(0, Standings.content(OLD));
    assertTrue(election.updateContent(Optional.empty()));
    assertEquals(Optional.empty(), election.takeOver(), "no quorum heard");
    hearAll(1);
    assertTrue(election.takeOver().orElseThrow().isAbove(OLD));
  }

  /**
   * What came meanwhile is read in some order: first that others follow, and then that one acts.
   */
  @Test
  void oneThatStoodStillDoesNotDeposeItsSuccessor() {
    CoreCluster cluster = new CoreCluster(5);
    int first = cluster.elect();
    cluster.stop(first);
    cluster.drop(
        flight ->
            flight.to().number() == first
                && !(flight.from().number() == 4 && flight.message() instanceof Message.Ping));
    cluster.runUntil(
        "another one", () -> cluster.coordinator().map(now -> now != first).orElse(false));
    int successor = cluster.coordinator().orElseThrow();
    assertTrue(successor != 4, "who is read first does not act");
    cluster.run(CoreCluster.ELECTION_TIMEOUT);
    cluster.resume(first);
    cluster.run(60 * CoreCluster.MILLI);
    cluster.drop(flight -> false);
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    assertEquals(Optional.of(successor), cluster.coordinator());
    assertEquals(1, campaigns(cluster, first));
  }

  private static long campaigns(CoreCluster cluster, int server) {
    return cluster.notices(server).stream().filter(Notice.Campaigning.class::isInstance).count();
  }
}
