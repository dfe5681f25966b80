package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.WritesUnderWay.Write;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WritesUnderWayTest {
  private final WritesUnderWay writes = new WritesUnderWay(4);

  private static Asked put() {
    return Asked.put("k", 0);
  }

  @Test
  void sequencesAreGivenOutInOrderFromOne() {
    assertEquals(1, writes.next());
    assertEquals(1, writes.add(put()).sequence());
    assertEquals(2, writes.add(put()).sequence());
    assertEquals(3, writes.next());
    assertEquals(1, writes.lowestOpen());
    assertEquals(2, writes.count());
  }

  @Test
  void theLowestOpenOneMovesOverAllThatAreAnsweredAndNoFurther() {
    for (int i = 0; i < 4; i++) {
      writes.add(put());
    }
    assertTrue(writes.remove(2).isPresent());
    assertTrue(writes.remove(3).isPresent());
    assertEquals(1, writes.lowestOpen());
    assertTrue(writes.remove(1).isPresent());
    assertEquals(4, writes.lowestOpen());
    assertTrue(writes.remove(4).isPresent());
    assertEquals(5, writes.lowestOpen());
    assertEquals(5, writes.next());
    assertEquals(0, writes.count());
  }

  @Test
  void itIsFullWhileTheLowestAndTheHighestAreACapacityApart() {
    for (int i = 0; i < 4; i++) {
      assertFalse(writes.isFull());
      writes.add(put());
    }
    assertTrue(writes.isFull());
    writes.remove(3);
    assertTrue(writes.isFull(), "the lowest is still open");
    writes.remove(1);
    assertFalse(writes.isFull());
  }

  @Test
  void whatIsRemovedOrWasNeverThereIsNotFound() {
    writes.add(put());
    assertTrue(writes.remove(1).isPresent());
    for (long sequence : new long[] {-1, 0, 1, 2, 5}) {
      assertEquals(Optional.empty(), writes.at(sequence));
      assertEquals(Optional.empty(), writes.remove(sequence));
    }
    assertEquals(0, writes.count());
  }

  @Test
  void aWriteIsUnderWayOnlyInItsRoundAndUntilItsAnswerIsOverdue() {
    Write write = writes.add(put());
    assertFalse(write.wasSent());
    assertFalse(write.isUnderWay(0, 0, 100));
    write.onSent(3, 1_000);
    assertTrue(write.wasSent());
    assertTrue(write.isUnderWay(3, 1_099, 100));
    assertFalse(write.isUnderWay(3, 1_100, 100));
    assertFalse(write.isUnderWay(4, 1_001, 100));
    assertTrue(write.wasSent(), "it may be chosen whatever happens here");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void itAgreesWithAMap(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    WritesUnderWay ring = new WritesUnderWay(64);
    TreeMap<Long, ClientRequest> model = new TreeMap<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean() && !ring.isFull()) {
        Asked request = put();
        model.put(ring.add(request).sequence(), request);
      } else if (!model.isEmpty()) {
        List<Long> open = new ArrayList<>(model.keySet());
        long sequence = open.get(random.nextInt(open.size()));
        assertEquals(
            Optional.of(model.remove(sequence)), ring.remove(sequence).map(Write::request));
      }
      assertEquals(model.size(), ring.count());
      assertEquals(model.isEmpty() ? ring.next() : model.firstKey(), ring.lowestOpen());
    }
  }
}
