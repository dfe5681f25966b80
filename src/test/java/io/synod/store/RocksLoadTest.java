package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.DiskFile;
import io.synod.journal.MemoryDisk;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Slot;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/** A snapshot on its way into a store on RocksDB: what does not come into force leaves nothing. */
class RocksLoadTest {
  private static final int SLOTS = 200;
  private static final int PIECE_BYTES = 100_000;

  private final RocksFiles files;
  private final KeyValueStore store;
  private final KeyValueStore ahead = KeyValueStore.inMemory();
  private final MemoryDisk sent = MemoryDisk.empty("sent");
  private final MemoryDisk received = MemoryDisk.empty("received");

  RocksLoadTest() throws IOException, RocksDBException {
    files = new RocksFiles();
    store = files.open();
    ahead.belongTo(RocksFiles.BELONGING);
    RandomCommands commands = new RandomCommands(new Random(1), 20_000);
    for (int slot = 0; slot < SLOTS; slot++) {
      List<Command> batch = commands.batch();
      List<Result> unused = KeyValueStoreTest.apply(ahead, batch);
    }
    Snapshots.open(sent)
        .write(ahead.view(), RocksFiles.BELONGING.cluster(), RocksFiles.BELONGING.membership());
  }

  @AfterEach
  void clear() throws IOException {
    files.close();
  }

  private List<String> families() throws RocksDBException {
    return files.families();
  }

  private SnapshotReceiver receiver() throws IOException {
    try (SnapshotFile from = Snapshots.open(sent).open(Slot.ZERO).orElseThrow()) {
      SnapshotReceiver receiver =
          Snapshots.open(received)
              .receiver(store, Optional.of(RocksFiles.BELONGING.cluster()), from.offer());
      while (!receiver.isReceived()) {
        Bytes piece = from.read(receiver.offset(), PIECE_BYTES);
        assertTrue(receiver.receive(receiver.offset(), SnapshotReceiver.crc(piece), piece));
      }
      return receiver;
    }
  }

  private static void flip(MemoryDisk disk, String name, int share) throws IOException {
    try (DiskFile file = disk.open(name)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      long at = file.sizeBytes() - file.sizeBytes() / share;
      assertEquals(1, file.read(at, one));
      one.put(0, (byte) (one.get(0) ^ 4));
      file.write(at, one.flip());
    }
  }

  private static void finish(SnapshotReceiver receiver) throws IOException {
    while (receiver.installSome()) {
      // The next piece.
    }
  }

  @Test
  void aLoadThatFailsHalfWayLeavesNothing() throws Exception {
    List<String> before = families();
    SnapshotReceiver receiver = receiver();
    flip(received, received.list().get(0), 10);
    assertThrows(SnapshotRefusedException.class, () -> finish(receiver));
    assertEquals(before, families());

    // And the next one comes into force, and is there after a restart.
    SnapshotReceiver again = receiver();
    finish(again);
    assertTrue(store.install(again.restored()));
    assertEquals(ahead.applied(), store.flush());
    assertEquals(before.size(), families().size(), () -> "the one that it replaced is gone");
    files.crash();
    assertEquals(ahead.hash(), files.open().hash());
  }

  @Test
  void aLoadThatIsGivenUpLeavesNothing() throws Exception {
    List<String> before = families();
    SnapshotReceiver receiver = receiver();
    while (families().equals(before)) {
      assertTrue(receiver.installSome(), "it is under way");
    }
    receiver.abandon();
    assertEquals(before, families());
  }

  @Test
  void aSnapshotThatIsDamagedOnDiskLeavesNothing() throws Exception {
    List<String> before = families();
    flip(sent, sent.list().get(0), 3);
    Snapshots.Start start =
        Snapshots.open(sent)
            .restoreNewest(store, Optional.of(RocksFiles.BELONGING.cluster()), Slot.ZERO);
    assertEquals(1, start.refused().size());
    assertEquals(before, families());
  }

  @Test
  void aLoadBeginsOnlyWithRoomForItBesideTheState() throws Exception {
    List<String> before = families();
    SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    try (SnapshotFile from = Snapshots.open(sent).open(Slot.ZERO).orElseThrow()) {
      SnapshotOffer offer = from.offer();
      Optional<ClusterId> cluster = Optional.of(RocksFiles.BELONGING.cluster());
      Snapshots snapshots = Snapshots.open(disk);
      disk.capacity(2 * offer.sizeBytes());
      IOException refused =
          assertThrows(IOException.class, () -> snapshots.receiver(store, cluster, offer));
      assertTrue(
          String.valueOf(refused.getMessage())
              .contains(
                  " for itself, and its rows beside those that are there), and "
                      + 2 * offer.sizeBytes()
                      + " are free"),
          refused::toString);
      assertEquals(List.of(), disk.list());

      // There was room, and something else has taken it meanwhile.
      disk.capacity(3 * offer.sizeBytes());
      SnapshotReceiver receiver = snapshots.receiver(store, cluster, offer);
      while (receiver.offset() < offer.sizeBytes() / 2) {
        Bytes piece = from.read(receiver.offset(), PIECE_BYTES);
        assertTrue(receiver.receive(receiver.offset(), SnapshotReceiver.crc(piece), piece));
      }
      disk.capacity(offer.sizeBytes());
      Bytes next = from.read(receiver.offset(), PIECE_BYTES);
      assertThrows(
          IOException.class,
          () -> receiver.receive(receiver.offset(), SnapshotReceiver.crc(next), next));
      assertEquals(List.of(), disk.list());
      assertEquals(before, families());
    }
  }

  /** What it was to read is not there any more, and that is no damage. */
  @Test
  void theScrubOfAStateThatIsReplacedMeanwhileEndsWithoutAWord() throws Exception {
    RandomCommands commands = new RandomCommands(new Random(2), 20_000);
    for (int slot = 0; slot < SLOTS / 2; slot++) {
      List<Result> unused = KeyValueStoreTest.apply(store, commands.batch());
    }
    SnapshotReceiver receiver = receiver();
    finish(receiver);
    Slot applied = store.applied();
    Optional<String> scrubbed =
        store.scrub(
            bytes -> {
              if (store.applied().equals(applied)) {
                assertTrue(store.install(receiver.restored()));
                assertEquals(ahead.applied(), flushed());
              }
            });
    assertEquals(Optional.empty(), scrubbed);
    assertEquals(ahead.applied(), store.applied());
    assertEquals(Optional.empty(), store.scrub(bytes -> {}));
  }

  private Slot flushed() {
    try {
      return store.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
