package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The acceptor by itself: ballot relation × slot relation × state. */
class AcceptorTest {
  private static final ServerId S1 = new ServerId(1);
  private static final ServerId S2 = new ServerId(2);
  private static final Ballot B1 = new Ballot(1, S1);
  private static final Ballot B2 = new Ballot(2, S2);
  private static final Ballot B3 = new Ballot(3, S1);

  private final Effects effects = new Effects();

  private Acceptor acceptor(Recovered recovered) {
    return new Acceptor(settings(), effects, recovered);
  }

  private static PaxosSettings settings() {
    return new PaxosSettings(
        new ServerId(0),
        new Incarnation(new UUID(1, 1)),
        List.of(new Address("localhost", 9000)),
        new Address("localhost", 8000),
        new ClusterId(new UUID(1, 2)),
        1,
        1,
        10,
        8,
        1_000,
        0);
  }

  private static Message.Propose propose(Ballot ballot, long first, String... texts) {
    List<Value> values = new ArrayList<>();
    for (String text : texts) {
      values.add(CoreCluster.batch(text));
    }
    return new Message.Propose(ballot, Slot.of(first), values, Slot.ZERO);
  }

  private Message.Binding bindingAnswer() {
    List<Output.Send<Message.Binding>> sent = effects.take().sendWhenDurable();
    assertEquals(1, sent.size(), () -> "answers " + sent);
    return sent.get(0).message();
  }

  private Message.Unbound unboundAnswer() {
    Output output = effects.take();
    assertTrue(output.sendWhenDurable().isEmpty(), () -> "binds itself: " + output);
    assertEquals(1, output.sendNow().size());
    return output.sendNow().get(0).message();
  }

  @Test
  void promisesAHigherBallotAndJournalsIt() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPrepare(S1, new Message.Prepare(B1, Slot.of(1)));
    Output output = effects.take();
    assertEquals(List.of(new JournalRecord.Promised(B1)), output.records());
    assertInstanceOf(Message.Promise.class, output.sendWhenDurable().get(0).message());
    assertTrue(output.sendNow().isEmpty());
  }

  @Test
  void rejectsPrepareBelowPromise() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPrepare(S2, new Message.Prepare(B2, Slot.of(1)));
    effects.take();
    acceptor.onPrepare(S1, new Message.Prepare(B1, Slot.of(1)));
    assertEquals(new Message.Refused(B1, B2), unboundAnswer());
    assertEquals(B2, acceptor.promised());
  }

  @Test
  void answersARepeatedPrepareWithoutANewRecord() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPrepare(S1, new Message.Prepare(B1, Slot.of(1)));
    effects.take();
    acceptor.onPrepare(S1, new Message.Prepare(B1, Slot.of(1)));
    Output output = effects.take();
    assertTrue(output.records().isEmpty());
    assertEquals(1, output.sendWhenDurable().size());
  }

  @Test
  void rejectsProposeBelowPromise() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPrepare(S2, new Message.Prepare(B2, Slot.of(1)));
    effects.take();
    acceptor.onPropose(S1, propose(B1, 1, "x"));
    assertEquals(new Message.Refused(B1, B2), unboundAnswer());
    assertEquals(Slot.ZERO, acceptor.log().last());
  }

  @Test
  void acceptsAtAHigherBallotAndRaisesThePromise() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S2, propose(B2, 1, "x"));
    assertEquals(new Message.Accepted(B2, Slot.of(1)), bindingAnswer());
    acceptor.onPropose(S1, propose(B1, 1, "y"));
    assertInstanceOf(Message.Refused.class, unboundAnswer());
  }

  @Test
  void keepsTheRaisedPromiseOverARestart() {
    List<JournalRecord> journal = new ArrayList<>();
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S2, propose(B2, 1, "x"));
    journal.addAll(effects.take().records());
    Acceptor restarted = acceptor(Fold.of(journal));
    restarted.onPropose(S1, propose(B1, 1, "y"));
    assertInstanceOf(Message.Refused.class, unboundAnswer());
  }

  @Test
  void acknowledgesAWholePrefix() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 1, "a", "b"));
    effects.take();
    acceptor.onPropose(S1, propose(B1, 3, "c"));
    assertEquals(new Message.Accepted(B1, Slot.of(3)), bindingAnswer());
  }

  @Test
  void asksForAGapAndReleasesWhatCameAhead() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 2, "b"));
    assertEquals(new Message.Missing(B1, Slot.of(1)), unboundAnswer());
    assertEquals(Slot.ZERO, acceptor.log().last());
    acceptor.onPropose(S1, propose(B1, 1, "a"));
    assertEquals(new Message.Accepted(B1, Slot.of(2)), bindingAnswer());
  }

  @Test
  void dropsWhatWaitsAheadWhenAHigherBallotCame() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 2, "old"));
    acceptor.onPrepare(S2, new Message.Prepare(B2, Slot.of(1)));
    acceptor.onPropose(S2, propose(B2, 1, "new"));
    effects.take();
    assertEquals(Slot.of(1), acceptor.log().last());
    assertEquals(Slot.of(1), acceptor.matched());
  }

  @Test
  void neverDropsTheSlotsAboveOneThatIsOverwritten() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 1, "a", "b", "c"));
    effects.take();
    acceptor.onPropose(S2, propose(B2, 1, "a"));
    assertEquals(new Message.Accepted(B2, Slot.of(1)), bindingAnswer());
    assertEquals(Slot.of(3), acceptor.log().last());
    assertEquals(B1, acceptor.log().get(Slot.of(3)).ballot());
  }

  @Test
  void reportsWhatItAcceptedFromTheAskedSlotOn() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 1, "a", "b", "c"));
    effects.take();
    acceptor.onPrepare(S2, new Message.Prepare(B2, Slot.of(2)));
    Message.Promise promise = (Message.Promise) bindingAnswer();
    assertEquals(
        List.of(Slot.of(2), Slot.of(3)),
        promise.accepted().stream().map(AcceptedValue::slot).toList());
    assertEquals(Slot.of(3), promise.last());
  }

  @Test
  void reportsALargeLogInParts() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    String large = "x".repeat(400);
    acceptor.onPropose(S1, propose(B1, 1, large, large, large, large));
    effects.take();
    acceptor.onPrepare(S2, new Message.Prepare(B2, Slot.of(1)));
    Message.Promise promise = (Message.Promise) bindingAnswer();
    assertEquals(2, promise.accepted().size());
    assertEquals(Slot.of(4), promise.last());
    Promises promises = new Promises(Slot.of(1));
    assertEquals(
        Optional.of(Slot.of(3)),
        promises.add(new Life(S1, new Incarnation(new UUID(1, 1))), promise));
  }

  @Test
  void saysInItsPromiseWhatDamageItHas() {
    Recovered damaged =
        new Recovered(
            Optional.empty(),
            false,
            B1,
            Ballot.LOWEST,
            Slot.ZERO,
            Optional.empty(),
            List.of(),
            Slot.ZERO,
            Optional.of(new SlotRange(Slot.of(1), Slot.of(4))),
            Optional.empty());
    Acceptor acceptor = acceptor(damaged);
    acceptor.onPrepare(S1, new Message.Prepare(B3, Slot.of(1)));
    Message.Promise promise = (Message.Promise) bindingAnswer();
    assertEquals(Optional.of(new SlotRange(Slot.of(1), Slot.of(4))), promise.unknown());
  }

  @Test
  void endsADamagedRangeWhenTheChosenPrefixPassesIt() {
    Recovered damaged =
        new Recovered(
            Optional.empty(),
            false,
            B1,
            Ballot.LOWEST,
            Slot.ZERO,
            Optional.empty(),
            List.of(),
            Slot.ZERO,
            Optional.of(new SlotRange(Slot.of(1), Slot.of(2))),
            Optional.empty());
    Acceptor acceptor = acceptor(damaged);
    acceptor.adoptChosen(new AcceptedValue(Slot.of(1), B1, CoreCluster.batch("a")));
    assertTrue(effects.take().records().stream().noneMatch(JournalRecord.Damage.class::isInstance));
    acceptor.adoptChosen(new AcceptedValue(Slot.of(2), B1, CoreCluster.batch("b")));
    assertTrue(
        effects
            .take()
            .records()
            .contains(new JournalRecord.Damage(Optional.empty(), Optional.empty())));
  }
}
