package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.simulator.disk.SimulatedDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The same commands on rows in memory, on RocksDB and on a plain model: the same in all three. */
class EnginesTest {
  /** Seed 65 met a flush that returned without the newest writes. */
  private static final int SEEDS = Integer.getInteger("synod.engines.seeds", 4);

  private static final long FIRST = Long.getLong("synod.engines.first", 65);
  private static final int SLOTS = 400;

  @TestFactory
  Stream<DynamicTest> enginesAgreeWithEachOtherAndWithThePlainModel() {
    return LongStream.range(FIRST, FIRST + SEEDS)
        .mapToObj(
            seed ->
                DynamicTest.dynamicTest(
                    "seed " + seed,
                    () -> {
                      try (RocksFiles files = new RocksFiles()) {
                        new Run(seed, files).run();
                      }
                    }));
  }

  /** One seed. */
  private static final class Run {
    private final Random random;
    private final RandomCommands commands;
    private final RocksFiles files;
    private final StoreModel model = new StoreModel();
    private final KeyValueStore heap = KeyValueStore.inMemory();
    private KeyValueStore rocks;

    /** By slot from 1: the batch, or nothing; and the hash of the state after it. */
    private final List<Optional<List<Command>>> log = new ArrayList<>();

    private final List<Long> hashes = new ArrayList<>();

    Run(long seed, RocksFiles files) throws Exception {
      this.random = new Random(seed);
      this.commands = new RandomCommands(random, random.nextBoolean() ? 30 : 20_000, 1 << 10);
      this.files = files;
      this.rocks = files.open();
      heap.belongTo(RocksFiles.BELONGING);
    }

    void run() throws Exception {
      for (int slot = 1; slot <= SLOTS; slot++) {
        applyOne();
        disturb(random.nextInt(300));
        if (random.nextInt(100) == 0) {
          compareRows();
        }
      }
      compareRows();
      restartOrderly();
      compareRows();
      compareSweptHistory();
    }

    private void applyOne() {
      if (random.nextInt(20) == 0) {
        log.add(Optional.empty());
        heap.skip(heap.applied().next());
        rocks.skip(rocks.applied().next());
      } else {
        List<Command> batch = commands.batch();
        log.add(Optional.of(batch));
        model.results.clear();
        batch.forEach(model::apply);
        assertEquals(model.results, KeyValueStoreTest.apply(heap, batch), "slot " + log.size());
        assertEquals(model.results, KeyValueStoreTest.apply(rocks, batch), "slot " + log.size());
      }
      hashes.add(heap.hash());
      assertSameNumbers();
    }

    private void assertSameNumbers() {
      assertEquals(heap.hash(), rocks.hash(), "slot " + log.size());
      assertEquals(heap.applied(), rocks.applied());
      assertEquals(model.revision, rocks.revision());
      assertEquals(model.compacted, rocks.compacted());
      assertEquals(model.liveBytes(), rocks.liveBytes());
      assertEquals(model.rows.size(), rocks.keys());
      assertEquals(heap.sessions(), rocks.sessions());
      assertEquals(heap.logTimeMillis(), rocks.logTimeMillis());
    }

    private void disturb(int dice) throws Exception {
      if (dice < 40) {
        boolean unused = rocks.sweepSome();
        unused = heap.sweepSome();
      } else if (dice < 60) {
        Slot durable = rocks.flush();
        assertEquals(rocks.applied(), durable);
      } else if (dice < 63) {
        restartOrderly();
      } else if (dice < 67) {
        crashAndReplay();
      } else if (dice < 69) {
        snapshotOfRocksIsThatOfHeap();
      } else if (dice < 71) {
        crashAndInstallTheSnapshotOfHeap();
      }
    }

    private void compareRows() throws Exception {
      KeyValueStoreTest.compareAt(model, rocks, random);
      assertEquals(new ArrayList<>(model.rows.values()), KeyValueStoreTest.all(rocks));
      for (Row row : model.rows.values()) {
        assertEquals(Optional.of(row), rocks.row(row.key()));
      }
      assertEquals(Optional.empty(), rocks.get(Bytes.utf8("not a key that is ever made")));
      Range all =
          new Range(Bytes.EMPTY, Optional.empty(), OptionalLong.empty(), Range.Limits.COUNT);
      assertEquals(model.rows.size(), rocks.range(all, Integer.MAX_VALUE).count());
    }

    private void compareSweptHistory() {
      while (heap.sweepSome()) {
        // All of it, for the sizes to be the same.
      }
      while (rocks.sweepSome()) {
        // All of it.
      }
      assertEquals(heap.historyBytes(), rocks.historyBytes());
    }

    private void restartOrderly() throws Exception {
      Slot before = rocks.applied();
      rocks.close();
      rocks = files.open();
      assertEquals(before, rocks.applied());
      assertEquals(Optional.of(RocksFiles.BELONGING), rocks.belonging());
      assertSameNumbers();
    }

    private void crashAndReplay() throws Exception {
      Slot durable = random.nextBoolean() ? rocks.flush() : Slot.ZERO;
      for (int more = random.nextInt(5); more > 0; more--) {
        applyOne();
      }
      files.crash();
      rocks = files.open();
      int applied = (int) rocks.applied().number();
      assertTrue(applied >= durable.number(), applied + " after " + durable);
      if (applied > 0) {
        assertEquals(hashes.get(applied - 1), rocks.hash(), "as it was after slot " + applied);
      }
      for (int slot = applied; slot < log.size(); slot++) {
        if (log.get(slot).isPresent()) {
          List<Result> unused = KeyValueStoreTest.apply(rocks, log.get(slot).get());
        } else {
          rocks.skip(rocks.applied().next());
        }
        assertEquals(hashes.get(slot), rocks.hash(), "replayed slot " + (slot + 1));
      }
      assertSameNumbers();
    }

    private static SimulatedDisk disk() {
      return new SimulatedDisk("disk", new SplittableRandom(1));
    }

    private static SnapshotFile snapshot(KeyValueStore store) throws Exception {
      Snapshots snapshots = Snapshots.open(disk());
      SnapshotWriter writer =
          snapshots.writer(
              store.view(), RocksFiles.BELONGING.cluster(), RocksFiles.BELONGING.membership());
      while (writer.writeSome()) {
        // The next piece.
      }
      return snapshots.open(Slot.ZERO).orElseThrow();
    }

    private void snapshotOfRocksIsThatOfHeap() throws Exception {
      SnapshotFile one = snapshot(rocks);
      SnapshotFile other = snapshot(heap);
      assertEquals(other.offer(), one.offer(), "the same bytes");
      KeyValueStore restored = KeyValueStore.inMemory();
      assertTrue(restored.install(received(one, restored)));
      assertEquals(heap.hash(), restored.hash());
    }

    private void crashAndInstallTheSnapshotOfHeap() throws Exception {
      files.crash();
      rocks = files.open();
      if (rocks.applied().equals(heap.applied())) {
        return;
      }
      assertTrue(rocks.install(received(snapshot(heap), rocks)));
      assertSameNumbers();
      if (random.nextBoolean()) {
        Slot durable = rocks.flush();
        assertEquals(heap.applied(), durable);
        files.crash();
        rocks = files.open();
        assertSameNumbers();
      }
    }

    private static RestoredState received(SnapshotFile from, KeyValueStore into) throws Exception {
      SnapshotReceiver receiver =
          Snapshots.open(disk())
              .receiver(into, Optional.of(RocksFiles.BELONGING.cluster()), from.offer());
      while (!receiver.isReceived()) {
        Bytes piece = from.read(receiver.offset(), 100_000);
        assertTrue(receiver.receive(receiver.offset(), SnapshotReceiver.crc(piece), piece));
      }
      while (receiver.installSome()) {
        // The next piece.
      }
      return receiver.restored();
    }
  }
}
