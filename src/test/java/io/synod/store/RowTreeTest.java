package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RowTreeTest {
  private record Held(RowTree.Node root, List<String> items) {}

  private final RowTree tree = new RowTree();
  private final TreeMap<Bytes, Long> model = new TreeMap<>();

  private void put(Bytes key, long row) {
    byte[] item = RowTree.item(key.toArray(), key.size(), Long.BYTES);
    ByteBuffer.wrap(item).putLong(item.length - Long.BYTES, row);
    tree.put(item);
    model.put(key, row);
  }

  private void remove(Bytes key) {
    assertEquals(model.remove(key) != null, tree.remove(key.toArray(), key.size()));
  }

  private static Bytes key(long number) {
    return Bytes.utf8(Long.toString(number, 7));
  }

  /**
   * Keys of 1 to 28 bytes that begin alike, or are the beginnings of others, with the lowest and
   * the highest bytes in them: what heads and prefixes must not mix up.
   */
  private static Bytes akin(int number) {
    Random random = new Random(number);
    byte[] key = new byte[1 + random.nextInt(28)];
    byte[] bytes = {0, 0, 0, 1, 'a', (byte) 0x80, (byte) 0xFF, (byte) 0xFF};
    int alike = random.nextInt(20);
    for (int i = 0; i < key.length; i++) {
      key[i] = i < alike ? (byte) (i % 3 - 1) : bytes[random.nextInt(bytes.length)];
    }
    return Bytes.wrap(key);
  }

  private static List<String> items(RowTree.Node root, Bytes from) {
    List<String> items = new ArrayList<>();
    RowTree.Cursor cursor = new RowTree.Cursor(root, from.toArray());
    for (byte[] item = cursor.next(); item != null; item = cursor.next()) {
      int keySize = RowTree.keySize(item);
      items.add(
          Bytes.wrap(item, RowTree.KEY, keySize)
              + "="
              + ByteBuffer.wrap(item).getLong(RowTree.KEY + keySize));
    }
    return items;
  }

  private static List<String> items(Map<Bytes, Long> model) {
    return model.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue()).toList();
  }

  private void check() {
    assertEquals(items(model), items(tree.root(), Bytes.EMPTY));
    assertEquals(model.size(), tree.count());
  }

  @Test
  void growsInAscendingOrderAndShrinksToNothing() {
    for (int i = 0; i < 20_000; i++) {
      put(Bytes.utf8(String.format("%08d", i)), i);
    }
    check();
    for (int i = 0; i < 20_000; i++) {
      remove(Bytes.utf8(String.format("%08d", i)));
    }
    check();
    put(key(1), 1);
    check();
  }

  @Test
  void growsInDescendingOrderAndShrinksFromTheEnd() {
    for (int i = 20_000; i > 0; i--) {
      put(Bytes.utf8(String.format("%08d", i)), i);
    }
    check();
    for (int i = 20_000; i > 0; i--) {
      remove(Bytes.utf8(String.format("%08d", i)));
    }
    check();
  }

  @TestFactory
  Stream<DynamicTest> agreesWithATreeMapAndKeepsWhatWasFrozen() {
    return new Random()
        .longs(6)
        .mapToObj(
            seed ->
                DynamicTest.dynamicTest(
                    "seed " + seed,
                    () -> {
                      new RowTreeTest().compare(new Random(seed), RowTreeTest::key);
                      new RowTreeTest().compare(new Random(seed), RowTreeTest::akin);
                    }));
  }

  private void compare(Random random, IntFunction<Bytes> key) {
    int keys = random.nextInt(5) == 0 ? 50 : 40_000;
    List<Held> held = new ArrayList<>();
    int puts = 90;
    int freezeAt = random.nextInt(15_000);
    for (int change = 0; change < 150_000; change++) {
      if (change % 50_000 == 0) {
        puts = 50 + random.nextInt(50);
        check();
      }
      Bytes chosen = key.apply(random.nextInt(keys));
      if (random.nextInt(100) < puts) {
        put(chosen, change);
      } else {
        remove(chosen);
      }
      if (random.nextInt(500) == 0) {
        // A whole range goes, so that nodes with few children are joined.
        Bytes from = key.apply(random.nextInt(keys));
        model.tailMap(from).keySet().stream()
            .limit(random.nextInt(4_000))
            .toList()
            .forEach(this::remove);
      }
      if (change % 15_000 == freezeAt) {
        freezeAt = random.nextInt(15_000);
        held.add(new Held(tree.freeze(), items(model)));
      }
      if (random.nextInt(20_000) == 0) {
        Bytes from = key.apply(random.nextInt(keys));
        assertEquals(items(model.tailMap(from)), items(tree.root(), from));
      }
    }
    check();
    assertTrue(held.size() >= 5);
    for (Held each : held) {
      assertEquals(each.items(), items(each.root(), Bytes.EMPTY));
    }
    model.keySet().stream().toList().forEach(this::remove);
    check();
  }
}
