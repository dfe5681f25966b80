package io.synod.node;

import static io.synod.node.Drivers.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.Drivers.Driver;
import io.synod.node.NodeSettings.DiskMarks;
import io.synod.paxos.Bytes;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Drivers whose disks get full: what they take, and who coordinates. */
class DiskWatchTest {
  private static final long MIB = 1 << 20;
  private static final long ENOUGH = 1_000 * MIB;
  private static final long SHORT = 60 * MIB;
  private static final long FULL = 10 * MIB;

  private final Drivers cluster = new Drivers(new DiskMarks("/data", 200 * MIB, 100 * MIB));
  private final Driver coordinator;
  private final Driver second;
  private final Driver third;

  DiskWatchTest() throws IOException {
    cluster.run(2_000 * MILLI);
    coordinator = cluster.coordinator();
    second = cluster.after(coordinator, 1);
    third = cluster.after(coordinator, 2);
    assertWritten(put(second));
  }

  private Answer put(Driver driver) {
    return cluster.answer(driver, new Operation.Put(Bytes.utf8("k"), Bytes.utf8("v")));
  }

  private Answer delete(Driver driver) {
    return cluster.answer(driver, new Operation.Delete(Bytes.utf8("k")));
  }

  private static void assertWritten(Answer answer) {
    assertInstanceOf(Answer.Written.class, answer, answer::toString);
  }

  private static void assertExhausted(Driver by, Answer answer) {
    String why = assertInstanceOf(Answer.Exhausted.class, answer, answer::toString).why();
    assertTrue(why.startsWith("the disk of server " + by.id.number() + " is "), why);
    assertTrue(why.contains("MiB are free for /data; "), why);
    assertTrue(why.contains("make room there"), why);
  }

  /** Those of these servers have so much room, and all have had the time to say so. */
  private void freeBytes(long bytes, Driver... drivers) {
    for (Driver each : drivers) {
      each.freeBytes = bytes;
    }
    cluster.run(150 * MILLI);
  }

  private String warning(Driver driver) {
    cluster.run(150 * MILLI);
    return driver.node.status().flatMap(NodeStatus::warning).orElse("");
  }

  @Test
  void putsAreRefusedByWhicheverServerIsAskedWhileTheCoordinatorsDiskIsShortOfRoom() {
    freeBytes(SHORT, coordinator);
    for (Driver each : cluster.all) {
      assertExhausted(coordinator, put(each));
      assertWritten(delete(each));
      assertTrue(warning(each).contains("is nearly full"), warning(each));
    }
    freeBytes(ENOUGH, coordinator);
    for (Driver each : cluster.all) {
      assertWritten(put(each));
      assertEquals("", warning(each));
    }
  }

  @Test
  void oneOtherDiskThatIsShortOfRoomHoldsUpNobody() {
    freeBytes(SHORT, second);
    for (Driver each : cluster.all) {
      assertWritten(put(each));
    }
    assertTrue(warning(second).contains("is nearly full"), warning(second));
    assertEquals("", warning(third));
  }

  @Test
  void putsAreRefusedIfThoseThatHaveRoomAreNoQuorum() {
    freeBytes(SHORT, second, third);
    Driver named = second.id.number() < third.id.number() ? second : third;
    for (Driver each : cluster.all) {
      assertExhausted(named, put(each));
      assertWritten(delete(each));
    }
  }

  @Test
  void whatAServerSaidOfItsDiskCountsForSomeSeconds() {
    freeBytes(SHORT, second, third);
    assertInstanceOf(Answer.Exhausted.class, put(coordinator));
    cluster.lost = message -> message instanceof PeerMessage.DiskRoom;
    freeBytes(ENOUGH, second, third);
    assertInstanceOf(Answer.Exhausted.class, put(coordinator));
    cluster.run(5_000 * MILLI);
    assertWritten(put(coordinator));
  }

  @Test
  void anotherCoordinatesIfThatHelps() {
    freeBytes(SHORT, coordinator);
    assertExhausted(coordinator, put(second));
    cluster.run(3_000 * MILLI);
    Driver next = cluster.coordinator();
    assertNotEquals(coordinator.id, next.id);
    for (Driver each : cluster.all) {
      assertWritten(put(each));
    }
    cluster.run(10_000 * MILLI);
    assertEquals(next.id, cluster.coordinator().id, "it is not handed back");
  }

  @Test
  void nobodyElseCoordinatesIfThatDoesNotHelp() {
    freeBytes(SHORT, coordinator, second);
    cluster.run(5_000 * MILLI);
    assertEquals(coordinator.id, cluster.coordinator().id, "one of three is no quorum");
    freeBytes(ENOUGH, second);
    cluster.run(8_000 * MILLI);
    assertNotEquals(coordinator.id, cluster.coordinator().id);
  }

  @Test
  void inTheLastReserveNothingIsWrittenAndReadsGoOn() {
    freeBytes(FULL, cluster.all.toArray(new Driver[0]));
    for (Driver each : cluster.all) {
      Answer refused = delete(each);
      String why = assertInstanceOf(Answer.Exhausted.class, refused, refused::toString).why();
      assertTrue(why.contains("all writes are refused until 50.0 MiB are free"), why);
      Answer read =
          cluster.answer(
              each, new Operation.Get(Bytes.utf8("k"), ClientRequest.ReadMode.LINEARIZABLE));
      assertInstanceOf(Answer.Found.class, read, read::toString);
    }
    freeBytes(ENOUGH, cluster.all.toArray(new Driver[0]));
    assertWritten(put(coordinator));
  }

  @Test
  void aFullServerTakesNothingInAndCatchesUpWhenThereIsRoom() {
    freeBytes(FULL, third);
    for (int i = 0; i < 5; i++) {
      assertWritten(put(second));
    }
    assertTrue(third.store.applied().isBefore(coordinator.store.applied()));
    Answer elsewhere = put(third);
    Answer.Unavailable refused = assertInstanceOf(Answer.Unavailable.class, elsewhere);
    assertFalse(refused.unknown());
    assertTrue(refused.why().contains("ask another server"), refused.why());
    freeBytes(ENOUGH, third);
    cluster.run(2_000 * MILLI);
    assertEquals(coordinator.store.applied(), third.store.applied());
    assertWritten(put(third));
  }

  @Test
  void aSnapshotIsWrittenWhenRoomGetsShortSoThatLogAndHistoryCanGo() {
    assertEquals(0, snapshots());
    freeBytes(SHORT, coordinator, second);
    assertEquals(1, snapshots(), coordinator.lines::toString);
    cluster.run(10_000 * MILLI);
    assertWritten(delete(coordinator));
    assertEquals(1, snapshots(), coordinator.lines::toString);
    cluster.now += 300_000 * MILLI;
    cluster.run(10_000 * MILLI);
    assertEquals(2, snapshots(), coordinator.lines::toString);
  }

  private long snapshots() {
    return coordinator.lines.stream().filter(line -> line.startsWith("snapshot of slot ")).count();
  }
}
