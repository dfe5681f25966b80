package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /**
   * Slots 1 and 2 are chosen, "a" and "b"; 3 holds "c" of the promised ballot b2, 4 holds "d" of
   * b1, 5 nothing.
   */
  private Acceptor inTheMiddle() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 1, "a", "b", "old", "d"));
    acceptor.choose(Slot.of(2));
    acceptor.onPropose(S2, propose(B2, 3, "c"));
    effects.take();
    return acceptor;
  }

  /** {@code voted}: up to where Accepted says so; what the log holds then in the slot. */
  @ParameterizedTest
  @CsvSource({
    // ballot, slot, value, answer, voted or missing, held then
    "1, 2, b, Refused, 0, b",
    "1, 2, z, Refused, 0, b",
    "1, 3, c, Refused, 0, c",
    "1, 3, z, Refused, 0, c",
    "1, 4, d, Refused, 0, d",
    "1, 4, z, Refused, 0, d",
    "1, 5, z, Refused, 0, -",
    "2, 2, b, Accepted, 3, b",
    "2, 2, z, Misbehaved, 0, b",
    "2, 3, c, Accepted, 3, c",
    "2, 3, z, Misbehaved, 0, c",
    "2, 4, d, Accepted, 4, d",
    "2, 4, z, Accepted, 4, z",
    "2, 5, z, Missing, 4, -",
    "3, 2, b, Accepted, 2, b",
    "3, 2, z, Misbehaved, 0, b",
    "3, 3, c, Accepted, 3, c",
    "3, 3, z, Accepted, 3, z",
    "3, 4, d, Missing, 3, d",
    "3, 4, z, Missing, 3, d",
    "3, 5, z, Missing, 3, -"
  })
  void answersEachProposeByItsBallotAndItsSlot(
      int round, long slot, String value, String answer, long upTo, String held) {
    Acceptor acceptor = inTheMiddle();
    Ballot ballot = List.of(B1, B2, B3).get(round - 1);
    acceptor.onPropose(ballot.server(), propose(ballot, slot, value));
    Output output = effects.take();
    List<Message> answers = new ArrayList<>();
    output.sendWhenDurable().forEach(send -> answers.add(send.message()));
    output.sendNow().forEach(send -> answers.add(send.message()));
    boolean misbehaved =
        output.notices().stream().anyMatch(Notice.PeerMisbehaved.class::isInstance);
    Ballot promised = Ballot.max(B2, ballot);
    List<Message> expected =
        switch (answer) {
          case "Refused" -> List.of(new Message.Refused(ballot, B2));
          case "Accepted" -> List.of(new Message.Accepted(ballot, Slot.of(upTo)));
          case "Missing" -> List.of(new Message.Missing(ballot, Slot.of(upTo)));
          default -> List.of();
        };
    assertEquals(expected, answers);
    assertEquals(answer.equals("Misbehaved"), misbehaved);
    assertEquals(promised, acceptor.promised());
    assertEquals(
        promised.equals(B3), output.records().contains(new JournalRecord.Promised(promised)));
    assertEquals(
        held.equals("-") ? Optional.empty() : Optional.of(CoreCluster.batch(held)),
        acceptor.log().at(Slot.of(slot)).map(AcceptedValue::value));
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

  /** What stood in its way is kept, and the contradiction is told. */
  private void assertAcceptedOnlyUpTo(long slot, String held, Acceptor acceptor) {
    Output output = effects.take();
    assertEquals(
        List.of(new Message.Accepted(B1, Slot.of(slot))),
        output.sendWhenDurable().stream().map(Output.Send::message).toList());
    assertTrue(output.notices().stream().anyMatch(Notice.PeerMisbehaved.class::isInstance));
    assertEquals(Slot.of(slot), acceptor.log().last());
    assertEquals(CoreCluster.batch(held), acceptor.log().get(Slot.of(slot)).value());
  }

  @Test
  void checksWhatWaitedAheadAgainWhenItIsReleased() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 3, "another", "d"));
    effects.take();
    acceptor.onPropose(S1, propose(B1, 1, "a", "b", "c"));
    assertAcceptedOnlyUpTo(3, "c", acceptor);
  }

  @Test
  void votesForNothingThatWaitedAheadAndThatTheChosenPrefixContradicts() {
    Acceptor acceptor = acceptor(Recovered.nothing());
    acceptor.onPropose(S1, propose(B1, 2, "another", "c"));
    acceptor.adoptChosen(new AcceptedValue(Slot.of(1), B1, CoreCluster.batch("a")));
    acceptor.adoptChosen(new AcceptedValue(Slot.of(2), B1, CoreCluster.batch("b")));
    effects.take();
    acceptor.onPropose(S1, propose(B1, 1, "a"));
    assertAcceptedOnlyUpTo(2, "b", acceptor);
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
