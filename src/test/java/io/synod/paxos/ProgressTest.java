package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How far one acceptor has come, and when it is sent to again (design.md, section 2, round 3). */
class ProgressTest {
  private static final long MILLI = 1_000_000;
  private static final long FIRST_TIMEOUT = 20 * MILLI;
  private static final long MOST = 50 * MILLI;

  private final Progress progress = new Progress(Slot.ZERO, MOST);

  /** Sends a slot and has it acknowledged after this time; returns the time then. */
  private long roundTrip(long slot, long sentAt, long takes) {
    progress.onSent(Slot.of(slot), sentAt);
    assertTrue(progress.onMatched(Slot.of(slot), sentAt + takes));
    return sentAt + takes;
  }

  /** As the coordinator does when the time has come. */
  private void sendAgain(long from, long upTo, long now) {
    progress.rewind(Slot.of(from));
    progress.onResent(now);
    progress.onSent(Slot.of(upTo), now);
  }

  private long timeoutOfWhatIsSent(long slot, long now) {
    progress.onSent(Slot.of(slot), now);
    return progress.resendAtNanos() - now;
  }

  @Test
  void nothingIsSentAgainWhileNothingWaits() {
    assertEquals(Long.MAX_VALUE, progress.resendAtNanos());
    progress.onSent(Slot.of(1), 5 * MILLI);
    assertEquals(5 * MILLI + FIRST_TIMEOUT, progress.resendAtNanos());
    assertTrue(progress.onMatched(Slot.of(1), 6 * MILLI));
    assertEquals(Long.MAX_VALUE, progress.resendAtNanos());
  }

  @Test
  void theTimeOutFollowsTheMeasuredRoundTrip() {
    long now = 0;
    for (int slot = 1; slot <= 40; slot++) {
      now = roundTrip(slot, now, 4 * MILLI);
    }
    long timeout = timeoutOfWhatIsSent(41, now);
    assertTrue(timeout >= 8 * MILLI && timeout < 9 * MILLI, timeout + " ns");
  }

  @Test
  void theTimeOutHasALowerAndAnUpperBound() {
    long now = roundTrip(1, 0, 100);
    assertEquals(2 * MILLI, timeoutOfWhatIsSent(2, now));
    assertTrue(progress.onMatched(Slot.of(2), now + 1_000 * MILLI));
    now += 1_000 * MILLI;
    assertEquals(MOST, timeoutOfWhatIsSent(3, now));
    Progress impatient = new Progress(Slot.ZERO, 10 * MILLI);
    impatient.onSent(Slot.of(1), 0);
    assertEquals(10 * MILLI, impatient.resendAtNanos());
  }

  /** Karn and Partridge, 1987: an answer does not say which of two sendings it answers. */
  @Test
  void whatIsSentAgainIsNotMeasured() {
    long now = 0;
    for (int slot = 1; slot <= 40; slot++) {
      now = roundTrip(slot, now, 8 * MILLI);
    }
    long usual = timeoutOfWhatIsSent(41, now);
    now += usual;
    sendAgain(41, 41, now);
    // The answer to what was sent first comes right after the second: no round trip of 0.1 ms.
    assertTrue(progress.onMatched(Slot.of(41), now + MILLI / 10));
    now = roundTrip(42, now + MILLI, 8 * MILLI);
    long after = timeoutOfWhatIsSent(43, now);
    assertTrue(Math.abs(usual - after) < MILLI / 2, () -> usual + " ns, then " + after + " ns");
  }

  /**
   * The same of what it asked for again, and of a message that begins with what was sent before.
   */
  @Test
  void whatItAskedForAgainIsNotMeasuredNorWhatFollowsInTheSameMessage() {
    long now = roundTrip(1, 0, 10 * MILLI);
    progress.onSent(Slot.of(3), now);
    assertTrue(progress.resend(Slot.of(2), now + MILLI));
    progress.onSent(Slot.of(4), now + MILLI);
    assertTrue(progress.onMatched(Slot.of(4), now + MILLI + 1_000));
    assertEquals(40 * MILLI, timeoutOfWhatIsSent(5, now + 2 * MILLI), "10 ms twice, 5 four times");
  }

  /**
   * The second half of the rule: were the time-out cut by the answer to what was sent again, one
   * that is too short for a disk that got slow would stay so, and everything be sent twice for
   * ever.
   */
  @Test
  void theTimeOutStaysGrownUntilARoundTripIsMeasured() {
    long now = 0;
    for (int slot = 1; slot <= 40; slot++) {
      now = roundTrip(slot, now, MILLI);
    }
    int sentTwice = 0;
    long slow = 15 * MILLI;
    for (int slot = 41; slot <= 140; slot++) {
      progress.onSent(Slot.of(slot), now);
      long answer = now + slow;
      if (progress.resendAtNanos() < answer) {
        sentTwice++;
        while (progress.resendAtNanos() < answer) {
          sendAgain(slot, slot, progress.resendAtNanos());
        }
      }
      assertTrue(progress.onMatched(Slot.of(slot), answer));
      now = answer;
    }
    assertTrue(sentTwice <= 3, sentTwice + " of 100 were sent twice");
  }

  @Test
  void eachRepetitionWaitsTwiceAsLongUpToTheBound() {
    progress.onSent(Slot.of(1), 0);
    assertEquals(FIRST_TIMEOUT, progress.resendAtNanos());
    sendAgain(1, 1, 20 * MILLI);
    assertEquals(60 * MILLI, progress.resendAtNanos());
    sendAgain(1, 1, 60 * MILLI);
    assertEquals(60 * MILLI + MOST, progress.resendAtNanos());
    sendAgain(1, 1, 110 * MILLI);
    assertEquals(110 * MILLI + MOST, progress.resendAtNanos());
  }

  /** An acknowledgement names a prefix, and never takes one back (design.md, section 2). */
  @Test
  void whatItAcknowledgedIsAPrefixThatOnlyGrows() {
    progress.onSent(Slot.of(5), 0);
    assertTrue(progress.onMatched(Slot.of(3), MILLI));
    assertFalse(progress.onMatched(Slot.of(3), MILLI));
    assertFalse(progress.onMatched(Slot.of(2), MILLI));
    assertEquals(Slot.of(3), progress.matched());
    assertEquals(Slot.of(5), progress.sent());
    assertTrue(progress.onMatched(Slot.of(9), MILLI), "it learned them as chosen");
    assertEquals(Slot.of(9), progress.sent());
  }

  @Test
  void whatWaitsIsSentAgainFromBehindWhatItHas() {
    progress.onSent(Slot.of(5), 0);
    assertTrue(progress.onMatched(Slot.of(3), MILLI));
    progress.rewind(Slot.of(2));
    assertEquals(Slot.of(3), progress.sent());
    progress.skipTo(Slot.of(5));
    assertEquals(Slot.of(5), progress.sent());
    progress.rewind(Slot.of(5));
    assertEquals(Slot.of(4), progress.sent());
  }

  /** Rule 6: each Propose ahead of a gap makes the acceptor ask, and one answer is enough. */
  @Test
  void rule06AGapThatIsAskedForManyTimesIsFilledOnceATimeOut() {
    progress.onSent(Slot.of(9), 0);
    assertTrue(progress.resend(Slot.of(4), MILLI));
    assertEquals(Slot.of(3), progress.sent());
    progress.onSent(Slot.of(9), MILLI);
    assertFalse(progress.resend(Slot.of(4), 2 * MILLI));
    assertEquals(Slot.of(9), progress.sent());
    assertTrue(progress.resend(Slot.of(6), 3 * MILLI), "another gap");
    progress.onSent(Slot.of(9), 3 * MILLI);
    assertTrue(progress.resend(Slot.of(6), 3 * MILLI + FIRST_TIMEOUT));
  }

  /** What it accepted in an earlier run is sent to it again too: its disk may have lost it. */
  @Test
  void whatItAsksForIsSentEvenBehindWhatItHad() {
    progress.onSent(Slot.of(9), 0);
    assertTrue(progress.onMatched(Slot.of(9), MILLI));
    assertTrue(progress.resend(Slot.of(4), MILLI));
    assertEquals(Slot.of(3), progress.sent());
    assertEquals(Slot.of(9), progress.matched());
  }

  @Test
  void askingForTheNextSlotsIsProgressOnce() {
    assertTrue(progress.onMissing(Slot.of(4)));
    assertFalse(progress.onMissing(Slot.of(4)));
    assertFalse(progress.onMissing(Slot.of(3)));
    assertTrue(progress.onMissing(Slot.of(5)));
  }
}
