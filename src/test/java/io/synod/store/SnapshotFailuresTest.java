package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionInForce;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/** Snapshots that cannot be begun: nothing is left of them, and nothing else fails with them. */
class SnapshotFailuresTest {
  private final SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
  private final List<String> lines = new ArrayList<>();
  private final Snapshots snapshots = open(disk);

  private Snapshots open(SimulatedDisk files) {
    try {
      return Snapshots.open(files, 0, lines::add);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A view that may not be readable, and knows whether it was closed. */
  private static final class PlayedView implements Engine.View {
    private final boolean readable;
    private boolean closed;

    PlayedView(boolean readable) {
      this.readable = readable;
    }

    @Override
    public Engine.Rows rows() {
      if (!readable) {
        throw new EngineFailedException("the rows are gone");
      }
      return new HeapEngine().view().rows();
    }

    @Override
    public Iterator<Engine.Change> changesAfter(long revision) {
      return Collections.emptyIterator();
    }

    @Override
    public void close() {
      closed = true;
    }

    StoreView ofSlot(long slot) {
      return new StoreView(
          new StoreView.Numbers(
              Slot.of(slot), VersionInForce.FIRST, 1, 0, History.Numbers.NONE, 0, 0, 0, 0),
          ByteBuffer.allocate(0),
          List.of(),
          this);
    }
  }

  private SnapshotWriter write(PlayedView view) throws IOException {
    return snapshots.writer(view.ofSlot(8), SnapshotTest.CLUSTER, SnapshotTest.MEMBERSHIP);
  }

  @Test
  void aStateThatCannotBeReadFailsItsSnapshotOnly() throws IOException {
    PlayedView view = new PlayedView(/* readable= */ false);
    IOException failed = assertThrows(IOException.class, () -> write(view));
    assertEquals("the state cannot be read: the rows are gone", failed.getMessage());
    assertTrue(view.closed);
    assertEquals(List.of(), disk.list());
  }

  @Test
  void aViewIsClosedWhenTheFileCannotBeMade() {
    PlayedView view = new PlayedView(/* readable= */ true);
    disk.failAt(disk.operations(), DiskFault.NAME_FAILED);
    assertThrows(IOException.class, () -> write(view));
    assertTrue(view.closed);
  }

  /** A snapshot of another server, to be received here. */
  private static SnapshotFile offered() throws IOException {
    KeyValueStore ahead = KeyValueStore.inMemory();
    ahead.belongTo(RocksFiles.BELONGING);
    RandomCommands commands = new RandomCommands(new Random(1), 100);
    for (int i = 0; i < 50; i++) {
      List<Result> unused = KeyValueStoreTest.apply(ahead, commands.batch());
    }
    SimulatedDisk sent = new SimulatedDisk("sent", new SplittableRandom(1));
    Snapshots theirs = Snapshots.open(sent);
    theirs.write(ahead.view(), SnapshotTest.CLUSTER, SnapshotTest.MEMBERSHIP);
    return theirs.open(Slot.ZERO).orElseThrow();
  }

  private SnapshotReceiver receive(KeyValueStore store, SnapshotFile from) throws IOException {
    return snapshots.receiver(store, Optional.of(SnapshotTest.CLUSTER), from.offer());
  }

  private static boolean piece(SnapshotReceiver receiver, SnapshotFile from) throws IOException {
    Bytes piece = from.read(receiver.offset(), 1_000);
    return receiver.receive(receiver.offset(), SnapshotReceiver.crc(piece), piece);
  }

  @Test
  void anEngineThatTakesNoRowsFailsTheSnapshotOnly() throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles();
        SnapshotFile from = offered()) {
      KeyValueStore store = files.open();
      SnapshotReceiver begun = receive(store, from);
      assertTrue(piece(begun, from));
      files.crash();
      IOException failed = assertThrows(IOException.class, () -> receive(store, from));
      assertTrue(
          String.valueOf(failed.getMessage())
              .startsWith("the state of a snapshot cannot be kept: "),
          failed::toString);
      assertThrows(IOException.class, () -> receiveAll(begun, from));
      assertEquals(List.of(), disk.list());
    }
  }

  private static void receiveAll(SnapshotReceiver receiver, SnapshotFile from) throws IOException {
    while (!receiver.isReceived()) {
      assertTrue(piece(receiver, from));
    }
  }

  @Test
  void nothingIsLoadedWhenTheFileCannotBeMade() throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles();
        SnapshotFile from = offered()) {
      KeyValueStore store = files.open();
      List<String> before = files.families();
      disk.failAt(disk.operations(), DiskFault.NAME_FAILED);
      assertThrows(IOException.class, () -> receive(store, from));
      assertEquals(before, files.families());
    }
  }

  // ---- what was set aside

  private static Path setAside(RocksFiles files, int sizeBytes) throws IOException {
    Path folder = Files.createDirectories(files.folder().resolve("rocksdb-damaged"));
    Path unused = Files.write(folder.resolve("000007.sst"), new byte[sizeBytes]);
    return folder;
  }

  /** On a disk with this much room, and that much more as soon as something is deleted. */
  private Snapshots roomFor(long freeBytes, long thenBytes) throws IOException {
    disk.capacity(freeBytes);
    return Snapshots.open(
        disk,
        0,
        line -> {
          lines.add(line);
          disk.capacity(thenBytes);
        });
  }

  @Test
  void aDatabaseThatWasSetAsideGoesWhenAPeersStateNeedsTheRoom()
      throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles();
        SnapshotFile from = offered()) {
      KeyValueStore store = files.open();
      long size = from.offer().sizeBytes();
      Path folder = setAside(files, (int) (2 * size));
      Snapshots tight = roomFor(size, 3 * size);
      SnapshotReceiver receiver =
          tight.receiver(store, Optional.of(SnapshotTest.CLUSTER), from.offer());
      assertTrue(Files.notExists(folder));
      assertEquals(1, lines.size());
      assertTrue(
          lines.get(0).startsWith("rocksdb-damaged, set aside as damaged, deleted: snapshot/"),
          lines::toString);
      receiver.abandon();
    }
  }

  /** A person may still get something out of it. */
  @Test
  void aDatabaseThatWasSetAsideStaysIfThatWouldNotBeRoomEnough()
      throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles();
        SnapshotFile from = offered()) {
      KeyValueStore store = files.open();
      long size = from.offer().sizeBytes();
      Path folder = setAside(files, (int) size);
      Snapshots tight = roomFor(size, size);
      assertThrows(
          IOException.class,
          () -> tight.receiver(store, Optional.of(SnapshotTest.CLUSTER), from.offer()));
      assertTrue(Files.exists(folder));
      assertEquals(List.of(), lines);
    }
  }

  /** The next one deletes it anyway, once it is whole. */
  @Test
  void aDamagedSnapshotGoesWhenTheNextOneNeedsTheRoom() throws IOException {
    KeyValueStore store = KeyValueStore.inMemory();
    RandomCommands commands = new RandomCommands(new Random(1), 100);
    for (int i = 0; i < 50; i++) {
      List<Result> unused = KeyValueStoreTest.apply(store, commands.batch());
    }
    snapshots.write(store.view(), SnapshotTest.CLUSTER, SnapshotTest.MEMBERSHIP);
    String name = disk.list().get(0);
    int size = disk.bytes(name).length;
    disk.flipBit(name, size / 2, 3);
    assertTrue(snapshots.scrub(bytes -> {}).isPresent());
    List<Result> unused = KeyValueStoreTest.apply(store, commands.batch());
    disk.capacity(size + size / 10);
    snapshots.write(store.view(), SnapshotTest.CLUSTER, SnapshotTest.MEMBERSHIP);
    assertEquals(store.applied(), snapshots.newest());
    assertEquals(1, disk.list().size());
    assertEquals(1, lines.size());
  }
}
