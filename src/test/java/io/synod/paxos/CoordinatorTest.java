package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The coordinator by itself: no vote of another server reaches it but those that the test makes up.
 */
class CoordinatorTest {
  private static final long MILLI = CoreCluster.MILLI;

  private final CoreCluster cluster = new CoreCluster(5);
  private final List<CoreCluster.Flight> prepares = new ArrayList<>();
  private final List<Message.Propose> proposed = new ArrayList<>();
  private final int candidate;
  private final Ballot ballot;
  private final List<Integer> others = new ArrayList<>();

  CoordinatorTest() {
    cluster.drop(
        flight -> {
          boolean toOther = !flight.from().equals(flight.to());
          if (flight.message() instanceof Message.Prepare && toOther) {
            prepares.add(flight);
          } else if (flight.message() instanceof Message.Propose propose && toOther) {
            proposed.add(propose);
          }
          return toOther
              && (flight.message() instanceof Message.Promise
                  || flight.message() instanceof Message.Accepted
                  || flight.message() instanceof Message.Propose
                  || flight.message() instanceof Message.Missing);
        });
    for (int i = 0; i < 400 && prepares.isEmpty(); i++) {
      cluster.run(5 * MILLI);
    }
    CoreCluster.Flight first = prepares.get(0);
    candidate = first.from().number();
    ballot = ((Message.Prepare) first.message()).ballot();
    for (int i = 0; i < 5; i++) {
      if (i != candidate) {
        others.add(i);
      }
    }
  }

  private void says(int other, Message message) {
    ServerId from = new ServerId(others.get(other));
    cluster.step(candidate, new Input.Received(from, cluster.incarnation(from.number()), message));
  }

  private Message.Promise promise(AcceptedValue... accepted) {
    return promise(Optional.empty(), accepted);
  }

  private Message.Promise promise(Optional<SlotRange> unknown, AcceptedValue... accepted) {
    Slot last = accepted.length == 0 ? Slot.ZERO : accepted[accepted.length - 1].slot();
    return new Message.Promise(
        ballot, Slot.ZERO, Slot.ZERO, List.of(accepted), last, last, unknown, Optional.empty());
  }

  /** Of one that accepted nothing, and knows the log to be chosen up to here. */
  private static Message.Promise promise(Ballot at, Slot chosen) {
    return new Message.Promise(
        at, chosen, Slot.ZERO, List.of(), chosen, Slot.ZERO, Optional.empty(), Optional.empty());
  }

  /** Two others promise, and accept that it coordinates. */
  private void becomesCoordinator() {
    says(0, promise());
    says(1, promise());
    says(0, new Message.Accepted(ballot, Slot.of(1)));
    says(1, new Message.Accepted(ballot, Slot.of(1)));
    assertTrue(cluster.core(candidate).isCoordinating());
  }

  /** At a ballot of round 0, below that of any candidate. */
  private static AcceptedValue accepted(long slot, int server, String text) {
    return new AcceptedValue(
        Slot.of(slot), new Ballot(0, new ServerId(server)), CoreCluster.batch(text));
  }

  /** What it proposes for a slot; empty if nothing yet. */
  private Optional<Value> proposal(long slot) {
    Optional<Value> found = Optional.empty();
    for (Message.Propose propose : proposed) {
      long at = slot - propose.first().number();
      if (propose.ballot().equals(ballot) && at >= 0 && at < propose.values().size()) {
        Value value = propose.values().get((int) at);
        assertTrue(found.isEmpty() || found.get().equals(value), "one value at one ballot");
        found = Optional.of(value);
      }
    }
    return found;
  }

  @Test
  void itPreparesAtAllOthersAndProposesNothingBeforeAQuorumPromised() {
    says(0, promise());
    says(0, promise());
    cluster.run(50 * MILLI);
    assertEquals(4, prepares.stream().map(CoreCluster.Flight::to).distinct().count());
    assertEquals(Optional.empty(), proposal(1), "its own promise, and one");
    assertFalse(cluster.core(candidate).isCoordinating());
    says(1, promise());
    assertInstanceOf(Value.CoordinatorElected.class, proposal(1).orElseThrow());
  }

  @Test
  void itAdoptsTheValueOfTheHighestBallotInEachSlotAndThenSaysThatItCoordinates() {
    says(0, promise(accepted(1, 1, "low"), accepted(2, 1, "two")));
    says(1, promise(accepted(1, 3, "high")));
    assertEquals(Optional.of(CoreCluster.batch("high")), proposal(1));
    assertEquals(Optional.of(CoreCluster.batch("two")), proposal(2));
    assertInstanceOf(Value.CoordinatorElected.class, proposal(3).orElseThrow());
  }

  @Test
  void aPromiseOfAnotherBallotOrAnotherLifeDoesNotCount() {
    says(0, promise());
    says(1, promise(new Ballot(0, new ServerId(4)), Slot.ZERO));
    ServerId wiped = new ServerId(others.get(2));
    Incarnation newLife = new Incarnation(new UUID(99, 99));
    cluster.step(candidate, new Input.Received(wiped, newLife, promise()));
    assertEquals(Optional.empty(), proposal(1));
    says(1, promise());
    assertTrue(proposal(1).isPresent());
  }

  @Test
  void whatAVoterMayHaveForgottenIsNotTakenForFree() {
    Optional<SlotRange> unknown = Optional.of(new SlotRange(Slot.of(1), Slot.of(1)));
    says(0, promise(unknown));
    says(1, promise());
    assertEquals(Optional.empty(), proposal(1), "itself and one know: a third may have chosen it");
    says(2, promise(accepted(1, 2, "kept")));
    assertEquals(Optional.of(CoreCluster.batch("kept")), proposal(1));
  }

  /**
   * Found by OrderlyStopTest: the one that handed over had gone, and was asked until the campaign
   * ended.
   */
  @Test
  void whatOnlyALostServerKnowsToBeChosenIsNotWaitedFor() {
    says(0, promise(ballot, Slot.of(1)));
    says(1, promise(accepted(1, 1, "kept")));
    cluster.run(20 * MILLI);
    assertEquals(Optional.empty(), proposal(1), "what is chosen is fetched, not proposed");
    cluster.killAndRefuse(others.get(0));
    says(2, promise());
    cluster.run(20 * MILLI);
    assertEquals(Optional.of(CoreCluster.batch("kept")), proposal(1));
  }

  @Test
  void aValueIsChosenWhenAQuorumHasAcceptedItAndEachCountsOnce() {
    says(0, promise());
    says(1, promise());
    says(0, new Message.Accepted(ballot, Slot.of(1)));
    says(0, new Message.Accepted(ballot, Slot.of(1)));
    assertEquals(Slot.ZERO, cluster.core(candidate).chosen());
    says(3, new Message.Accepted(new Ballot(0, new ServerId(4)), Slot.of(1)));
    assertEquals(Slot.ZERO, cluster.core(candidate).chosen(), "accepted at another ballot");
    says(3, new Message.Accepted(ballot, Slot.of(1)));
    assertEquals(Slot.of(1), cluster.core(candidate).chosen());
    assertTrue(cluster.core(candidate).isCoordinating());
  }

  @Test
  void itProposesNoMoreAtOnceThanThePipelineHolds() {
    becomesCoordinator();
    int room = cluster.core(candidate).proposalRoom();
    assertEquals(cluster.settings(candidate).pipelineSlots(), room);
    for (int i = 0; i < room; i++) {
      cluster.propose(candidate, "v" + i);
    }
    assertEquals(0, cluster.core(candidate).proposalRoom());
    says(0, new Message.Accepted(ballot, Slot.of(3)));
    says(1, new Message.Accepted(ballot, Slot.of(3)));
    assertEquals(2, cluster.core(candidate).proposalRoom());
  }

  /** One acceptor's higher promise deposes nobody: protocol-rules.md, 22. */
  @Test
  void aHigherPromiseOfOneAcceptorDoesNotDeposeIt() {
    becomesCoordinator();
    Ballot orphan = new Ballot(ballot.round() + 1, new ServerId(others.get(2)));
    says(2, new Message.Refused(ballot, orphan));
    assertTrue(cluster.core(candidate).isCoordinating());
    cluster.propose(candidate, "a");
    says(0, new Message.Accepted(ballot, Slot.of(2)));
    says(1, new Message.Accepted(ballot, Slot.of(2)));
    assertEquals(Slot.of(2), cluster.core(candidate).chosen());
  }
}
