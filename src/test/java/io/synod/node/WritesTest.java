package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.store.Command;
import io.synod.store.CommandFormat;
import io.synod.store.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class WritesTest {
  private static final long SESSION = 77;
  private static final long RETRY_NANOS = 1_000;
  private static final int BATCH_COMMANDS = 3;
  private static final UUID RUN = new UUID(1, 2);
  private static final ServerId SELF = new ServerId(2);
  private final Writes writes =
      new Writes(Bounds.of(RUN, 16, 1 << 20, 1 << 10, BATCH_COMMANDS, RETRY_NANOS), SELF);

  private void openSession() {
    writes.onResult(0, 0, new Result.SessionOpened(SESSION, SELF, RUN));
  }

  private Asked put(long deadlineNanos) {
    Asked request = Asked.put("k", deadlineNanos);
    writes.add(request);
    return request;
  }

  private static List<Long> sequences(Bytes run) {
    List<Long> sequences = new ArrayList<>();
    for (Command command : CommandFormat.commands(run)) {
      sequences.add(((Command.Put) command).stamp().sequence());
    }
    return sequences;
  }

  private static Optional<Answer> unavailable(boolean unknown, String why) {
    return Optional.of(new Answer.Unavailable(unknown, why));
  }

  @Test
  void firstItOpensASessionAndAsksAgainUntilItHasOne() {
    Asked waiting = put(Long.MAX_VALUE);
    assertTrue(writes.hasUnsent(0));
    List<Command> asked = CommandFormat.commands(writes.takeRun(0));
    assertEquals(List.of(new Command.OpenSession(SELF, RUN)), asked);
    assertFalse(writes.hasUnsent(RETRY_NANOS - 1));
    assertTrue(writes.hasUnsent(RETRY_NANOS));

    openSession();

    assertTrue(writes.hasSession());
    assertEquals(List.of(1L), sequences(writes.takeRun(1)));
    assertEquals(Optional.empty(), waiting.answer());
  }

  @Test
  void theSessionOfAnotherServerOrAnotherRunIsNotItsOwn() {
    writes.onResult(0, 0, new Result.SessionOpened(SESSION, new ServerId(1), RUN));
    writes.onResult(0, 0, new Result.SessionOpened(SESSION, SELF, new UUID(9, 9)));
    assertFalse(writes.hasSession());
  }

  @Test
  void whatCameLeavesInOrderAndInRunsWithinABatchsBound() {
    openSession();
    for (int i = 0; i < 5; i++) {
      put(Long.MAX_VALUE);
    }
    assertEquals(List.of(1L, 2L, 3L), sequences(writes.takeRun(0)));
    assertTrue(writes.hasUnsent(0));
    assertEquals(List.of(4L, 5L), sequences(writes.takeRun(0)));
    assertFalse(writes.hasUnsent(0));
    assertTrue(writes.takeRun(0).isEmpty());
  }

  @Test
  void aWriteIsAnsweredWhenItIsAppliedHere() {
    openSession();
    Asked request = put(Long.MAX_VALUE);
    writes.takeRun(0);
    writes.onResult(SESSION + 1, 1, new Result.Done(5));
    assertEquals(Optional.empty(), request.answer(), "of another session");
    writes.onResult(SESSION, 1, new Result.Done(6));
    assertEquals(Optional.of(new Answer.Written(6)), request.answer());
    assertEquals(0, writes.count());
    writes.onResult(SESSION, 1, new Result.Done(6));
  }

  @Test
  void itIsSentAgainUnderItsSequenceWhenItMayBeLost() {
    openSession();
    put(Long.MAX_VALUE);
    put(Long.MAX_VALUE);
    assertEquals(List.of(1L, 2L), sequences(writes.takeRun(0)));
    writes.resendAll();
    assertTrue(writes.hasUnsent(1));
    assertEquals(List.of(1L, 2L), sequences(writes.takeRun(1)));
    writes.onResult(SESSION, 1, new Result.Done(1));
    assertFalse(writes.hasUnsent(RETRY_NANOS));
    assertTrue(writes.hasUnsent(RETRY_NANOS + 1), "its answer is overdue");
    assertEquals(List.of(2L), sequences(writes.takeRun(RETRY_NANOS + 1)));
  }

  @Test
  void everyCommandSaysBelowWhichSequenceAllIsOver() {
    openSession();
    Asked givenUp = put(10);
    put(Long.MAX_VALUE);
    writes.takeRun(0);
    writes.expire(10, "late");
    assertEquals(unavailable(true, "late"), givenUp.answer());
    put(Long.MAX_VALUE);
    Command next = CommandFormat.commands(writes.takeRun(11)).get(0);
    assertEquals(new Command.Stamp(SESSION, 3, 2), ((Command.Put) next).stamp());
  }

  @Test
  void anExpiredOneIsUnknownOnlyIfItEverLeft() {
    openSession();
    Asked sent = put(10);
    writes.takeRun(0);
    Asked kept = put(10);
    Asked later = put(11);
    writes.expire(10, "late");
    assertEquals(unavailable(true, "late"), sent.answer());
    assertEquals(unavailable(false, "late"), kept.answer());
    assertEquals(Optional.empty(), later.answer());
    assertEquals(List.of(3L), sequences(writes.takeRun(10)), "what was given up is never sent");
  }

  /** Its caller has other servers to ask. */
  @Test
  void oneThatNoCoordinatorWasSentIsRefusedWhenItsPatienceIsOver() {
    openSession();
    Asked sent = Asked.patientPut("sent", 100, 10);
    writes.add(sent);
    Bytes unused = writes.takeRun(0);
    Asked waits = Asked.patientPut("waits", 100, 10);
    writes.add(waits);
    writes.expire(9, "late");
    assertEquals(Optional.empty(), waits.answer());
    writes.expire(10, "late");
    assertEquals(unavailable(false, "late"), waits.answer());
    assertEquals(Optional.empty(), sent.answer(), "it may be chosen, or be refused");
    writes.expire(100, "late");
    assertEquals(unavailable(true, "late"), sent.answer());
  }

  @Test
  void aDeadlineIsComparedAcrossTheClocksOverflow() {
    openSession();
    Asked request = put(Long.MIN_VALUE + 5);
    writes.expire(Long.MAX_VALUE - 5, "late");
    assertEquals(Optional.empty(), request.answer());
    writes.expire(Long.MIN_VALUE + 5, "late");
    assertEquals(unavailable(false, "late"), request.answer());
  }

  @Test
  void whenTheSessionIsGoneTheOutcomeIsUnknown() {
    openSession();
    Asked request = put(Long.MAX_VALUE);
    writes.takeRun(0);
    writes.onResult(SESSION, 1, new Result.SessionGone());
    assertTrue(((Answer.Unavailable) request.answer().orElseThrow()).unknown());
  }

  @Test
  void beyondTheWindowItIsRefusedAndCertainlyNotDone() {
    openSession();
    Asked request = put(Long.MAX_VALUE);
    writes.takeRun(0);
    writes.onResult(SESSION, 1, new Result.BeyondWindow());
    assertFalse(((Answer.Unavailable) request.answer().orElseThrow()).unknown());
  }

  @Test
  void whenTheServerStopsAllAreAnswered() {
    openSession();
    Asked sent = put(Long.MAX_VALUE);
    writes.takeRun(0);
    Asked kept = put(Long.MAX_VALUE);
    writes.giveUpAll("the server stops");
    assertEquals(unavailable(true, "the server stops"), sent.answer());
    assertEquals(unavailable(false, "the server stops"), kept.answer());
    assertEquals(0, writes.count());
  }

  @Test
  void itIsFullAtTheQueuesBound() {
    openSession();
    for (int i = 0; i < 16; i++) {
      assertFalse(writes.isFull());
      put(Long.MAX_VALUE);
    }
    assertTrue(writes.isFull());
  }
}
