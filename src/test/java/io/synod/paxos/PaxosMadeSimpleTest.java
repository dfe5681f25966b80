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

/** The claims of Lamport, "Paxos Made Simple" (2001), one a test. */
class PaxosMadeSimpleTest {
  private static final long MILLI = CoreCluster.MILLI;
  private static final ServerId S0 = new ServerId(0);
  private static final ServerId S1 = new ServerId(1);
  private static final ServerId S2 = new ServerId(2);

  private final CoreCluster cluster = new CoreCluster(3);
  private final Effects effects = new Effects();

  private Acceptor acceptor() {
    return new Acceptor(cluster.settings(0), effects, Recovered.nothing());
  }

  private static Message.Propose propose(Ballot ballot, String text) {
    return new Message.Propose(ballot, Slot.of(1), List.of(CoreCluster.batch(text)), Slot.ZERO);
  }

  private static Life life(ServerId server) {
    return new Life(server, new Incarnation(new UUID(0, server.number())));
  }

  private static Message.Promise promise(Ballot ballot, AcceptedValue... accepted) {
    Slot last = accepted.length == 0 ? Slot.ZERO : accepted[accepted.length - 1].slot();
    return new Message.Promise(
        ballot,
        Slot.ZERO,
        Slot.ZERO,
        List.of(accepted),
        last,
        last,
        Optional.empty(),
        Optional.empty());
  }

  /** Section 2.2, P1: an acceptor must accept the first proposal that it receives. */
  @Test
  void anAcceptorAcceptsTheFirstProposalItReceives() {
    Acceptor acceptor = acceptor();
    acceptor.onPropose(S1, propose(new Ballot(1, S1), "v"));
    assertEquals(Slot.of(1), acceptor.log().last());
  }

  /**
   * Section 2.2, P1a: it accepts number n iff it has not responded to a prepare with a number
   * greater than n.
   */
  @Test
  void anAcceptorAcceptsUnlessItPromisedAHigherNumber() {
    Acceptor acceptor = acceptor();
    acceptor.onPrepare(S1, new Message.Prepare(new Ballot(2, S1), Slot.of(1)));
    acceptor.onPropose(S2, propose(new Ballot(1, S2), "low"));
    assertEquals(Slot.ZERO, acceptor.log().last());
    acceptor.onPropose(S1, propose(new Ballot(2, S1), "equal"));
    assertEquals(Slot.of(1), acceptor.log().last());
  }

  /** Section 2.2, phase 1b: the response carries the highest-numbered proposal accepted. */
  @Test
  void aPromiseTellsTheHighestNumberedProposalAccepted() {
    Acceptor acceptor = acceptor();
    acceptor.onPropose(S1, propose(new Ballot(1, S1), "first"));
    acceptor.onPropose(S2, propose(new Ballot(2, S2), "second"));
    effects.take();
    acceptor.onPrepare(S1, new Message.Prepare(new Ballot(3, S1), Slot.of(1)));
    Message.Promise promise =
        assertInstanceOf(Message.Promise.class, effects.take().sendWhenDurable().get(0).message());
    assertEquals(
        List.of(new AcceptedValue(Slot.of(1), new Ballot(2, S2), CoreCluster.batch("second"))),
        promise.accepted());
  }

  /**
   * Section 2.2, P2c: the value proposed is that of the highest-numbered proposal among the
   * responses.
   */
  @Test
  void aProposerAdoptsTheValueOfTheHighestNumber() {
    Ballot ballot = new Ballot(9, S0);
    Promises promises = new Promises(Slot.of(1));
    promises.add(
        life(S0),
        promise(
            ballot, new AcceptedValue(Slot.of(1), new Ballot(3, S1), CoreCluster.batch("low"))));
    promises.add(
        life(S1),
        promise(
            ballot, new AcceptedValue(Slot.of(1), new Ballot(5, S2), CoreCluster.batch("high"))));
    promises.add(
        life(S2),
        promise(
            ballot, new AcceptedValue(Slot.of(1), new Ballot(4, S0), CoreCluster.batch("mid"))));
    assertEquals(Optional.of(CoreCluster.batch("high")), promises.valueFor(Slot.of(1)));
  }

  /** Section 2.2, P2c: any value, if the responders reported none. */
  @Test
  void aProposerIsFreeWhereNobodyAcceptedAnything() {
    Promises promises = new Promises(Slot.of(1));
    promises.add(life(S0), promise(new Ballot(1, S0)));
    promises.add(life(S1), promise(new Ballot(1, S0)));
    assertEquals(Optional.empty(), promises.valueFor(Slot.of(1)));
  }

  /**
   * Section 2.2: an acceptor remembers its promise and the highest-numbered proposal even if it
   * fails and is restarted.
   */
  @Test
  void anAcceptorRemembersOverARestart() {
    List<JournalRecord> journal = new ArrayList<>();
    Acceptor acceptor = acceptor();
    acceptor.onPropose(S1, propose(new Ballot(1, S1), "v"));
    acceptor.onPrepare(S2, new Message.Prepare(new Ballot(7, S2), Slot.of(1)));
    journal.addAll(effects.take().records());
    Acceptor restarted = new Acceptor(cluster.settings(0), effects, Fold.of(journal));
    assertEquals(new Ballot(7, S2), restarted.promised());
    assertEquals(Slot.of(1), restarted.log().last());
  }

  /** Section 2.2: no two proposals are ever issued with the same number, over restarts too. */
  @Test
  void noNumberIsIssuedTwice() {
    int coordinator = cluster.elect();
    Ballot before = cluster.core(coordinator).followed();
    for (int i = 0; i < 3; i++) {
      cluster.kill(i);
      cluster.restart(i);
    }
    int next = cluster.elect();
    assertNotEquals(before, cluster.core(next).followed());
    assertTrue(cluster.core(next).followed().isAbove(before));
  }

  /**
   * Section 2.3: a learner finds out that a value is chosen; one that missed it learns it later.
   */
  @Test
  void aLearnerThatMissedAValueLearnsItLater() {
    int coordinator = cluster.elect();
    int cut = (coordinator + 1) % 3;
    cluster.cutLink(cut, coordinator);
    cluster.cutLink(cut, (coordinator + 2) % 3);
    cluster.propose(coordinator, "v");
    assertFalse(cluster.texts(cut).contains("v"));
    cluster.healLinks();
    cluster.run(500 * MILLI);
    assertTrue(cluster.texts(cut).contains("v"));
  }

  /** Section 2.4: progress with one distinguished proposer that can talk to a majority. */
  @Test
  void oneDistinguishedProposerMakesProgressWithAMajority() {
    int coordinator = cluster.elect();
    cluster.kill((coordinator + 1) % 3);
    cluster.propose(coordinator, "v");
    cluster.run(100 * MILLI);
    assertEquals(List.of("v"), cluster.texts(coordinator));
  }

  /**
   * Section 3: a new leader executes phase 1 once for infinitely many instances, and proposes in
   * order what it learned.
   */
  @Test
  void aNewCoordinatorPreparesOnceAndKeepsWhatMayBeChosen() {
    int first = cluster.elect();
    cluster.drop(flight -> flight.message() instanceof Message.Accepted);
    cluster.propose(first, "a");
    cluster.propose(first, "b");
    cluster.kill(first);
    cluster.drop(flight -> false);
    cluster.run(700 * MILLI);
    int second = cluster.elect();
    assertEquals(List.of("a", "b"), cluster.texts(second));
    cluster.propose(second, "c");
    cluster.propose(second, "d");
    cluster.run(50 * MILLI);
    assertEquals(List.of("a", "b", "c", "d"), cluster.texts(second));
  }
}
