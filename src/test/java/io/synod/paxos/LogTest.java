package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LogTest {
  private static final Ballot BALLOT = new Ballot(1, new ServerId(1));

  private static AcceptedValue value(Slot slot, int sizeBytes) {
    return new AcceptedValue(slot, BALLOT, new Value.Batch(Bytes.wrap(new byte[sizeBytes])));
  }

  private static long counted(Log log) {
    return log.read(log.cut().next(), log.last(), Integer.MAX_VALUE).stream()
        .mapToLong(each -> ValueFormat.sizeBytes(each.value()))
        .sum();
  }

  @Test
  void knowsItsSizeWhateverIsPutReplacedAndCut() {
    SplittableRandom random = new SplittableRandom(1);
    Log log = new Log(Slot.of(3), List.of(value(Slot.of(4), 10), value(Slot.of(5), 20)));
    for (int i = 0; i < 2_000; i++) {
      if (random.nextInt(10) == 0) {
        log.cutBehind(log.cut().plus(random.nextInt(20)));
      } else {
        Slot slot = log.cut().plus(1 + random.nextLong(log.last().minus(log.cut()) + 1));
        log.put(value(slot, random.nextInt(1_000)));
      }
      assertEquals(counted(log), log.sizeBytes());
    }
  }

  @Test
  void leavesAsMuchAsItMay() {
    Log log = new Log(Slot.ZERO, List.of());
    for (int slot = 1; slot <= 10; slot++) {
      log.put(value(Slot.of(slot), 36));
    }
    assertEquals(1_000, log.sizeBytes());
    assertEquals(Slot.ZERO, log.leaving(1_000, Slot.of(10)));
    assertEquals(Slot.of(1), log.leaving(999, Slot.of(10)));
    assertEquals(Slot.of(7), log.leaving(300, Slot.of(10)));
    assertEquals(Slot.of(5), log.leaving(300, Slot.of(5)), "no further than it may be cut");
    assertEquals(Slot.of(10), log.leaving(0, Slot.of(20)));
    log.cutBehind(log.leaving(300, Slot.of(10)));
    assertTrue(log.sizeBytes() <= 300);
  }
}
