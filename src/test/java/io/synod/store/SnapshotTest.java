package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.synod.paxos.Address;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

class SnapshotTest {
  static final ClusterId CLUSTER = new ClusterId(new UUID(3, 4));
  static final MembershipInForce MEMBERSHIP =
      new MembershipInForce(
          Slot.of(7),
          new Membership(
              Slot.ZERO,
              List.of(
                  new Member(
                      new ServerId(0),
                      new Incarnation(new UUID(5, 6)),
                      Address.parse("localhost:9000"),
                      Address.parse("localhost:8000"),
                      Member.Role.VOTER))));
  private static final int PIECE = 1_000;
  private static final int NEVER = 1 << 20;
  private static final List<DiskFault> FAULTS = List.of(DiskFault.CRASH, DiskFault.WRITE_TORN);

  private final SimulatedDisk disk = disk();
  private final KeyValueStore store = KeyValueStore.inMemory();
  private RandomCommands commands = new RandomCommands(new Random(1), 100);

  private void applySlots(int slots) {
    for (int i = 0; i < slots; i++) {
      KeyValueStoreTest.apply(store, commands.batch());
    }
  }

  private static SimulatedDisk disk() {
    return new SimulatedDisk("disk", new SplittableRandom(1));
  }

  private static SimulatedDisk afterPowerLoss(SimulatedDisk disk) {
    SimulatedDisk after = disk.copy(new SplittableRandom(2));
    after.powerLoss(0);
    return after;
  }

  private static SnapshotWriter writer(Snapshots snapshots, KeyValueStore store)
      throws IOException {
    return snapshots.writer(store.view(), CLUSTER, MEMBERSHIP);
  }

  private static void write(Snapshots snapshots, KeyValueStore store) throws IOException {
    SnapshotWriter writer = writer(snapshots, store);
    while (writer.writeSome()) {
      // The next piece.
    }
  }

  private static void receive(SnapshotReceiver receiver, SnapshotFile from) throws IOException {
    while (!receiver.isReceived()) {
      Bytes piece = from.read(receiver.offset(), PIECE);
      assertTrue(receiver.receive(receiver.offset(), SnapshotReceiver.crc(piece), piece));
    }
    while (receiver.installSome()) {
      // The next piece.
    }
  }

  private static Snapshots.Start restore(SimulatedDisk disk, KeyValueStore into)
      throws IOException {
    return Snapshots.open(disk).restoreNewest(into, Optional.of(CLUSTER), Slot.ZERO);
  }

  private static void assertSame(KeyValueStore expected, KeyValueStore actual) {
    try {
      assertSameRows(expected, actual);
    } catch (RevisionUnavailableException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertSameRows(KeyValueStore expected, KeyValueStore actual)
      throws RevisionUnavailableException {
    assertEquals(expected.compacted(), actual.compacted());
    for (int i = 0; i <= 10; i++) {
      long at = expected.compacted() + i * (expected.revision() - expected.compacted()) / 10;
      assertEquals(KeyValueStoreTest.all(expected, at), KeyValueStoreTest.all(actual, at));
    }
    while (expected.sweepSome()) {
      // All of it, for the sizes to be the same.
    }
    while (actual.sweepSome()) {
      // All of it.
    }
    assertEquals(expected.historyBytes(), actual.historyBytes());
    assertEquals(expected.applied(), actual.applied());
    assertEquals(expected.hash(), actual.hash());
    assertEquals(expected.revision(), actual.revision());
    assertEquals(expected.liveBytes(), actual.liveBytes());
    assertEquals(expected.keys(), actual.keys());
    assertEquals(expected.sessions(), actual.sessions());
    assertEquals(expected.logTimeMillis(), actual.logTimeMillis());
    assertEquals(KeyValueStoreTest.all(expected), KeyValueStoreTest.all(actual));
  }

  @Test
  void restoresWhatWasWritten() throws IOException {
    applySlots(100);
    write(Snapshots.open(disk), store);
    KeyValueStore restored = KeyValueStore.inMemory();

    Snapshots.Start start = restore(afterPowerLoss(disk), restored);

    assertEquals(List.of(), start.refused());
    SnapshotInfo info = start.restored().orElseThrow();
    assertEquals(store.applied(), info.slot());
    assertEquals(MEMBERSHIP, info.membership());
    assertEquals(CLUSTER, info.cluster());
    assertSame(store, restored);
  }

  @Test
  void emptyStoreIsRestoredToo() throws IOException {
    store.skip(Slot.of(1));
    write(Snapshots.open(disk), store);
    KeyValueStore restored = KeyValueStore.inMemory();
    restore(disk, restored);
    assertSame(store, restored);
  }

  @TestFactory
  Stream<DynamicTest> snapshotWrittenWhileWritesGoOnIsTheStateAtItsSlot() {
    return new Random()
        .longs(6)
        .mapToObj(
            seed ->
                DynamicTest.dynamicTest(
                    "seed " + seed, () -> new SnapshotTest().writeWhileApplying(seed)));
  }

  private void writeWhileApplying(long seed) throws IOException {
    Random random = new Random(seed);
    commands = new RandomCommands(random, 20_000);
    KeyValueStore twin = KeyValueStore.inMemory();
    Snapshots snapshots = Snapshots.open(disk);
    int slots = 50 + random.nextInt(1_000);
    for (int i = 0; i < slots; i++) {
      List<Command> batch = commands.batch();
      KeyValueStoreTest.apply(store, batch);
      KeyValueStoreTest.apply(twin, batch);
    }
    SnapshotWriter writer = writer(snapshots, store);
    do {
      applySlots(random.nextInt(50));
    } while (writer.writeSome());

    KeyValueStore restored = KeyValueStore.inMemory();
    restore(afterPowerLoss(disk), restored);
    assertSame(twin, restored);
    for (int i = 0; i < 100; i++) {
      List<Command> batch = commands.batch();
      assertEquals(KeyValueStoreTest.apply(twin, batch), KeyValueStoreTest.apply(restored, batch));
    }
    assertSame(twin, restored);
  }

  @Test
  void viewKeepsTheHistoryThatASweepRemoves() throws IOException {
    applySlots(400);
    KeyValueStore restored = KeyValueStore.inMemory();
    KeyValueStore twin = KeyValueStore.inMemory();
    write(Snapshots.open(disk), store);
    restore(disk, twin);
    SimulatedDisk later = disk();
    SnapshotWriter writer = writer(Snapshots.open(later), store);
    long held = store.historyBytes();
    Command open = new Command.OpenSession(new ServerId(90), new UUID(90, 90));
    Result.SessionOpened opened =
        (Result.SessionOpened) KeyValueStoreTest.apply(store, List.of(open)).get(0);
    Command.Stamp stamp = new Command.Stamp(opened.session(), 1, 1);
    KeyValueStoreTest.apply(store, List.of(new Command.Compact(stamp, store.revision())));
    while (store.sweepSome()) {
      // All that is freed.
    }
    assertTrue(held > 0);
    assertEquals(0, store.historyBytes());
    applySlots(400);
    while (writer.writeSome()) {
      // The next piece.
    }
    restore(later, restored);
    assertSame(twin, restored);
  }

  @Test
  void snapshotsOfOneSlotAreTheSameBytesOnEveryServer() throws IOException {
    applySlots(50);
    write(Snapshots.open(disk), store);
    KeyValueStore another = KeyValueStore.inMemory();
    restore(disk, another);
    SimulatedDisk anothersDisk = disk();
    write(Snapshots.open(anothersDisk), another);
    String name = SnapshotNames.whole(store.applied());
    assertEquals(Bytes.wrap(disk.bytes(name)), Bytes.wrap(anothersDisk.bytes(name)));
  }

  @Test
  void newSnapshotReplacesTheOlder() throws IOException {
    Snapshots snapshots = Snapshots.open(disk);
    applySlots(10);
    write(snapshots, store);
    applySlots(10);
    write(snapshots, store);
    assertEquals(List.of(SnapshotNames.whole(store.applied())), disk.list());
    assertEquals(store.applied(), snapshots.newest());
    assertThrows(IllegalArgumentException.class, () -> write(snapshots, store));
  }

  /** Without that the next record would end the server. */
  @Test
  void aSnapshotLeavesTheLogItsRoomHoweverWrongTheGuessOfItsLength() throws IOException {
    List<Command> opened = List.of(new Command.OpenSession(new ServerId(0), new UUID(1, 2)));
    long session = ((Result.SessionOpened) KeyValueStoreTest.apply(store, opened).get(0)).session();
    Bytes key = Bytes.utf8("k");
    List<Command> writes = new ArrayList<>();
    Bytes value = Bytes.wrap(new byte[3_000]);
    writes.add(new Command.Put(new Command.Stamp(session, 1, 1), key, value));
    writes.add(new Command.Delete(new Command.Stamp(session, 2, 1), key));
    KeyValueStoreTest.apply(store, writes);
    assertEquals(0, store.liveBytes(), "all of it is history");
    Snapshots snapshots = Snapshots.open(disk, 1_000, line -> fail(line));
    disk.capacity(2_000);
    IOException e = assertThrows(IOException.class, () -> write(snapshots, store));
    assertTrue(String.valueOf(e.getMessage()).contains("besides 1000 for the log"), e::toString);
    assertTrue(disk.freeBytes() >= 1_000, () -> disk.freeBytes() + " bytes are free");
    assertEquals(List.of(), disk.list());
    disk.capacity(1 << 20);
    write(snapshots, store);
    assertEquals(store.applied(), snapshots.newest());
  }

  @Test
  void snapshotInUseStaysUntilItIsClosed() throws IOException {
    Snapshots snapshots = Snapshots.open(disk);
    applySlots(10);
    Slot first = store.applied();
    write(snapshots, store);
    SnapshotFile used = snapshots.open(Slot.ZERO).orElseThrow();
    applySlots(10);
    write(snapshots, store);
    assertTrue(disk.list().contains(SnapshotNames.whole(first)));
    used.close();
    applySlots(10);
    write(snapshots, store);
    assertEquals(List.of(SnapshotNames.whole(store.applied())), disk.list());
  }

  @Test
  void peerReceivesASnapshotByPiecesAndCanPassItOn() throws IOException {
    applySlots(200);
    Snapshots snapshots = Snapshots.open(disk);
    write(snapshots, store);
    SimulatedDisk peersDisk = disk();
    Snapshots peers = Snapshots.open(peersDisk);
    KeyValueStore peer = KeyValueStore.inMemory();
    try (SnapshotFile file = snapshots.open(Slot.ZERO).orElseThrow()) {
      SnapshotReceiver receiver = peers.receiver(peer, Optional.of(CLUSTER), file.offer());
      Bytes first = file.read(0, PIECE);
      int crc = SnapshotReceiver.crc(first);
      assertFalse(receiver.receive(0, crc + 1, first));
      assertFalse(receiver.receive(PIECE, crc, first));
      assertFalse(receiver.receive(0, 0, Bytes.EMPTY));
      assertTrue(receiver.receive(0, crc, first));
      assertFalse(receiver.receive(0, crc, first));
      assertEquals(PIECE, receiver.offset());
      receive(receiver, file);
      assertTrue(peer.install(receiver.restored()));
      assertEquals(Bytes.EMPTY, file.read(file.offer().sizeBytes(), PIECE));
    }
    assertSame(store, peer);
    assertEquals(store.applied(), peers.newest());
    KeyValueStore restarted = KeyValueStore.inMemory();
    restore(afterPowerLoss(peersDisk), restarted);
    assertSame(store, restarted);
  }

  @Test
  void snapshotOlderThanTheStateIsNotInstalled() throws IOException {
    applySlots(10);
    Snapshots snapshots = Snapshots.open(disk);
    write(snapshots, store);
    SimulatedDisk peersDisk = disk();
    try (SnapshotFile file = snapshots.open(Slot.ZERO).orElseThrow()) {
      SnapshotReceiver receiver =
          Snapshots.open(peersDisk).receiver(store, Optional.of(CLUSTER), file.offer());
      receive(receiver, file);
      applySlots(1);
      long hash = store.hash();
      assertFalse(store.install(receiver.restored()));
      assertEquals(hash, store.hash());
    }
  }

  @Test
  void damageOnTheWayIsRefusedAsAWhole() throws IOException {
    applySlots(20);
    Snapshots snapshots = Snapshots.open(disk);
    write(snapshots, store);
    String name = SnapshotNames.whole(store.applied());
    KeyValueStore peer = KeyValueStore.inMemory();
    SimulatedDisk peersDisk = disk();
    byte[] damaged = disk.bytes(name).clone();
    damaged[damaged.length / 2] ^= 4;
    disk.replace(name, damaged);
    try (SnapshotFile file = snapshots.open(Slot.ZERO).orElseThrow()) {
      SnapshotReceiver receiver =
          Snapshots.open(peersDisk).receiver(peer, Optional.of(CLUSTER), file.offer());
      SnapshotRefusedException refused =
          assertThrows(SnapshotRefusedException.class, () -> receive(receiver, file));
      assertTrue(String.valueOf(refused.getMessage()).contains(".receiving at byte "));
    }
    assertEquals(List.of(), peersDisk.list());
  }

  @Test
  void everyByteFlipIsRefused() throws IOException {
    applySlots(3);
    write(Snapshots.open(disk), store);
    String name = SnapshotNames.whole(store.applied());
    byte[] whole = disk.bytes(name).clone();
    for (int place = 0; place < whole.length; place++) {
      for (int bit : new int[] {1, 0x80}) {
        byte[] damaged = whole.clone();
        damaged[place] ^= (byte) bit;
        assertRefused(name, damaged, "byte " + place);
      }
    }
  }

  @Test
  void everyTruncationAndAnythingMoreIsRefused() throws IOException {
    applySlots(3);
    write(Snapshots.open(disk), store);
    String name = SnapshotNames.whole(store.applied());
    byte[] whole = disk.bytes(name).clone();
    for (int size = 0; size <= whole.length + 20; size++) {
      if (size != whole.length) {
        assertRefused(name, Arrays.copyOf(whole, size), "size " + size);
      }
    }
  }

  private static void assertRefused(String name, byte[] bytes, String what) throws IOException {
    SimulatedDisk damaged = disk();
    damaged.replace(name, bytes);
    KeyValueStore restored = KeyValueStore.inMemory();
    Snapshots.Start start = restore(damaged, restored);
    assertEquals(Optional.empty(), start.restored(), what);
    assertEquals(1, start.refused().size(), what);
    assertTrue(start.refused().get(0).startsWith(name + " at byte "), start.refused().get(0));
    assertEquals(Slot.ZERO, restored.applied(), what);
    assertEquals(0, restored.keys(), what);
    assertTrue(damaged.list().stream().allMatch(SnapshotNames::isDamaged), what);
  }

  @Test
  void foreignOrMisnamedSnapshotIsRefused() throws IOException {
    applySlots(3);
    write(Snapshots.open(disk), store);
    byte[] whole = disk.bytes(SnapshotNames.whole(store.applied()));
    assertRefused(SnapshotNames.whole(Slot.of(9)), whole, "misnamed");
    Snapshots.Start start =
        Snapshots.open(disk)
            .restoreNewest(
                KeyValueStore.inMemory(), Optional.of(new ClusterId(new UUID(9, 9))), Slot.ZERO);
    assertTrue(start.refused().get(0).contains("not of " + new UUID(9, 9)));
  }

  @Test
  void newerVersionIsRefusedByNameAndLeftAlone() throws IOException {
    applySlots(3);
    write(Snapshots.open(disk), store);
    String name = SnapshotNames.whole(store.applied());
    byte[] whole = disk.bytes(name);
    Map<String, byte[]> newer =
        Map.of(
            "version 99", NewerFormats.snapshotOfVersion(99, whole),
            "a chunk of kind 8, written by a newer", NewerFormats.snapshotWithChunk(8, whole),
            "a chunk of kind 126, written by a newer", NewerFormats.snapshotWithChunk(126, whole),
            "a row of form 3, written by a newer", NewerFormats.snapshotWithRowOfForm(3, whole));
    for (Map.Entry<String, byte[]> each : newer.entrySet()) {
      disk.replace(name, each.getValue());
      KeyValueStore restored = KeyValueStore.inMemory();
      assertUnknown(each.getKey(), () -> restore(disk, restored));
      assertUnknown(each.getKey(), () -> Snapshots.open(disk).scrub(bytes -> {}));
      assertEquals(Slot.ZERO, restored.applied());
      assertEquals(List.of(name), disk.list());
      assertArrayEquals(each.getValue(), disk.bytes(name));
    }
  }

  private static void assertUnknown(String what, Executable reading) {
    SnapshotRefusedException refused = assertThrows(SnapshotRefusedException.class, reading);
    assertTrue(refused.isUnknownVersion(), refused::toString);
    assertTrue(String.valueOf(refused.getMessage()).contains(what), refused::toString);
  }

  @Test
  void olderWholeSnapshotIsUsedIfTheLogReachesBackToIt() throws IOException {
    applySlots(10);
    Slot first = store.applied();
    write(Snapshots.open(disk), store);
    byte[] older = disk.bytes(SnapshotNames.whole(first)).clone();
    applySlots(10);
    write(Snapshots.open(disk), store);
    String name = SnapshotNames.whole(store.applied());
    byte[] damaged = disk.bytes(name).clone();
    damaged[100] ^= 1;
    for (Slot cut : List.of(first, first.next())) {
      SimulatedDisk both = disk();
      both.replace(SnapshotNames.whole(first), older);
      both.replace(name, damaged);
      KeyValueStore restored = KeyValueStore.inMemory();
      Snapshots.Start start =
          Snapshots.open(both).restoreNewest(restored, Optional.of(CLUSTER), cut);
      assertEquals(1, start.refused().size());
      Slot expected = cut.equals(first) ? first : Slot.ZERO;
      assertEquals(expected, restored.applied());
    }
  }

  @Test
  void faultAtAnyOperationOfAWriteLeavesAWholeSnapshot() throws IOException {
    int operations = faultWhileWriting(NEVER, DiskFault.CRASH);
    for (int operation = 0; operation < operations; operation++) {
      for (DiskFault fault : FAULTS) {
        new SnapshotTest().faultWhileWriting(operation, fault);
      }
    }
    assertTrue(operations > 10);
  }

  private int faultWhileWriting(int operation, DiskFault fault) throws IOException {
    Snapshots snapshots = Snapshots.open(disk);
    applySlots(20);
    write(snapshots, store);
    SnapshotOffer older = offer(snapshots);
    long olderHash = store.hash();
    applySlots(5);
    long before = disk.operations();
    disk.failAt(before + operation, fault);
    boolean done = false;
    try {
      write(snapshots, store);
      done = true;
    } catch (IOException failed) {
      assertTrue(operation != NEVER);
    }
    int operations = (int) (disk.operations() - before);
    String what = fault + " at operation " + operation;
    checkAfterCrashes(older.slot(), olderHash, done, what);
    if (fault == DiskFault.WRITE_TORN) {
      // The process goes on, and the next attempt succeeds.
      applySlots(1);
      write(snapshots, store);
      KeyValueStore restored = KeyValueStore.inMemory();
      SimulatedDisk after = afterPowerLoss(disk);
      assertEquals(List.of(), restore(after, restored).refused(), what);
      assertSame(store, restored);
    }
    return operations;
  }

  private static SnapshotOffer offer(Snapshots snapshots) throws IOException {
    try (SnapshotFile file = snapshots.open(Slot.ZERO).orElseThrow()) {
      return file.offer();
    }
  }

  /** What a later process finds, whatever way this one ends now: the older state or the newer. */
  private void checkAfterCrashes(Slot older, long olderHash, boolean done, String what)
      throws IOException {
    for (int end = 0; end < 8; end++) {
      SimulatedDisk after = disk.copy(new SplittableRandom(end));
      if (end == 0) {
        after.crash();
      } else {
        after.powerLoss(end == 1 ? 0 : end == 2 ? 1 : 0.6);
      }
      KeyValueStore restored = KeyValueStore.inMemory();
      Snapshots.Start start = restore(after, restored);
      String where = what + ", end " + end;
      assertEquals(List.of(), start.refused(), where);
      if (restored.applied().equals(older)) {
        assertFalse(done, where);
        assertEquals(olderHash, restored.hash(), where);
      } else {
        assertSame(store, restored);
      }
      assertTrue(after.list().stream().allMatch(name -> name.endsWith(".snapshot")), where);
    }
  }

  @Test
  void faultAtAnyOperationOfAnInstallLeavesAWholeSnapshot() throws IOException {
    int operations = faultWhileInstalling(NEVER, DiskFault.CRASH);
    for (int operation = 0; operation < operations; operation++) {
      for (DiskFault fault : FAULTS) {
        new SnapshotTest().faultWhileInstalling(operation, fault);
      }
    }
    assertTrue(operations > 20);
  }

  private int faultWhileInstalling(int operation, DiskFault fault) throws IOException {
    Snapshots snapshots = Snapshots.open(disk);
    applySlots(20);
    write(snapshots, store);
    Slot older = store.applied();
    long olderHash = store.hash();
    KeyValueStore peer = KeyValueStore.inMemory();
    restore(disk.copy(new SplittableRandom(2)), peer);
    applySlots(5);
    Snapshots senders = Snapshots.open(disk());
    write(senders, store);
    long before = disk.operations();
    disk.failAt(before + operation, fault);
    boolean done = false;
    try (SnapshotFile file = senders.open(Slot.ZERO).orElseThrow()) {
      SnapshotReceiver receiver = snapshots.receiver(peer, Optional.of(CLUSTER), file.offer());
      receive(receiver, file);
      peer.install(receiver.restored());
      done = true;
    } catch (IOException failed) {
      assertTrue(operation != NEVER);
    }
    int operations = (int) (disk.operations() - before);
    assertEquals(done ? store.hash() : olderHash, peer.hash());
    checkAfterCrashes(older, olderHash, done, fault + " at operation " + operation);
    return operations;
  }
}
