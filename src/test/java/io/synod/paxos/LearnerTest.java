package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The learner by itself, above an acceptor that accepted what the test says. */
class LearnerTest {
  private static final ServerId PEER = new ServerId(1);
  private static final Ballot BALLOT = new Ballot(50, PEER);
  private static final Ballot OTHER = new Ballot(40, new ServerId(2));

  private final Effects effects = new Effects();
  private final CoreCluster cluster = new CoreCluster(3);
  private PaxosSettings settings;
  private Acceptor acceptor;
  private Learner learner;

  @BeforeEach
  void open() {
    cluster.elect();
    settings = cluster.settings(0);
    acceptor = new Acceptor(settings, effects, Recovered.nothing());
    learner = new Learner(settings, effects, acceptor);
    learner.open(cluster.core(0).membership());
    Output unused = effects.take();
  }

  private void accepts(long first, String... texts) {
    List<Value> values = new ArrayList<>();
    for (String text : texts) {
      values.add(CoreCluster.batch(text));
    }
    acceptor.onPropose(PEER, new Message.Propose(BALLOT, Slot.of(first), values, Slot.ZERO));
    Output unused = effects.take();
  }

  private static Message.Fetched fetched(long from, long chosen, String... texts) {
    List<AcceptedValue> values = new ArrayList<>();
    for (String text : texts) {
      values.add(new AcceptedValue(Slot.of(from + values.size()), OTHER, CoreCluster.batch(text)));
    }
    return new Message.Fetched(Slot.of(from), values, Slot.ZERO, Slot.of(chosen));
  }

  /** The slots that were handed over to be applied since the last time this was asked. */
  private List<Long> handedOver() {
    return effects.take().chosen().stream().map(each -> each.slot().number()).toList();
  }

  private List<Message.Unbound> sent() {
    return effects.take().sendNow().stream().map(Output.Send::message).toList();
  }

  @Test
  void whatIsChosenIsHandedOverOnceAndInOrder() {
    accepts(1, "a", "b", "c");
    learner.onChosenPrefix(new ChosenPrefix(BALLOT, Slot.of(2)));
    assertEquals(List.of(1L, 2L), handedOver());
    learner.onChosenPrefix(new ChosenPrefix(BALLOT, Slot.of(1)));
    learner.onChosenPrefix(new ChosenPrefix(BALLOT, Slot.of(2)));
    assertEquals(List.of(), handedOver());
    learner.onChosenPrefix(new ChosenPrefix(BALLOT, Slot.of(9)));
    assertEquals(List.of(3L), handedOver(), "no further than what was accepted");
  }

  @Test
  void ofMembershipsThatAreLearnedTogetherOnlyTheLastIsNamed() {
    List<Member> members = learner.inForce().members();
    Membership two = new Membership(Slot.ZERO, members.subList(0, 2));
    Membership again = new Membership(Slot.of(1), members);
    learner.chooseValues(
        List.of(
            new AcceptedValue(Slot.of(1), OTHER, two),
            new AcceptedValue(Slot.of(2), OTHER, again)));
    assertEquals(List.of(new Notice.MembershipChosen(Slot.of(2), again)), effects.take().notices());
    assertEquals(new MembershipInForce(Slot.of(1), two), learner.membershipAt(Slot.of(1)));
  }

  @Test
  void newsOfAnotherBallotMakesNothingChosen() {
    accepts(1, "a");
    learner.onChosenPrefix(new ChosenPrefix(OTHER, Slot.of(1)));
    assertEquals(List.of(), handedOver());
    assertEquals(Slot.of(1), learner.heardChosen(), "but it is news");
  }

  @Test
  void fetchedValuesAreChosenWhateverWasAcceptedThere() {
    accepts(1, "mine");
    learner.onFetched(0, PEER, fetched(1, 2, "theirs", "next"));
    Output output = effects.take();
    assertEquals(
        List.of(CoreCluster.batch("theirs"), CoreCluster.batch("next")),
        output.chosen().stream().map(Output.ChosenValue::value).toList());
    assertEquals(Slot.of(2), learner.chosen());
  }

  @Test
  void aMessageThatOvertookAnotherWaitsForIt() {
    learner.fetch(0, PEER);
    Output unused = effects.take();
    learner.onFetched(1, PEER, fetched(3, 4, "c", "d"));
    assertEquals(List.of(), handedOver());
    learner.onFetched(2, PEER, fetched(1, 4, "a", "b"));
    assertEquals(List.of(1L, 2L, 3L, 4L), handedOver());
  }

  @Test
  void onlyWhatIsChosenIsGivenToOthers() {
    accepts(1, "a", "b", "c");
    learner.onChosenPrefix(new ChosenPrefix(BALLOT, Slot.of(2)));
    Output unused = effects.take();
    learner.onFetch(PEER, new Message.Fetch(Slot.of(1)));
    List<Long> given = new ArrayList<>();
    for (Message.Unbound message : sent()) {
      Message.Fetched answer = (Message.Fetched) message;
      assertEquals(Slot.of(2), answer.chosen());
      answer.values().forEach(each -> given.add(each.slot().number()));
    }
    assertEquals(List.of(1L, 2L), given);
  }

  @Test
  void itAsksWhenItStaysBehindAndAgainOnlyWhenTheAnswerIsLost() {
    long ping = settings.pingIntervalNanos();
    learner.onNews(Slot.of(1));
    learner.onTime(0, Optional.of(PEER), 0);
    assertEquals(List.of(), sent(), "it may be on its way");
    learner.onTime(ping / 2, Optional.of(PEER), 0);
    assertEquals(List.of(new Message.Fetch(Slot.of(1))), sent());
    learner.onTime(ping, Optional.of(PEER), 0);
    assertEquals(List.of(), sent());
    learner.onTime(3 * ping, Optional.of(PEER), 0);
    assertEquals(List.of(new Message.Fetch(Slot.of(1))), sent());
    learner.onFetched(3 * ping, PEER, fetched(1, 1, "a"));
    Output unused = effects.take();
    learner.onTime(9 * ping, Optional.of(PEER), 0);
    assertEquals(List.of(), sent(), "it has all that it heard of");
  }

  @Test
  void whereTheLogBeginsLaterASnapshotIsAskedForOnce() {
    Message.Fetched cut = new Message.Fetched(Slot.of(1), List.of(), Slot.of(100), Slot.of(120));
    learner.onFetched(0, PEER, cut);
    learner.onFetched(1, PEER, cut);
    List<Notice> notices = effects.take().notices();
    assertEquals(
        1,
        notices.stream().filter(Notice.SnapshotNeeded.class::isInstance).count(),
        notices::toString);
    assertTrue(notices.contains(new Notice.SnapshotNeeded(PEER, Slot.of(100))));
    learner.onSnapshotGivenUp();
    learner.onFetched(2, PEER, cut);
    assertTrue(effects.take().notices().contains(new Notice.SnapshotNeeded(PEER, Slot.of(100))));
  }
}
