package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Output.ReadAnswer;
import io.synod.paxos.Slot;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadsTest {
  private static final long RETRY_NANOS = 100;
  private static final long REFUSED_DELAY_NANOS = 10;
  private final Reads reads = new Reads(RETRY_NANOS, 500, false);
  private final Asked first = Asked.get("a", 1_000);
  private final Asked second = Asked.get("b", 2_000);

  private static ReadAnswer ready(long id, long slot) {
    return new ReadAnswer.Ready(id, Slot.of(slot));
  }

  @Test
  void oneRequestIsForAllThatWaitAndTheyAreAnsweredOnceApplied() {
    assertFalse(reads.wantsPoint(0));
    reads.add(first);
    reads.add(second);
    assertTrue(reads.wantsPoint(0));
    long id = reads.ask(0);
    assertFalse(reads.wantsPoint(1), "a request is out");

    reads.onAnswer(ready(id, 7), 2, REFUSED_DELAY_NANOS);

    assertEquals(List.of(), reads.applied(Slot.of(6)));
    assertEquals(2, reads.count());
    assertEquals(List.of(first, second), reads.applied(Slot.of(7)));
    assertEquals(0, reads.count());
    assertEquals(List.of(), reads.applied(Slot.of(8)));
  }

  @Test
  void aReadThatCameAfterTheRequestLeftWaitsForTheNext() {
    reads.add(first);
    long id = reads.ask(0);
    reads.add(second);
    reads.onAnswer(ready(id, 3), 1, REFUSED_DELAY_NANOS);
    assertEquals(List.of(first), reads.applied(Slot.of(3)));
    assertTrue(reads.wantsPoint(1));
    long next = reads.ask(1);
    assertTrue(next > id && id > 500, "numbered upwards from where this run begins");
    reads.onAnswer(ready(next, 3), 2, REFUSED_DELAY_NANOS);
    assertEquals(List.of(second), reads.applied(Slot.of(3)));
  }

  /** Else nobody ever gets an answer where the way to the coordinator takes longer. */
  @Test
  void anAnswerThatTakesLongerThanUsualIsWaitedFor() {
    reads.add(first);
    long unused = reads.ask(0);
    assertTrue(reads.wantsPoint(RETRY_NANOS));
    unused = reads.ask(RETRY_NANOS);
    assertFalse(reads.wantsPoint(2 * RETRY_NANOS));
    long twice = 3 * RETRY_NANOS;
    assertTrue(reads.wantsPoint(twice));
    long id = reads.ask(twice);
    reads.onAnswer(ready(id, 3), twice + 3 * RETRY_NANOS, REFUSED_DELAY_NANOS);
    assertEquals(List.of(first), reads.applied(Slot.of(3)));
    reads.add(second);
    unused = reads.ask(1_000);
    assertFalse(reads.wantsPoint(1_000 + 5 * RETRY_NANOS), "as long as the last took, and more");
    assertTrue(reads.wantsPoint(1_000 + 6 * RETRY_NANOS));
  }

  @Test
  void anAnswerToAnEarlierRequestHoldsForNoRead() {
    reads.add(first);
    long lost = reads.ask(0);
    assertTrue(reads.wantsPoint(RETRY_NANOS), "its answer is overdue");
    long next = reads.ask(RETRY_NANOS);

    reads.onAnswer(ready(lost, 1), RETRY_NANOS + 1, REFUSED_DELAY_NANOS);

    assertEquals(List.of(), reads.applied(Slot.of(9)));
    reads.onAnswer(ready(next, 4), RETRY_NANOS + 2, REFUSED_DELAY_NANOS);
    assertEquals(List.of(first), reads.applied(Slot.of(9)));
  }

  @Test
  void aSecondAnswerToOneRequestIsPassedOver() {
    reads.add(first);
    long id = reads.ask(0);
    reads.onAnswer(ready(id, 1), 1, REFUSED_DELAY_NANOS);
    reads.add(second);
    reads.onAnswer(ready(id, 1), 2, REFUSED_DELAY_NANOS);
    assertEquals(List.of(first), reads.applied(Slot.of(1)));
    assertEquals(List.of(), reads.applied(Slot.of(1)));
    assertTrue(reads.wantsPoint(2));
  }

  @Test
  void aRefusalIsAskedAgainAfterAWhileAndANewCoordinatorAtOnce() {
    reads.add(first);
    reads.onAnswer(new ReadAnswer.Refused(reads.ask(0)), 5, REFUSED_DELAY_NANOS);
    assertFalse(reads.wantsPoint(14));
    assertTrue(reads.wantsPoint(15));

    reads.onAnswer(new ReadAnswer.Refused(reads.ask(15)), 20, REFUSED_DELAY_NANOS);
    assertFalse(reads.wantsPoint(21));
    reads.onCoordinatorChanged();
    assertTrue(reads.wantsPoint(21));
    long id = reads.ask(21);
    reads.onAnswer(ready(id, 2), 22, REFUSED_DELAY_NANOS);
    assertEquals(List.of(first), reads.applied(Slot.of(2)));
  }

  @Test
  void aReadExpiresWhereverItWaits() {
    reads.add(first);
    reads.onAnswer(ready(reads.ask(0), 9), 1, REFUSED_DELAY_NANOS);
    Asked asked = Asked.get("c", 1_000);
    reads.add(asked);
    reads.ask(2);
    Asked arrived = Asked.get("d", 1_000);
    reads.add(arrived);
    reads.add(second);

    assertEquals(List.of(), reads.expired(999));
    List<ClientRequest> expired = reads.expired(1_000);

    assertEquals(3, expired.size());
    assertTrue(expired.containsAll(List.of(first, asked, arrived)));
    assertEquals(1, reads.count());
    assertEquals(List.of(second), reads.all());
    assertEquals(0, reads.count());
  }

  @Test
  void whatExpiredIsNotAnsweredWhenItsPointIsApplied() {
    reads.add(first);
    reads.add(second);
    reads.onAnswer(ready(reads.ask(0), 9), 1, REFUSED_DELAY_NANOS);
    assertEquals(List.of(first), reads.expired(1_500));
    assertEquals(List.of(second), reads.applied(Slot.of(9)));
  }
}
