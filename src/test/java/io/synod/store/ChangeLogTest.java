package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.store.ChangeLog.Chain;
import io.synod.store.Engine.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ChangeLogTest {
  private record Held(ChangeLog log, List<Change> changes) {}

  private final ChangeLog log = new ChangeLog();
  private final Map<Bytes, Chain> chains = new HashMap<>();

  /** The changes that are kept, from {@link #removed} on. */
  private final List<Change> model = new ArrayList<>();

  private int removed;

  private List<Change> kept() {
    return model.subList(removed, model.size());
  }

  private void append(Change change) {
    Chain before = chains.getOrDefault(change.key(), Chain.EMPTY);
    chains.put(change.key(), log.append(change, before));
    model.add(change);
  }

  private void removeOldest() {
    assertEquals(model.get(removed), log.oldest());
    log.removeOldest();
    removed++;
    assertEquals(removed == model.size(), log.isEmpty());
  }

  private static List<Change> after(ChangeLog log, long revision) {
    List<Change> found = new ArrayList<>();
    for (Iterator<Change> rest = log.after(revision); rest.hasNext(); ) {
      found.add(rest.next());
    }
    return found;
  }

  private void check(Random random) {
    long newest = model.isEmpty() ? 0 : model.get(model.size() - 1).revision();
    long at = random.nextLong(newest + 2);
    List<Change> expected = kept().stream().filter(each -> each.revision() > at).toList();
    assertEquals(expected, after(log, at));
    chains.forEach(
        (key, chain) ->
            assertEquals(
                expected.stream().filter(each -> each.key().equals(key)).findFirst(),
                log.firstAfter(at, chain.newest()),
                key + " after revision " + at));
  }

  @TestFactory
  Stream<DynamicTest> findsWhatAPlainListFindsWhateverTheSizes() {
    return new Random()
        .longs(10)
        .mapToObj(
            seed ->
                DynamicTest.dynamicTest(
                    "seed " + seed, () -> new ChangeLogTest().compare(new Random(seed))));
  }

  private void compare(Random random) {
    int keys = 1 + random.nextInt(30);
    int most = random.nextBoolean() ? 200 : 60_000;
    List<Held> held = new ArrayList<>();
    long revision = 1;
    int place = 0;
    for (int i = 0; i < 3_000; i++) {
      place = random.nextInt(5) == 0 ? place + 1 : 0;
      revision += place == 0 ? 1 : 0;
      // A key changes once in a revision: those of later places are other keys.
      Bytes key = Bytes.utf8(place + "-" + random.nextInt(keys));
      append(new Change(revision, place, random.nextLong(), key, row(random, most)));
      if (random.nextInt(100) == 0) {
        held.add(new Held(log.frozen(), List.copyOf(kept())));
        if (held.size() > 5) {
          held.remove(0);
        }
      }
      if (random.nextInt(300) == 0) {
        check(random);
        for (int n = random.nextInt(kept().size() + 1); n > 0; n--) {
          removeOldest();
        }
        check(random);
      }
    }
    assertTrue(held.size() > 1);
    for (Held each : held) {
      assertEquals(each.changes(), after(each.log(), 0));
    }
    while (!kept().isEmpty()) {
      removeOldest();
    }
    check(random);
    append(new Change(revision + 1, 0, 0, Bytes.utf8("k"), Optional.empty()));
    check(random);
  }

  /** Some are larger than a chunk, some end just where one does. */
  private static Optional<Bytes> row(Random random, int most) {
    return switch (random.nextInt(40)) {
      case 0 ->
          Optional.of(Bytes.wrap(new byte[most > 200 ? 100_000 + random.nextInt(99_000) : 1]));
      case 1, 2, 3 -> Optional.empty();
      default -> Optional.of(Bytes.wrap(new byte[1 + random.nextInt(most)]));
    };
  }
}
