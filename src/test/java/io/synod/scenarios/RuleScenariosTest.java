package io.synod.scenarios;

import static io.synod.scenarios.ScriptedCluster.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ChosenPrefix;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.Command;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.Result;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One execution a rule; the number is the rule's. */
class RuleScenariosTest {
  private final ScriptedCluster cluster = new ScriptedCluster(3);
  private final int coordinator = cluster.elect();
  private final int follower = (coordinator + 1) % 3;
  private final int other = (coordinator + 2) % 3;

  private Stream<Message> sentBy(int server) {
    return List.copyOf(cluster.sent()).stream()
        .filter(flight -> flight.from() == server)
        .map(ScriptedCluster.Flight::message);
  }

  private long acceptedBy(int server) {
    return sentBy(server).filter(Message.Accepted.class::isInstance).count();
  }

  /**
   * C1 has x accepted at D only; C2 has y chosen there; C1 learns y and tells D how far the log is
   * chosen: D must not take x for it.
   */
  @Test
  void rule01WhatWasLearnedFromAnotherIsNotChosenAtTheOwnBallot() {
    cluster.holdDisk(coordinator);
    cluster.drop(flight -> flight.to() == other && flight.message() instanceof Message.Propose);
    cluster.propose(coordinator, "x");
    cluster.isolate(follower);
    cluster.losePower(coordinator);
    cluster.start(coordinator);
    int second = cluster.elect();
    assertNotEquals(follower, second);
    cluster.propose(second, "y");
    cluster.run(50 * MILLI);
    Slot chosen = cluster.chosen(second);
    assertEquals(List.of("y"), cluster.texts(second));
    Ballot newer = cluster.core(second).followed();
    cluster.receive(follower, second, new Message.Inform(new ChosenPrefix(newer, chosen)));
    assertFalse(cluster.texts(follower).contains("x"), "x is not what was chosen");
    cluster.drop(flight -> false);
    cluster.run(1_000 * MILLI);
    assertEquals(List.of("y"), cluster.texts(follower));
  }

  /**
   * w is accepted at D only; C1 has learned that another value is chosen there, and still acts:
   * what it says with its ballot must not make w chosen at D.
   */
  @Test
  void rule01bWhatWasLearnedIsNotSaidWithTheOwnBallot() {
    cluster.run(100 * MILLI);
    Ballot first = cluster.core(coordinator).followed();
    cluster.drop(flight -> flight.to() != other && flight.message() instanceof Message.Propose);
    cluster.propose(coordinator, "w");
    cluster.drop(flight -> flight.from() == follower && flight.to() == other);
    // It was asked to take over before, and that comes only now.
    cluster.receive(follower, coordinator, new Message.TakeOver(first));
    assertTrue(cluster.core(follower).isCoordinating());
    cluster.propose(follower, "v");
    assertEquals(cluster.chosen(follower).previous(), cluster.chosen(coordinator));
    assertTrue(cluster.core(coordinator).isCoordinating(), "it hears a quorum that follows it");
    cluster.step(coordinator, new Input.ReadsWaiting(1, false));
    assertFalse(cluster.texts(other).contains("w"), "w is not what was chosen");
    cluster.drop(flight -> false);
    cluster.run(1_000 * MILLI);
    assertEquals(List.of("v"), cluster.texts(other));
    assertTrue(cluster.agree(coordinator, follower, other));
  }

  /** Killed between write and sync, restarted, answered; then the power fails. */
  @Test
  void rule02WhatWasReadIsSyncedBeforeItBinds() {
    cluster.kill(other);
    cluster.holdDisk(follower);
    cluster.propose(coordinator, "x");
    cluster.killBetweenWriteAndSync(follower);
    cluster.start(follower);
    cluster.run(700 * MILLI);
    int again = cluster.elect();
    cluster.run(50 * MILLI);
    assertEquals(List.of("x"), cluster.texts(again), "chosen with the vote after the restart");
    cluster.losePower(follower);
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.start(follower);
    int next = cluster.elect();
    cluster.run(50 * MILLI);
    assertEquals(List.of("x"), cluster.texts(next));
  }

  /** The same in a segment that is too large to be written again as a whole. */
  @Test
  void rule02bWhatWasReadInALargeSegmentIsSyncedBeforeItBinds() {
    String large = "large".repeat(6_000);
    cluster.propose(coordinator, large);
    cluster.run(100 * MILLI);
    cluster.settle(follower);
    cluster.kill(other);
    cluster.holdDisk(follower);
    cluster.propose(coordinator, "x");
    cluster.killBetweenWriteAndSync(follower);
    cluster.start(follower);
    cluster.run(700 * MILLI);
    int again = cluster.elect();
    cluster.run(50 * MILLI);
    assertEquals(List.of(large, "x"), cluster.texts(again), "chosen with the vote after restart");
    cluster.losePower(follower);
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.start(follower);
    int next = cluster.elect();
    cluster.run(50 * MILLI);
    assertEquals(List.of(large, "x"), cluster.texts(next));
  }

  /** The frame of a promise rots; the promise must not. */
  @Test
  void rule03aAPromiseOutlivesItsFrame() throws IOException {
    Ballot promised = cluster.core(follower).followed().next(new ServerId(other));
    cluster.settle(follower);
    byte[] before = cluster.disk(follower).bytes(segment(follower));
    cluster.receive(follower, other, new Message.Prepare(promised, Slot.of(1)));
    cluster.settle(follower);
    cluster.kill(follower);
    cluster.disk(follower).replace(segment(follower), before);
    cluster.start(follower);
    assertEquals(promised, cluster.core(follower).promised());
    long accepted = acceptedBy(follower);
    cluster.receive(
        follower,
        coordinator,
        new Message.Propose(
            cluster.core(coordinator).followed(),
            cluster.chosen(follower).next(),
            List.of(ScriptedCluster.batch("below")),
            Slot.ZERO));
    assertEquals(accepted, acceptedBy(follower), "accepted below its promise");
  }

  private String segment(int server) throws IOException {
    return cluster.disk(server).list().stream()
        .filter(name -> name.contains("segment") || name.endsWith(".log"))
        .max(String::compareTo)
        .orElseThrow(() -> new AssertionError(names(server)));
  }

  private String names(int server) {
    try {
      return cluster.disk(server).list().toString();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Neither the frame nor a copy can be read: it goes on as a new life, which has no vote yet. */
  @Test
  void rule03bWithoutItsPromiseAServerCastsNoVote() throws IOException {
    cluster.propose(coordinator, "x");
    cluster.settle(follower);
    Incarnation former = cluster.incarnation(follower);
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "x") > 0);
    for (String name : cluster.disk(follower).list()) {
      if (name.startsWith("promise")) {
        cluster.disk(follower).remove(name);
      }
    }
    cluster.kill(other);
    cluster.start(follower);
    assertTrue(cluster.opened(follower).renewed());
    assertNotEquals(former, cluster.incarnation(follower));
    cluster.propose(coordinator, "y");
    cluster.run(400 * MILLI);
    assertFalse(cluster.texts(coordinator).contains("y"), "chosen with a vote that is lost");
    cluster.start(other);
    cluster.run(2_000 * MILLI);
    int next = cluster.elect();
    cluster.propose(next, "z");
    cluster.run(200 * MILLI);
    assertTrue(cluster.texts(follower).contains("z"));
  }

  /** What one of the two that chose it cannot read any more is unknown, not nothing. */
  @Test
  void rule03cADamagedSlotIsUnknownUntilAQuorumKnowsIt() throws IOException {
    chooseWithoutOther("x");
    cluster.settle(follower);
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "x") > 0);
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.start(follower);
    assertTrue(cluster.opened(follower).recovered().unknown().isPresent());
    cluster.run(3_000 * MILLI);
    assertEquals(Optional.empty(), cluster.coordinator(), "x may have been chosen");
    cluster.start(coordinator);
    cluster.run(1_000 * MILLI);
    int next = cluster.elect();
    cluster.run(100 * MILLI);
    assertEquals(List.of("x"), cluster.texts(next));
  }

  /**
   * What may be lost is bounded by its bytes, far beyond what was ever proposed; it must not hold
   * up elections until as much is chosen: one server after another loses a part of its log, while
   * all of them are up.
   */
  @Test
  void rule03dLossesOneAfterAnotherLeaveAQuorumThatCounts() throws IOException {
    ScriptedCluster five = new ScriptedCluster(5);
    int first = five.elect();
    for (int i = 1; i <= 3; i++) {
      String text = "lost" + i;
      five.propose(first, text + " ".repeat(10_000));
      int server = (first + i) % 5;
      five.settle(server);
      five.kill(server);
      assertTrue(five.damage(server, text) > 0);
      five.start(server);
      SlotRange range = five.opened(server).recovered().unknown().orElseThrow();
      assertTrue(range.last().minus(range.first()) > 100, range.toString());
      five.run(2_000 * MILLI);
      assertEquals(Optional.of(first), five.coordinator(), "it needs no other");
    }
    for (int i = 0; i < 5; i++) {
      five.kill(i);
    }
    for (int i = 0; i < 5; i++) {
      five.start(i);
    }
    five.propose(five.elect(), "z");
    five.run(200 * MILLI);
    for (int i = 0; i < 5; i++) {
      assertTrue(five.texts(i).contains("z"), "server " + i);
    }
  }

  /** A new ballot that could get no quorum beyond doubt would stop a store that goes on. */
  @Test
  void rule03eNoNewBallotWithoutAQuorumBeyondDoubt() throws IOException {
    cluster.propose(coordinator, "lost" + " ".repeat(10_000));
    cluster.settle(follower);
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "lost") > 0);
    cluster.start(follower);
    cluster.kill(other);
    cluster.run(5_000 * MILLI);
    assertEquals(Optional.of(coordinator), cluster.coordinator());
    cluster.propose(coordinator, "y");
    assertTrue(cluster.texts(coordinator).contains("y"));
    Ballot before = cluster.core(coordinator).followed();
    cluster.start(other);
    cluster.run(2_000 * MILLI);
    assertTrue(cluster.core(coordinator).followed().isAbove(before), "settled");
    cluster.kill(other);
    cluster.kill(coordinator);
    cluster.start(coordinator);
    cluster.propose(cluster.elect(), "z");
    cluster.run(200 * MILLI);
    assertTrue(cluster.texts(follower).contains("z"));
  }

  /** x is chosen by two of three, the third is down. */
  private void chooseWithoutOther(String text) {
    cluster.kill(other);
    // What makes the followers know it chosen is lost: only the two acceptances are left.
    cluster.drop(
        flight ->
            flight.to() == follower
                && (flight.message() instanceof Message.Inform
                    || flight.message() instanceof Message.Ping));
    cluster.propose(coordinator, text);
    assertEquals(List.of(text), cluster.texts(coordinator));
    cluster.drop(flight -> false);
  }

  /** A bit flips in the last acknowledged batch, which looks as if its write never ended. */
  @Test
  void rule04ATornTailCountsAsNothingOnlyWhenAllHaveAnswered() throws IOException {
    chooseWithoutOther("x");
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "x") > 0);
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.start(follower);
    assertTrue(cluster.opened(follower).recovered().torn().isPresent());
    cluster.run(3_000 * MILLI);
    assertEquals(Optional.empty(), cluster.coordinator(), "x may have been chosen");
    cluster.start(coordinator);
    cluster.run(1_000 * MILLI);
    int next = cluster.elect();
    cluster.run(100 * MILLI);
    assertEquals(List.of("x"), cluster.texts(next));
  }

  /** A torn tail does not stop three servers that are all there. */
  @Test
  void rule04bATornTailIsOverWhenAllHaveAnswered() throws IOException {
    cluster.drop(
        flight -> flight.from() == follower && flight.message() instanceof Message.Accepted);
    cluster.propose(coordinator, "tail");
    cluster.drop(flight -> false);
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "tail") > 0);
    cluster.start(follower);
    assertTrue(cluster.opened(follower).recovered().torn().isPresent());
    cluster.kill(coordinator);
    cluster.start(coordinator);
    cluster.run(1_000 * MILLI);
    int next = cluster.elect();
    cluster.propose(next, "z");
    cluster.run(200 * MILLI);
    assertEquals(List.of("tail", "z"), cluster.texts(follower));
  }

  /** Buffered behind a gap at b1, then promised b2: what fills the gap releases nothing of b1. */
  @Test
  void rule06TheGapBufferIsCheckedAgain() {
    Ballot first = cluster.core(coordinator).followed();
    Slot gap = cluster.chosen(follower).next();
    cluster.receive(
        follower,
        coordinator,
        new Message.Propose(first, gap.next(), List.of(ScriptedCluster.batch("ahead")), Slot.ZERO));
    Ballot second = first.next(new ServerId(other));
    cluster.receive(follower, other, new Message.Prepare(second, gap));
    cluster.receive(
        follower,
        other,
        new Message.Propose(second, gap, List.of(ScriptedCluster.batch("gap")), Slot.ZERO));
    List<Message.Accepted> accepted =
        sentBy(follower)
            .filter(Message.Accepted.class::isInstance)
            .map(Message.Accepted.class::cast)
            .filter(each -> each.ballot().equals(second))
            .toList();
    assertEquals(gap, accepted.get(accepted.size() - 1).upTo());
  }

  /**
   * A copy of a command of an earlier run comes late: it is not carried out under another session.
   */
  @Test
  void rule09ACommandOfASessionThatIsGoneIsNotCarriedOut() {
    KeyValueStore store = KeyValueStore.inMemory();
    ServerId server = new ServerId(0);
    Bytes key = Bytes.utf8("key");
    long first = open(store, server, new UUID(1, 1));
    Command early =
        new Command.Put(new Command.Stamp(first, 1, 1), key, Bytes.utf8("of the first run"));
    assertEquals(new Result.Done(2), apply(store, early));
    assertEquals(new Result.Done(2), apply(store, early), "applied once");
    long second = open(store, server, new UUID(2, 2));
    apply(store, new Command.Put(new Command.Stamp(second, 1, 1), key, Bytes.utf8("later")));
    assertEquals(new Result.SessionGone(), apply(store, early));
    assertEquals(Optional.of(Bytes.utf8("later")), store.get(key));
  }

  private static long open(KeyValueStore store, ServerId server, UUID run) {
    return ((Result.SessionOpened) apply(store, new Command.OpenSession(server, run))).session();
  }

  private static Result apply(KeyValueStore store, Command command) {
    CommandEncoder encoder = new CommandEncoder(1 << 16);
    encoder.put(command);
    List<Result> results = new ArrayList<>();
    store.apply(
        store.applied().next(),
        CommandFormat.batch(0, List.of(encoder.take())),
        (session, sequence, result) -> results.add(result));
    return results.get(0);
  }

  /** The others have cut their logs: what is absent there is chosen, not free. */
  @Test
  void rule10WhatIsCutIsFetchedAndNeverProposed() {
    cluster.priority(other, 9);
    cluster.kill(other);
    for (int i = 0; i < 5; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(200 * MILLI);
    Slot cut = cluster.chosen(follower);
    cluster.step(follower, new Input.SnapshotTaken(cut));
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.run(1_500 * MILLI);
    boolean proposed =
        sentBy(other)
            .filter(Message.Propose.class::isInstance)
            .anyMatch(message -> !((Message.Propose) message).first().isAfter(cut));
    assertFalse(proposed, "proposed where the others know a value chosen");
    assertTrue(cluster.notices(other).stream().anyMatch(Notice.SnapshotNeeded.class::isInstance));
    long fetches = sentBy(other).filter(Message.Fetch.class::isInstance).count();
    assertTrue(fetches <= 40, fetches + " fetches while the snapshot is on its way");
    cluster.step(other, new Input.SnapshotInstalled(cut, cluster.core(follower).membership()));
    int next = cluster.elect();
    cluster.propose(next, "after");
    cluster.run(200 * MILLI);
    assertEquals(List.of("after"), cluster.texts(other));
  }

  /** Nothing else tells a server what it missed when no client asks for anything any more. */
  @Test
  void rule10bAFetchThatIsLostIsSentAgain() {
    int[] lost = new int[1];
    cluster.drop(
        flight ->
            (flight.to() == other && flight.message() instanceof Message.Propose)
                || (flight.from() == other
                    && flight.message() instanceof Message.Fetch
                    && lost[0]++ == 0));
    cluster.propose(coordinator, "x");
    cluster.run(1_000 * MILLI);
    assertTrue(lost[0] > 1, "sent " + lost[0] + " times");
    assertEquals(List.of("x"), cluster.texts(other));
  }

  /** Whatever else a server knows from memory, its promise waits for the disk. */
  @Test
  void rule11APromiseWaitsForItsSync() {
    cluster.holdDisk(follower);
    Ballot higher = cluster.core(follower).followed().next(new ServerId(other));
    cluster.receive(follower, other, new Message.Prepare(higher, Slot.of(1)));
    assertTrue(
        sentBy(follower)
            .filter(Message.Promise.class::isInstance)
            .noneMatch(message -> ((Message.Promise) message).ballot().equals(higher)));
    cluster.losePower(follower);
    cluster.start(follower);
    assertTrue(cluster.core(follower).promised().isBelow(higher), "it never said so");
    cluster.run(300 * MILLI);
    cluster.receive(follower, other, new Message.Prepare(higher, Slot.of(1)));
    assertTrue(
        sentBy(follower)
            .filter(Message.Promise.class::isInstance)
            .anyMatch(message -> ((Message.Promise) message).ballot().equals(higher)));
  }

  /** An earlier copy of a directory is the same life with forgotten votes. */
  @Test
  void rule12ADirectoryRolledBackCastsNoVote() {
    cluster.settle(follower);
    SimulatedDisk earlier = cluster.disk(follower).copy(new SplittableRandom(1));
    cluster.kill(other);
    cluster.propose(coordinator, "x");
    assertEquals(List.of("x"), cluster.texts(coordinator));
    cluster.run(100 * MILLI);
    cluster.kill(follower);
    earlier.crash();
    cluster.rollBack(follower, earlier);
    cluster.start(follower);
    cluster.run(400 * MILLI);
    cluster.propose(coordinator, "y");
    cluster.run(100 * MILLI);
    assertFalse(cluster.texts(coordinator).contains("y"), "chosen with a vote of the former life");
  }

  private List<Member> makeAWitnessOfTheOther() {
    List<Member> members =
        new ArrayList<>(cluster.core(coordinator).membership().membership().members());
    members.replaceAll(
        member ->
            member.server().number() == other ? member.withRole(Member.Role.WITNESS) : member);
    cluster.step(coordinator, new Input.MembershipProposed(new Membership(Slot.ZERO, members)));
    cluster.run(200 * MILLI);
    return members;
  }

  /**
   * A witness has a vote, which is enough for the one voter that is left, and never coordinates.
   */
  @Test
  void rule13AWitnessVotesAndNeverCoordinates() {
    List<Member> members = makeAWitnessOfTheOther();
    assertEquals(members, cluster.core(other).membership().membership().members());
    cluster.kill(coordinator);
    cluster.run(3_000 * MILLI);
    assertEquals(Optional.of(follower), cluster.coordinator());
    cluster.propose(follower, "x");
    assertEquals(List.of("x"), cluster.texts(follower));
    cluster.start(coordinator);
    cluster.run(500 * MILLI);
    cluster.kill(follower);
    cluster.kill(coordinator);
    long before = campaignsOf(other);
    cluster.run(3_000 * MILLI);
    cluster.start(coordinator);
    cluster.drop(
        flight -> flight.from() == coordinator && flight.message() instanceof Message.Prepare);
    cluster.run(3_000 * MILLI);
    assertEquals(before, campaignsOf(other));
    assertEquals(Optional.empty(), cluster.coordinator());
  }

  /**
   * Only a witness and one voter hold what is chosen, and the witness has cut its log; that voter
   * is gone when the one that missed it all is back.
   */
  @Test
  void rule13bAWitnessAndAReturningVoterHaveAllValues() {
    Object unused = makeAWitnessOfTheOther();
    cluster.kill(follower);
    for (int i = 0; i < 5; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(200 * MILLI);
    Slot cut = cluster.chosen(other);
    assertEquals(5, cluster.texts(other).size());
    cluster.step(other, new Input.SnapshotTaken(cut));
    cluster.kill(coordinator);
    cluster.start(follower);
    cluster.run(2_000 * MILLI);
    assertEquals(Optional.empty(), cluster.coordinator(), "it lacks what the witness has cut");
    assertTrue(
        cluster.notices(follower).stream().anyMatch(Notice.SnapshotNeeded.class::isInstance));
    cluster.step(follower, new Input.SnapshotInstalled(cut, cluster.core(other).membership()));
    assertEquals(follower, cluster.elect());
    boolean proposed =
        sentBy(follower)
            .filter(Message.Propose.class::isInstance)
            .anyMatch(message -> !((Message.Propose) message).first().isAfter(cut));
    assertFalse(proposed, "proposed where the witness knows a value chosen");
    cluster.propose(follower, "after");
    cluster.run(100 * MILLI);
    assertEquals(List.of("after"), cluster.texts(follower));
  }

  private long campaignsOf(int server) {
    return cluster.notices(server).stream().filter(Notice.Campaigning.class::isInstance).count();
  }

  /** A peer that proposes another value for a chosen slot is told of, and changes nothing. */
  @Test
  void rule14APeerThatContradictsAChosenValueIsAlarmed() {
    cluster.propose(coordinator, "x");
    cluster.run(100 * MILLI);
    List<Ballot> votes = new ArrayList<>();
    cluster.drop(
        flight -> {
          if (flight.from() == follower && flight.message() instanceof Message.Accepted accepted) {
            votes.add(accepted.ballot());
          }
          return false;
        });
    Slot slot = cluster.chosen(follower);
    Ballot higher = cluster.core(follower).followed().next(new ServerId(other));
    cluster.receive(
        follower,
        other,
        new Message.Propose(higher, slot, List.of(ScriptedCluster.batch("not x")), Slot.ZERO));
    cluster.run(20 * MILLI);
    assertTrue(
        cluster.notices(follower).stream().anyMatch(Notice.PeerMisbehaved.class::isInstance));
    assertFalse(votes.contains(higher), "no vote for it leaves");
    cluster.kill(follower);
    cluster.start(follower);
    assertEquals(List.of("x"), cluster.texts(follower));
  }

  /** A candidate whose own value is never chosen gives up, and another goes first. */
  @Test
  void rule16ACandidateThatIsNotChosenGivesUp() {
    cluster.kill(coordinator);
    cluster.drop(
        flight ->
            (flight.from() == other && flight.message() instanceof Message.Prepare)
                || (flight.to() == follower && flight.message() instanceof Message.Accepted));
    cluster.run(2 * ScriptedCluster.ELECTION_TIMEOUT);
    assertTrue(cluster.notices(follower).stream().anyMatch(Notice.Campaigning.class::isInstance));
    assertEquals(Optional.empty(), cluster.coordinator());
    cluster.drop(flight -> flight.to() == follower && flight.message() instanceof Message.Accepted);
    for (int i = 0; i < 20 && cluster.coordinator().isEmpty(); i++) {
      cluster.run(ScriptedCluster.ELECTION_TIMEOUT);
    }
    assertEquals(Optional.of(other), cluster.coordinator());
    cluster.propose(other, "x");
    assertEquals(List.of("x"), cluster.texts(other));
  }

  /** Two say that they are content, each at its own ballot: the one at the higher is followed. */
  @Test
  void rule16bContentIsWhoActsAtTheHighestBallotKnown() {
    int next = Math.max(follower, other);
    int third = Math.min(follower, other);
    Ballot first = cluster.core(coordinator).followed();
    cluster.drop(flight -> flight.to() == coordinator);
    cluster.receive(next, coordinator, new Message.TakeOver(first));
    cluster.run(100 * MILLI);
    assertTrue(cluster.core(next).isCoordinating());
    assertTrue(cluster.core(coordinator).isContent(), "it has not noticed yet");
    assertEquals(Optional.of(new ServerId(next)), cluster.core(third).coordinatorHeard());
  }

  /** The coordinator's port is closed: it is replaced long before the election timeout. */
  @Test
  void rule19ARefusedConnectionIsSilenceAtOnce() {
    cluster.run(200 * MILLI);
    cluster.kill(coordinator);
    for (int i : new int[] {follower, other}) {
      cluster.step(i, new Input.PeerUnreachable(new ServerId(coordinator)));
    }
    cluster.run(ScriptedCluster.ELECTION_TIMEOUT / 2);
    assertTrue(cluster.coordinator().isPresent());
  }

  /** The candidate's own acceptor fails to answer, once: it is one vote, and is asked again. */
  @Test
  void rule20TheCandidatesOwnAcceptorMayFail() {
    int[] lost = new int[1];
    cluster.kill(coordinator);
    cluster.kill(other);
    cluster.drop(
        flight ->
            flight.from() == flight.to()
                && flight.message() instanceof Message.Prepare
                && lost[0]++ == 0);
    cluster.start(other);
    cluster.run(600 * MILLI);
    cluster.elect();
    assertTrue(lost[0] > 1, "sent to itself " + lost[0] + " times");
  }

  /** A process that was held up for long does not take all others for silent. */
  @Test
  void rule21AStarvedServerDeposesNobody() {
    cluster.run(300 * MILLI);
    int before = cluster.notices(follower).size();
    cluster.jump(follower, 20_000 * MILLI);
    assertTrue(
        cluster.notices(follower).stream()
            .skip(before)
            .noneMatch(
                notice ->
                    notice instanceof Notice.MemberSilent || notice instanceof Notice.Campaigning));
    assertTrue(cluster.core(follower).isContent());
    cluster.run(300 * MILLI);
    assertEquals(Optional.of(coordinator), cluster.coordinator());
  }

  /**
   * A candidate dies when its ballot is durable and nobody has heard of it; another coordinates at
   * a lower one. When it is back, it follows that one, or that one goes above it.
   */
  @Test
  void rule22ABallotThatNobodyActsAtStandsInNobodysWay() {
    int candidate = Math.max(follower, other);
    cluster.run(100 * MILLI);
    Ballot first = cluster.core(coordinator).followed();
    cluster.drop(flight -> flight.from() == candidate);
    cluster.receive(candidate, coordinator, new Message.TakeOver(first));
    assertTrue(cluster.core(candidate).followed().isAbove(first));
    cluster.kill(candidate);
    cluster.drop(flight -> false);
    cluster.start(candidate);
    cluster.run(2_000 * MILLI);
    int acting = cluster.coordinator().orElseThrow();
    assertEquals(Optional.of(new ServerId(acting)), cluster.core(candidate).coordinatorHeard());
  }

  /** A server that is far behind lets one that is not go first, whatever its priority. */
  @Test
  void rule23ALaggingServerDoesNotWin() {
    cluster.priority(other, 9);
    cluster.kill(other);
    for (int i = 0; i < 2 * ScriptedCluster.PIPELINE; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(100 * MILLI);
    cluster.drop(flight -> flight.to() == other && flight.message() instanceof Message.Fetched);
    cluster.start(other);
    cluster.run(300 * MILLI);
    cluster.kill(coordinator);
    cluster.run(1_000 * MILLI);
    assertTrue(cluster.notices(follower).stream().anyMatch(Notice.Campaigning.class::isInstance));
    assertTrue(cluster.notices(other).stream().noneMatch(Notice.Campaigning.class::isInstance));
    cluster.drop(flight -> false);
    assertEquals(follower, cluster.elect());
  }
}
