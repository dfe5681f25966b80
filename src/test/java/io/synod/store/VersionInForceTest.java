package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The version in force is part of the state (protocol-rules.md, 15). */
class VersionInForceTest {
  private static final VersionRange TO_TWO = new VersionRange(1, 2);
  private static final Value.Version SECOND = new Value.Version(2);

  private final KeyValueStore store = KeyValueStore.inMemory(TO_TWO);
  private final RandomCommands commands = new RandomCommands(new Random(1), 100);

  private void applySlots(int slots) {
    for (int i = 0; i < slots; i++) {
      KeyValueStoreTest.apply(store, commands.batch());
    }
  }

  private static SimulatedDisk disk() {
    return new SimulatedDisk("disk", new SplittableRandom(1));
  }

  private static byte[] snapshot(SimulatedDisk disk, KeyValueStore store) throws IOException {
    SnapshotWriter writer =
        Snapshots.open(disk).writer(store.view(), SnapshotTest.CLUSTER, SnapshotTest.MEMBERSHIP);
    while (writer.writeSome()) {
      // The next piece.
    }
    return disk.bytes(SnapshotNames.whole(store.applied()));
  }

  private static void restore(SimulatedDisk disk, KeyValueStore into) throws IOException {
    Snapshots.Start start =
        Snapshots.open(disk).restoreNewest(into, Optional.of(SnapshotTest.CLUSTER), Slot.ZERO);
    assertEquals(List.of(), start.refused());
  }

  @Test
  void itBehavesByTheVersionBehindTheSlotThatDecidedIt() {
    applySlots(3);
    assertEquals(VersionInForce.FIRST, store.version());
    store.upgrade(Slot.of(4), SECOND);
    VersionInForce second = new VersionInForce(Slot.of(4), 2);
    assertEquals(second, store.version());
    store.upgrade(Slot.of(5), SECOND);
    store.upgrade(Slot.of(6), new Value.Version(1));
    applySlots(1);
    assertEquals(second, store.version(), "only a higher one does anything");
    assertEquals(Slot.of(7), store.applied());
  }

  /** So that replicas that would begin at different slots do not go on unnoticed. */
  @Test
  void theHashIsThatOfProgramsOfBeforeUntilTheSecondVersionAndOfItsSlotFromThenOn() {
    KeyValueStore before = KeyValueStore.inMemory();
    KeyValueStore later = KeyValueStore.inMemory(TO_TWO);
    assertEquals(before.hash(), store.hash());
    store.upgrade(Slot.of(1), SECOND);
    before.skip(Slot.of(1));
    later.skip(Slot.of(1));
    assertEquals(before.hash(), later.hash());
    assertNotEquals(before.hash(), store.hash());
    store.skip(Slot.of(2));
    later.upgrade(Slot.of(2), SECOND);
    assertNotEquals(later.hash(), store.hash());
  }

  @Test
  void aVersionThatTheProgramDoesNotKnowStopsItAtThatSlot() {
    applySlots(3);
    long hash = store.hash();
    UnsupportedVersionException stops =
        assertThrows(
            UnsupportedVersionException.class,
            () -> store.upgrade(Slot.of(4), new Value.Version(3)));
    assertEquals(
        "this cluster behaves by version 3 since slot 4; this program knows up to 2: start the"
            + " newer release",
        stops.getMessage());
    assertEquals(Slot.of(3), store.applied());
    assertEquals(hash, store.hash());
    assertEquals(VersionInForce.FIRST, store.version());
  }

  @Test
  void aProgramThatKnowsTheVersionNoMoreAppliesNothing() {
    KeyValueStore newer = KeyValueStore.inMemory(new VersionRange(2, 3));
    UnsupportedVersionException stops =
        assertThrows(
            UnsupportedVersionException.class,
            () -> KeyValueStoreTest.apply(newer, commands.batch()));
    assertEquals(
        "this cluster behaves by version 1; this program knows from 2 on: start the older release",
        stops.getMessage());
    assertEquals(Slot.ZERO, newer.applied());
  }

  @Test
  void aSnapshotCarriesTheVersionInForce() throws IOException {
    SimulatedDisk disk = disk();
    applySlots(3);
    store.upgrade(Slot.of(4), SECOND);
    applySlots(3);
    byte[] bytes = snapshot(disk, store);
    assertEquals(4, SnapshotFormat.version(ByteBuffer.wrap(bytes)));
    KeyValueStore restored = KeyValueStore.inMemory(TO_TWO);
    restore(disk, restored);
    assertEquals(store.version(), restored.version());
    assertEquals(store.hash(), restored.hash());
    KeyValueStore older = KeyValueStore.inMemory();
    UnsupportedVersionException refused =
        assertThrows(UnsupportedVersionException.class, () -> restore(disk, older));
    assertEquals(
        "this cluster behaves by version 2 since slot 4; this program knows up to 1: start the"
            + " newer release",
        refused.getMessage());
    assertEquals(Slot.ZERO, older.applied());
    assertEquals(List.of(SnapshotNames.whole(store.applied())), disk.list(), "it is left alone");
  }

  /** In the middle of an upgrade the servers that are not newer yet fetch them from the others. */
  @Test
  void untilThenSnapshotsAreThoseOfProgramsOfBefore() throws IOException {
    SimulatedDisk disk = disk();
    applySlots(5);
    byte[] bytes = snapshot(disk, store);
    assertEquals(3, SnapshotFormat.version(ByteBuffer.wrap(bytes)));
    KeyValueStore restored = KeyValueStore.inMemory();
    restore(disk, restored);
    assertEquals(VersionInForce.FIRST, restored.version());
  }

  @Test
  void aStoreWithFilesGoesOnWithItsVersion() throws Exception {
    try (RocksFiles files = new RocksFiles()) {
      KeyValueStore rocks = files.open(TO_TWO);
      KeyValueStoreTest.apply(rocks, commands.batch());
      Bytes unnamed = numbers(files);
      rocks.upgrade(Slot.of(2), SECOND);
      KeyValueStoreTest.apply(rocks, commands.batch());
      long hash = rocks.hash();
      Slot unused = rocks.flush();
      Bytes named = numbers(files);
      files.crash();
      assertEquals(1, KeptNumbers.version(unnamed), "as programs of before keep them");
      assertEquals(2, KeptNumbers.version(named));
      assertThrows(UnsupportedVersionException.class, files::open);
      files.crash();
      KeyValueStore again = files.open(TO_TWO);
      assertEquals(new VersionInForce(Slot.of(2), 2), again.version());
      assertEquals(hash, again.hash());
      assertFalse(again.belonging().isEmpty());
    }
  }

  private static Bytes numbers(RocksFiles files) {
    return RocksEngine.machineNumbers(files.database()).orElseThrow().encode();
  }
}
