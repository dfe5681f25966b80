package io.synod.scenarios;

import static io.synod.scenarios.ScriptedCluster.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Ballot;
import io.synod.paxos.ChosenPrefix;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.Message;
import io.synod.paxos.Output;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * Rules 1 to 6, what a vote is and what must outlive a disk: one execution a rule, by its number.
 */
class VoteRulesTest extends RuleScenario {
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
    cluster.propose(coordinator, "lost");
    cluster.settle(follower);
    Incarnation former = cluster.incarnation(follower);
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "lost") > 0);
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
    chooseWithoutOther("lost");
    cluster.settle(follower);
    loseAtFollower(recovered -> recovered.unknown().isPresent());
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

  /** This is chosen by two of three, the third is down. */
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

  /** What it has left does not elect anybody until the other of the two that chose it is back. */
  private void loseAtFollower(Predicate<Recovered> says) throws IOException {
    cluster.kill(follower);
    assertTrue(cluster.damage(follower, "lost") > 0);
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.start(follower);
    assertTrue(says.test(cluster.opened(follower).recovered()));
    cluster.run(3_000 * MILLI);
    assertEquals(Optional.empty(), cluster.coordinator(), "what was lost may have been chosen");
    cluster.start(coordinator);
    cluster.run(1_000 * MILLI);
    int next = cluster.elect();
    cluster.run(100 * MILLI);
    assertEquals(List.of("lost"), cluster.texts(next));
  }

  /** A bit flips in the last acknowledged batch, which looks as if its write never ended. */
  @Test
  void rule04ATornTailCountsAsNothingOnlyWhenAllHaveAnswered() throws IOException {
    chooseWithoutOther("lost");
    loseAtFollower(recovered -> recovered.torn().isPresent());
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

  /**
   * The coordinator is cut off, and another has y chosen; the first has not noticed. Returns the
   * other's ballot.
   */
  private Ballot deposeUnnoticed() {
    cluster.run(100 * MILLI);
    cluster.isolate(coordinator);
    // It was asked to take over before, and that comes only now.
    Message asked = new Message.TakeOver(cluster.core(coordinator).followed());
    cluster.receive(other, coordinator, asked);
    cluster.propose(other, "y");
    assertEquals(List.of("y"), cluster.texts(other));
    assertEquals(cluster.core(other).followed(), cluster.core(follower).promised());
    return cluster.core(other).followed();
  }

  /** Asks the deposed coordinator for a read point while it hears nobody but the follower. */
  private void readAtTheDeposed() {
    long before = pongsOf(follower);
    cluster.step(coordinator, new Input.ReadsWaiting(1, false));
    assertTrue(pongsOf(follower) > before, "it answers");
    assertTrue(
        cluster.readAnswers(coordinator).stream()
            .noneMatch(Output.ReadAnswer.Ready.class::isInstance),
        "a read that does not see y");
  }

  private long pongsOf(int server) {
    return sentBy(server).filter(Message.Pong.class::isInstance).count();
  }

  /** One of those that deposed it loses its memory, and answers the deposed coordinator. */
  @Test
  void rule05WhoLostItsMemoryConfirmsNoReadForADeposedCoordinator() {
    Ballot newer = deposeUnnoticed();
    cluster.loseDisk(follower);
    cluster.isolate(other);
    cluster.start(follower);
    // Until then it answers nobody: it waits for what others may have seen it vote for.
    cluster.run(3 * ScriptedCluster.ELECTION_TIMEOUT / 4);
    assertTrue(cluster.core(coordinator).isCoordinating(), "it has not noticed");
    assertTrue(cluster.core(follower).promised().isBelow(newer), "it does not know any more");
    readAtTheDeposed();
  }

  /** One of those that deposed it remembers, and answers the deposed coordinator. */
  @Test
  void rule05bWhoPromisedMoreConfirmsNoReadForADeposedCoordinator() {
    Ballot unused = deposeUnnoticed();
    cluster.drop(
        flight ->
            flight.from() == other
                || flight.to() == other
                || (flight.from() == follower && !(flight.message() instanceof Message.Pong)));
    assertTrue(cluster.core(coordinator).isCoordinating(), "it has not noticed");
    readAtTheDeposed();
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
    long before = sentBy(follower).count();
    cluster.receive(
        follower,
        other,
        new Message.Propose(second, gap, List.of(ScriptedCluster.batch("gap")), Slot.ZERO));
    List<Message.Accepted> accepted =
        sentBy(follower)
            .skip(before)
            .filter(Message.Accepted.class::isInstance)
            .map(Message.Accepted.class::cast)
            .toList();
    assertEquals(List.of(new Message.Accepted(second, gap)), accepted);
  }
}
