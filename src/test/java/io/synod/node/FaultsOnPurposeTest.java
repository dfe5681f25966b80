package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.FaultsOnPurpose.Fate;
import io.synod.paxos.Ballot;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultsOnPurposeTest {
  private static final Ballot BALLOT = new Ballot(1, new ServerId(0));
  private static final Message PREPARE = new Message.Prepare(BALLOT, Slot.of(1));
  private static final Message PROPOSE =
      new Message.Propose(BALLOT, Slot.of(1), List.of(new Value.Noop()), Slot.ZERO);
  private static final List<Message> NEVER_EXPOSED =
      List.of(
          new Message.Accepted(BALLOT, Slot.of(1)),
          new Message.Missing(BALLOT, Slot.of(1)),
          new Message.Fetch(Slot.of(1)),
          new Message.ReadPointRequest(1, false));

  private static Map<Fate, Integer> fates(FaultsOnPurpose faults, Message message, int times) {
    Map<Fate, Integer> counts = new EnumMap<>(Fate.class);
    for (int i = 0; i < times; i++) {
      counts.merge(faults.fateOf(message), 1, Integer::sum);
    }
    return counts;
  }

  private static int count(Map<Fate, Integer> counts, Fate fate) {
    return counts.getOrDefault(fate, 0);
  }

  @Test
  void nothingFailsAtZero() {
    FaultsOnPurpose faults = new FaultsOnPurpose(0, 1);
    assertEquals(Map.of(Fate.HANDLED, 1_000), fates(faults, PROPOSE, 1_000));
  }

  @Test
  void everythingFailsAtOneAndHalfOfItAfterItWasDone() {
    FaultsOnPurpose faults = new FaultsOnPurpose(1, 2);
    Map<Fate, Integer> counts = fates(faults, PREPARE, 1_000);
    assertFalse(counts.containsKey(Fate.HANDLED), counts::toString);
    assertTrue(
        count(counts, Fate.DROPPED) > 400 && count(counts, Fate.NOT_ANSWERED) > 400,
        counts::toString);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.3, 0.9})
  void asManyFailAsTheRateSays(double rate) {
    FaultsOnPurpose faults = new FaultsOnPurpose(rate, 3);
    int handled = count(fates(faults, PROPOSE, 10_000), Fate.HANDLED);
    assertEquals((1 - rate) * 10_000, handled, 300);
  }

  @Test
  void onlyPrepareAndProposeAreExposed() {
    FaultsOnPurpose faults = new FaultsOnPurpose(1, 4);
    for (Message message : NEVER_EXPOSED) {
      assertEquals(Fate.HANDLED, faults.fateOf(message), message::toString);
    }
  }

  @Test
  void theSameSeedFailsTheSameWay() {
    FaultsOnPurpose one = new FaultsOnPurpose(0.5, 5);
    FaultsOnPurpose other = new FaultsOnPurpose(0.5, 5);
    for (int i = 0; i < 100; i++) {
      assertEquals(one.fateOf(PROPOSE), other.fateOf(PROPOSE));
    }
  }

  @Test
  void theRateIsChangedWhileItRunsAndMustBeAChance() {
    FaultsOnPurpose faults = new FaultsOnPurpose(1, 6);
    faults.setFailRate(0);
    assertEquals(Fate.HANDLED, faults.fateOf(PROPOSE));
    for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> faults.setFailRate(wrong));
    }
    assertEquals(0, faults.failRate());
  }

  @Test
  void aSuspensionBeginsWhenItIsSeenAndEndsByItself() {
    FaultsOnPurpose faults = new FaultsOnPurpose(0, 7);
    assertFalse(faults.isSuspended(-5));
    faults.suspend(100);
    assertTrue(faults.isSuspended(1_000));
    assertTrue(faults.isSuspended(1_099));
    assertFalse(faults.isSuspended(1_100));
  }

  /** What is asked for while the driver takes up what was asked before is not lost. */
  @Test
  void anEndThatIsAskedForAtAnyMomentIsSeen() throws Exception {
    FaultsOnPurpose faults = new FaultsOnPurpose(0, 1);
    AtomicBoolean stopped = new AtomicBoolean();
    AtomicLong looks = new AtomicLong();
    AtomicBoolean suspended = new AtomicBoolean();
    Thread driver =
        new Thread(
            () -> {
              while (!stopped.get()) {
                suspended.set(faults.isSuspended(10 * looks.get()));
                looks.incrementAndGet();
              }
            });
    driver.start();
    try {
      for (int i = 0; i < 20_000; i++) {
        faults.suspend(Long.MAX_VALUE / 2);
        faults.suspend(0);
        long since = looks.get();
        while (looks.get() < since + 3) {
          Thread.onSpinWait();
        }
        assertFalse(suspended.get(), "the last word was that it ends: " + i);
      }
    } finally {
      stopped.set(true);
      driver.join();
    }
  }

  @Test
  void aSuspensionIsEndedByOneOfNoLength() {
    FaultsOnPurpose faults = new FaultsOnPurpose(0, 1);
    faults.suspend(1_000_000);
    assertTrue(faults.isSuspended(10));
    faults.suspend(0);
    boolean unused = faults.isSuspended(11);
    assertFalse(faults.isSuspended(12));
  }
}
