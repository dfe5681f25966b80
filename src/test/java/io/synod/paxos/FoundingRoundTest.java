package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The founding by itself (protocol-rules.md, 8): the other servers are what the test says. */
class FoundingRoundTest {
  private static final long MILLI = 1_000_000;
  private static final long PING = 50 * MILLI;
  private static final long TIMEOUT = 500 * MILLI;
  private static final List<Address> LISTED =
      List.of(new Address("a", 1), new Address("b", 1), new Address("c", 1));

  private final Effects effects = new Effects();
  private long now;

  private static ServerId id(int server) {
    return new ServerId(server);
  }

  private static Incarnation life(int server) {
    return new Incarnation(new UUID(9, server));
  }

  private static PaxosSettings settings(int server) {
    return new PaxosSettings(
        id(server),
        life(server),
        LISTED,
        client(server),
        new ClusterId(new UUID(1, server)),
        1,
        PING,
        TIMEOUT,
        8,
        1 << 20,
        0);
  }

  private static Address client(int server) {
    return new Address("client", 1 + server);
  }

  private FoundingRound round(PaxosSettings settings, Recovered recovered) {
    return new FoundingRound(settings, effects, new SplittableRandom(1), recovered);
  }

  private FoundingRound round(int server) {
    return round(settings(server), Recovered.nothing());
  }

  private static Recovered holding(Founding founding, boolean opened) {
    Recovered nothing = Recovered.nothing();
    return new Recovered(
        Optional.of(founding),
        opened,
        nothing.promised(),
        nothing.ballotTaken(),
        nothing.cut(),
        nothing.membership(),
        nothing.accepted(),
        nothing.chosen(),
        nothing.unknown(),
        nothing.torn());
  }

  private static Message.Meet meet(int server, Optional<Founding> founding, boolean opened) {
    return new Message.Meet(LISTED, client(server), founding, opened);
  }

  private void meets(FoundingRound round, int server) {
    round.onMeet(now, id(server), life(server), meet(server, Optional.empty(), false));
  }

  private void pass(FoundingRound round, long nanos) {
    now += nanos;
    round.onTime(now);
  }

  /** What it asked all to write down since the last call, if anything. */
  private Optional<Founding> asked() {
    return effects.take().sendNow().stream()
        .map(Output.Send::message)
        .filter(Message.Found.class::isInstance)
        .map(message -> ((Message.Found) message).founding())
        .reduce((one, other) -> other);
  }

  /** The founding that server 0 writes when all are there. */
  private Founding founded(FoundingRound founder) {
    pass(founder, 0);
    meets(founder, 1);
    meets(founder, 2);
    return asked().orElseThrow();
  }

  private static List<Incarnation> lives(Founding founding) {
    return founding.membership().members().stream().map(Member::incarnation).toList();
  }

  @Test
  void rule08TheFirstOfTheListFoundsWhenAllThatAreListedAreThere() {
    FoundingRound founder = round(0);
    pass(founder, 0);
    meets(founder, 1);
    pass(founder, PING);
    assertEquals(Optional.empty(), asked());
    assertEquals(List.of(id(2)), founder.waitingFor(now));
    meets(founder, 2);
    Output output = effects.take();
    List<Message.Found> found =
        output.sendNow().stream()
            .map(Output.Send::message)
            .filter(Message.Found.class::isInstance)
            .map(Message.Found.class::cast)
            .toList();
    assertEquals(3, found.size(), "itself included");
    Founding founding = found.get(0).founding();
    assertEquals(List.of(new JournalRecord.FoundingPrepared(founding)), output.records());
    assertEquals(List.of(life(0), life(1), life(2)), lives(founding));
    assertEquals(client(2), founding.membership().members().get(2).clientAddress());
    assertEquals(Optional.empty(), founder.inForce());
  }

  @Test
  void rule08NobodyElseFounds() {
    FoundingRound second = round(1);
    pass(second, 0);
    meets(second, 0);
    meets(second, 2);
    pass(second, PING);
    assertEquals(Optional.empty(), asked());
  }

  @Test
  void rule08OneThatFellSilentIsWaitedForAgain() {
    FoundingRound founder = round(0);
    pass(founder, 0);
    meets(founder, 1);
    pass(founder, TIMEOUT + MILLI);
    meets(founder, 2);
    assertEquals(Optional.empty(), asked());
    assertEquals(List.of(id(1)), founder.waitingFor(now));
  }

  @Test
  void rule08ItOpensWhenAllHaveItDurable() {
    FoundingRound founder = round(0);
    Founding founding = founded(founder);
    Message.FoundingSynced synced = new Message.FoundingSynced(founding.cluster());
    founder.onSynced(now, id(0), synced);
    founder.onSynced(now, id(1), synced);
    founder.onSynced(now, id(1), synced);
    founder.onSynced(now, id(2), new Message.FoundingSynced(new ClusterId(new UUID(5, 5))));
    assertEquals(Optional.empty(), founder.inForce());
    Output before = effects.take();
    assertEquals(List.of(), before.records());
    founder.onSynced(now, id(2), synced);
    assertEquals(Optional.of(founding), founder.inForce());
    Output output = effects.take();
    assertEquals(List.of(new JournalRecord.FoundingInForce(founding)), output.records());
    assertEquals(
        List.of(id(1), id(2)), output.sendWhenDurable().stream().map(Output.Send::to).toList());
  }

  /** A server that was wiped meanwhile has lost the founding: it is withdrawn and made anew. */
  @Test
  void rule08AFoundingThatWasNotOpenedIsMadeAnewForTheLivesThatAreThere() {
    FoundingRound founder = round(0);
    Founding first = founded(founder);
    founder.onSynced(now, id(1), new Message.FoundingSynced(first.cluster()));
    Incarnation wiped = new Incarnation(new UUID(9, 77));
    now += PING;
    founder.onMeet(now, id(2), wiped, meet(2, Optional.empty(), false));
    Output output = effects.take();
    JournalRecord.FoundingPrepared again = (JournalRecord.FoundingPrepared) output.records().get(0);
    assertNotEquals(first.cluster(), again.founding().cluster());
    assertEquals(List.of(life(0), life(1), wiped), lives(again.founding()));
    founder.onSynced(now, id(2), new Message.FoundingSynced(first.cluster()));
    founder.onSynced(now, id(0), new Message.FoundingSynced(first.cluster()));
    assertEquals(Optional.empty(), founder.inForce(), "what was acknowledged is withdrawn");
  }

  @Test
  void rule08AFoundingThatWasNotOpenedIsNoDataAfterARestart() {
    Founding prepared = founded(round(0));
    assertEquals(Optional.empty(), round(settings(0), holding(prepared, false)).inForce());
    assertEquals(Optional.of(prepared), round(settings(0), holding(prepared, true)).inForce());
  }

  @Test
  void rule08AFoundingIsAcknowledgedWhenItIsDurable() {
    Founding founding = founded(round(0));
    FoundingRound second = round(1);
    second.onFound(id(0), new Message.Found(founding));
    Output output = effects.take();
    assertEquals(List.of(new JournalRecord.FoundingPrepared(founding)), output.records());
    assertEquals(
        List.of(
            new Output.Send<Message.Binding>(
                id(0), new Message.FoundingSynced(founding.cluster()))),
        output.sendWhenDurable());
    second.onFound(id(0), new Message.Found(founding));
    assertEquals(List.of(), effects.take().records(), "written once");
  }

  @Test
  void rule08AFoundingOfAnotherLifeOrNotFromTheFounderIsIgnored() {
    Founding founding = founded(round(0));
    FoundingRound second = round(1);
    second.onFound(id(2), new Message.Found(founding));
    Output unused = effects.take();
    PaxosSettings usual = settings(1);
    FoundingRound wiped =
        round(
            new PaxosSettings(
                usual.server(),
                new Incarnation(new UUID(9, 55)),
                LISTED,
                usual.clientAddress(),
                usual.candidateCluster(),
                1,
                PING,
                TIMEOUT,
                8,
                1 << 20,
                0),
            Recovered.nothing());
    wiped.onFound(id(0), new Message.Found(founding));
    Output output = effects.take();
    assertEquals(List.of(), output.records());
    assertEquals(List.of(), output.sendWhenDurable());
  }

  @Test
  void listsThatDifferAreRefusedWithBothShown() {
    FoundingRound founder = round(0);
    pass(founder, 0);
    List<Address> other = List.of(new Address("a", 1), new Address("x", 1), new Address("c", 1));
    founder.onMeet(
        now, id(1), life(1), new Message.Meet(other, client(1), Optional.empty(), false));
    List<Notice.FoundingRefused> refused =
        effects.take().notices().stream()
            .filter(Notice.FoundingRefused.class::isInstance)
            .map(Notice.FoundingRefused.class::cast)
            .toList();
    assertEquals(1, refused.size());
    String why = refused.get(0).why();
    assertTrue(why.contains(LISTED.toString()) && why.contains(other.toString()), why);
    assertEquals(List.of(id(1), id(2)), founder.waitingFor(now));
  }

  // ---- told its cluster
  // ----------------------------------------------------------------------------------

  private static List<String> refusals(Output output) {
    return output.notices().stream()
        .filter(Notice.FoundingRefused.class::isInstance)
        .map(notice -> ((Notice.FoundingRefused) notice).why())
        .toList();
  }

  @Test
  void oneThatIsToldItsClusterFoundsNone() {
    ClusterId expected = new ClusterId(new UUID(6, 6));
    FoundingRound founder =
        round(
            settings(0).withExpectedCluster(expected).withBootstrapAvailable(),
            Recovered.nothing());
    for (long end = now + 20 * TIMEOUT; now < end; ) {
      meets(founder, 1);
      meets(founder, 2);
      pass(founder, PING);
    }
    Output output = effects.take();
    assertEquals(List.of(), output.records());
    assertTrue(
        output.sendNow().stream().allMatch(send -> send.message() instanceof Message.Meet),
        output::toString);
    assertTrue(
        output.notices().stream().noneMatch(Notice.WaitingForServers.class::isInstance),
        output::toString);
    assertEquals(Optional.empty(), founder.inForce());
  }

  @Test
  void oneThatIsToldItsClusterWritesNoOtherDown() {
    Founding founding = founded(round(0));
    ClusterId expected = new ClusterId(new UUID(6, 6));
    FoundingRound second = round(settings(1).withExpectedCluster(expected), Recovered.nothing());
    second.onFound(id(0), new Message.Found(founding));
    second.onFound(id(0), new Message.Found(founding));
    second.onOpened(id(0), life(0), new Message.FoundingOpened(founding));
    second.onMeet(now, id(0), life(0), meet(0, Optional.of(founding), true));
    Output output = effects.take();
    assertEquals(List.of(), output.records());
    assertEquals(List.of(), output.sendWhenDurable());
    List<String> said = refusals(output);
    assertEquals(1, said.size(), said::toString);
    assertTrue(
        said.get(0).contains(founding.cluster().toString())
            && said.get(0).contains(expected.toString()),
        said::toString);
    assertEquals(Optional.empty(), second.inForce());
  }

  @Test
  void oneThatIsToldItsClusterJoinsIt() {
    Founding founding = founded(round(0));
    FoundingRound second =
        round(settings(1).withExpectedCluster(founding.cluster()), Recovered.nothing());
    second.onOpened(id(0), life(0), new Message.FoundingOpened(founding));
    assertEquals(Optional.of(founding), second.inForce());
    assertEquals(List.of(), refusals(effects.take()));
  }

  // ---- a founding in force elsewhere
  // --------------------------------------------------------------

  @Test
  void rule08AnOpenServerTellsHowItWasFounded() {
    Founding founding = founded(round(0));
    FoundingRound open = round(settings(1), holding(founding, true));
    meets(open, 2);
    assertEquals(
        List.of(new Output.Send<Message.Binding>(id(2), new Message.FoundingOpened(founding))),
        effects.take().sendWhenDurable());
    FoundingRound late = round(2);
    late.onOpened(id(1), life(1), new Message.FoundingOpened(founding));
    assertEquals(Optional.of(founding), late.inForce());
    assertEquals(List.of(new JournalRecord.FoundingInForce(founding)), effects.take().records());
  }

  /**
   * One that wrote down a later founding believes in an earlier one only if somebody whom the later
   * one names says so: that one never acknowledged the later, which therefore never opens.
   */
  @Test
  void rule08AnEarlierFoundingIsBelievedOnlyFromALifeThatTheLaterOneNames() {
    Founding later = founded(round(0));
    Founding earlier = new Founding(new ClusterId(new UUID(6, 6)), later.membership());
    FoundingRound holder = round(settings(1), holding(later, false));
    holder.onOpened(id(2), new Incarnation(new UUID(9, 44)), new Message.FoundingOpened(earlier));
    assertEquals(Optional.empty(), holder.inForce());
    holder.onOpened(id(2), life(2), new Message.FoundingOpened(earlier));
    assertEquals(Optional.of(earlier), holder.inForce());
  }

  // ---- by a majority
  // ------------------------------------------------------------------------------

  @Test
  void rule08AMajorityFoundsAfterAWhileWhereItIsToldThatItMay() {
    FoundingRound founder = round(settings(0).withBootstrapAvailable(), Recovered.nothing());
    pass(founder, 0);
    Optional<Founding> founding = Optional.empty();
    long end = now + 10 * TIMEOUT;
    while (now < end) {
      meets(founder, 1);
      pass(founder, PING);
      founding = asked();
      assertTrue(founding.isEmpty() || now >= end, "it waits for all first");
    }
    Member absent = founding.orElseThrow().membership().members().get(2);
    assertEquals(Member.Role.LEARNER, absent.role());
    assertEquals(Incarnation.NEVER_MET, absent.incarnation());

    FoundingRound usual = round(1);
    usual.onFound(id(0), new Message.Found(founding.get()));
    Output refused = effects.take();
    assertEquals(List.of(), refused.records(), "it was not told that it may");
    FoundingRound told = round(settings(1).withBootstrapAvailable(), Recovered.nothing());
    told.onFound(id(0), new Message.Found(founding.get()));
    assertEquals(
        List.of(new JournalRecord.FoundingPrepared(founding.get())), effects.take().records());
  }
}
