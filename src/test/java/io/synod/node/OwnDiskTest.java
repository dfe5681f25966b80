package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.NodeSettings.DiskMarks;
import io.synod.paxos.ServerId;
import io.synod.transport.DiskLevel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnDiskTest {
  private static final long MIB = 1 << 20;

  private final List<String> lines = new ArrayList<>();
  private long free = 1_000 * MIB;
  private long rewrite;
  private boolean rewriting;
  private final OwnDisk disk = disk(new DiskMarks("/data/8002", 200 * MIB, 100 * MIB));

  private OwnDisk disk(DiskMarks marks) {
    OwnDisk.Needs needs =
        new OwnDisk.Needs() {
          @Override
          public long rewriteBytes() {
            return rewrite;
          }

          @Override
          public boolean isRewriting() {
            return rewriting;
          }
        };
    return new OwnDisk(marks, new ServerId(2), () -> free, needs, lines::add);
  }

  private DiskLevel levelWith(long mib) {
    free = mib * MIB;
    boolean unused = disk.look();
    return disk.level();
  }

  @Test
  void eachLevelIsEnteredAtItsMarkAndLeftWithClearlyMore() {
    assertEquals(DiskLevel.ENOUGH, levelWith(200));
    assertEquals(DiskLevel.LOW, levelWith(199));
    assertEquals(DiskLevel.LOW, levelWith(100));
    assertEquals(DiskLevel.SHORT, levelWith(99));
    assertEquals(DiskLevel.SHORT, levelWith(124));
    assertEquals(DiskLevel.SHORT, levelWith(25));
    assertEquals(DiskLevel.FULL, levelWith(24));
    assertEquals(DiskLevel.FULL, levelWith(49));
    assertEquals(DiskLevel.SHORT, levelWith(50));
    assertEquals(DiskLevel.LOW, levelWith(125));
    assertEquals(DiskLevel.LOW, levelWith(224));
    assertEquals(DiskLevel.ENOUGH, levelWith(225));
    assertEquals("", disk.words());
  }

  @Test
  void eachChangeIsSaidOnceWithFiguresAndWhatToDo() {
    levelWith(150);
    levelWith(140);
    assertEquals(1, lines.size(), lines::toString);
    assertEquals(
        "the disk of server 2 is getting full: 150.0 MiB are free for /data/8002; puts are refused"
            + " with less than 100.0 MiB: disk_floor_mib 100, and 0.0 MiB to write the state anew;"
            + " make room there, and it goes on by itself",
        lines.get(0));
    levelWith(60);
    levelWith(10);
    assertTrue(
        lines.get(1).contains("is nearly full: 60.0 MiB are free for /data/8002; puts are refused"),
        lines.get(1));
    assertTrue(lines.get(1).contains("until 125.0 MiB are free"), lines.get(1));
    assertTrue(lines.get(2).contains("all writes are refused until 50.0 MiB are free"));
    levelWith(500);
    assertEquals(4, lines.size(), lines::toString);
    assertTrue(
        lines.get(3).startsWith("the disk of server 2 has room again: 500.0 MiB are free"),
        lines.get(3));
  }

  @Test
  void theFiguresAreThoseOfTheLastLook() {
    levelWith(60);
    levelWith(55);
    assertTrue(disk.words().contains("55.0 MiB are free"), disk.words());
    assertEquals(1, lines.size(), lines::toString);
  }

  /** Else it could not be written, the log before it not be cut, and the disk never get emptier. */
  @Test
  void thereIsRoomForTheNextSnapshotToo() {
    rewrite = 300 * MIB;
    assertEquals(DiskLevel.LOW, levelWith(400));
    assertEquals(DiskLevel.SHORT, levelWith(399));
    assertTrue(disk.words().contains("300.0 MiB to write the state anew"), disk.words());
  }

  @Test
  void whatASnapshotTakesWhileItIsWrittenIsNoShortage() {
    rewrite = 300 * MIB;
    assertEquals(DiskLevel.ENOUGH, levelWith(501));
    rewriting = true;
    assertEquals(DiskLevel.ENOUGH, levelWith(202));
    assertEquals(DiskLevel.LOW, levelWith(150));
    assertEquals(DiskLevel.SHORT, levelWith(99));
  }

  @Test
  void aShortageDoesNotEndBecauseASnapshotIsBegun() {
    rewrite = 300 * MIB;
    assertEquals(DiskLevel.SHORT, levelWith(399));
    rewriting = true;
    assertEquals(DiskLevel.SHORT, levelWith(380));
    rewriting = false;
    assertEquals(DiskLevel.SHORT, levelWith(420));
    assertEquals(DiskLevel.LOW, levelWith(425));
  }

  @Test
  void withoutAFloorNobodyLooks() {
    OwnDisk unwatched = disk(DiskMarks.NONE);
    free = 0;
    assertFalse(unwatched.look());
    assertEquals(DiskLevel.ENOUGH, unwatched.level());
    assertEquals(List.of(), lines);
  }
}
