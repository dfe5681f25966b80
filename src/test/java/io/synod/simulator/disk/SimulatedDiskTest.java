package io.synod.simulator.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.synod.journal.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The disk fails as disks do: all that the simulator finds rests on that. */
class SimulatedDiskTest {
  private static final String NAME = "a.log";
  private static final int BYTES = 512;

  private static final DiskFaultPlan ALL_WRITES_LOST =
      new DiskFaultPlan(0, 0, 0, 1, 0, 0, 0, 1, 0, 0);
  private static final DiskFaultPlan ALL_WRITES_MISDIRECTED =
      new DiskFaultPlan(0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
  private static final DiskFaultPlan ALL_SYNCS_FAIL =
      new DiskFaultPlan(0, 0, 0, 0, 0, 1, 0, 1, 0, 0);

  private final SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
  private DiskFile file;

  @BeforeEach
  void fourBlocksOfZeros() throws IOException {
    file = disk.open(NAME);
    file.truncate(4 * BYTES);
    file.sync();
    disk.syncDirectory();
  }

  private static byte[] filledWith(int value) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private void write(int block, int value) throws IOException {
    file.write((long) block * BYTES, ByteBuffer.wrap(filledWith(value)));
  }

  private void writeDurably(int block, int value) throws IOException {
    write(block, value);
    file.sync();
  }

  private void assertHolds(int... values) {
    byte[] bytes = disk.bytes(NAME);
    for (int i = 0; i < values.length; i++) {
      assertArrayEquals(
          filledWith(values[i]),
          Arrays.copyOfRange(bytes, i * BYTES, (i + 1) * BYTES),
          "block " + i);
    }
  }

  @Test
  void whatWasNotSyncedOutlivesTheProcessAndNotThePower() throws IOException {
    writeDurably(0, 1);
    write(1, 2);
    disk.crash();
    assertHolds(1, 2, 0, 0);
    disk.powerLoss(0);
    assertHolds(1, 0, 0, 0);
  }

  @Test
  void aFailedSyncLeavesWhatItLosesReadable() throws IOException {
    writeDurably(0, 1);
    write(1, 2);
    disk.faults(ALL_SYNCS_FAIL);
    assertThrows(IOException.class, file::sync);
    disk.faults(DiskFaultPlan.NONE);
    file.sync();
    assertHolds(1, 2, 0, 0);
    disk.powerLoss(1);
    assertHolds(1, 0, 0, 0);
  }

  @Test
  void aStaleWriteIsReadableUntilTheProcessEnds() throws IOException {
    writeDurably(0, 1);
    disk.faults(ALL_WRITES_LOST);
    writeDurably(1, 2);
    disk.faults(DiskFaultPlan.NONE);
    writeDurably(2, 3);
    assertHolds(1, 2, 3, 0);
    disk.crash();
    assertHolds(1, 0, 3, 0);
    assertEquals(1, disk.counts().get(DiskFault.WRITE_LOST));
  }

  /** Nothing in the directory would show that it is missing: that is beyond any protocol. */
  @Test
  void aWriteThatNothingFollowsComesLate() throws IOException {
    writeDurably(0, 1);
    disk.faults(ALL_WRITES_LOST);
    writeDurably(1, 2);
    disk.powerLoss(0);
    assertHolds(1, 2, 0, 0);
  }

  @Test
  void aStaleWriteIsMendedByTheNextToItsPlace() throws IOException {
    disk.faults(ALL_WRITES_LOST);
    writeDurably(1, 2);
    disk.faults(DiskFaultPlan.NONE);
    writeDurably(2, 3);
    writeDurably(1, 4);
    disk.powerLoss(0);
    assertHolds(0, 4, 3, 0);
  }

  /** Of two copies that say the same one may be stale. */
  @Test
  void aStaleCopyIsLostThoughNothingFollows() throws IOException {
    disk.redundant(NAME);
    disk.faults(ALL_WRITES_LOST);
    writeDurably(1, 2);
    disk.powerLoss(0);
    assertHolds(0, 0, 0, 0);
  }

  /** What was behind it went with the power, too: nothing shows that it is missing. */
  @Test
  void aWriteThatNothingDurableFollowsComesLate() throws IOException {
    disk.faults(ALL_WRITES_LOST);
    writeDurably(1, 2);
    disk.faults(DiskFaultPlan.NONE);
    write(2, 3);
    disk.powerLoss(0);
    assertHolds(0, 2, 0, 0);
  }

  @Test
  void whatIsWrittenAgainBeforeItsSyncIsTheLater() throws IOException {
    disk.faults(ALL_WRITES_LOST);
    write(1, 2);
    disk.faults(DiskFaultPlan.NONE);
    write(1, 4);
    file.sync();
    writeDurably(2, 3);
    disk.powerLoss(0);
    assertHolds(0, 4, 3, 0);
  }

  @Test
  void aMisdirectedWriteOverwritesAnotherPlaceAndIsNotInItsOwn() throws IOException {
    writeDurably(0, 1);
    writeDurably(1, 1);
    writeDurably(2, 1);
    disk.faults(ALL_WRITES_MISDIRECTED);
    writeDurably(2, 5);
    disk.faults(DiskFaultPlan.NONE);
    writeDurably(3, 1);
    disk.powerLoss(0);
    assertEquals(1, disk.counts().get(DiskFault.WRITE_MISDIRECTED));
    assertHolds(5, 1, 1, 1);
  }

  @Test
  void anUnreadableSectorIsReadableOnceItIsWrittenAgain() throws IOException {
    writeDurably(1, 2);
    disk.makeUnreadable(NAME, BYTES);
    assertThrows(IOException.class, () -> file.read(BYTES, ByteBuffer.allocate(1)));
    assertEquals(1, file.read(0, ByteBuffer.allocate(1)));
    writeDurably(1, 3);
    assertEquals(1, file.read(BYTES, ByteBuffer.allocate(1)));
  }

  @Test
  void namesAreDurableWithTheSyncOfTheDirectory() throws IOException {
    disk.open("b.log").sync();
    disk.powerLoss(0);
    assertEquals(List.of(NAME), disk.list());
  }

  @Test
  void aFullDiskTakesWhatDoesNotGrow() throws IOException {
    disk.capacity(4 * BYTES);
    writeDurably(3, 1);
    assertThrows(IOException.class, () -> write(4, 1));
    assertEquals(1, disk.counts().get(DiskFault.FULL));
    assertHolds(0, 0, 0, 1);
  }
}
