package io.synod.journal;

import static io.synod.journal.JournalFixtures.accepted;
import static io.synod.journal.JournalFixtures.chosen;
import static io.synod.journal.JournalFixtures.cut;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.promised;
import static io.synod.journal.JournalFixtures.store;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Slot;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class SegmentsTest {
  private final SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));

  private static void prepare(Journal journal) throws IOException {
    while (journal.prepare()) {
      // One piece after the other.
    }
  }

  private List<String> segments() throws IOException {
    return disk.list().stream().filter(LogFiles::isSegment).toList();
  }

  @Test
  void recyclesWhatIsBehindTheCut() throws IOException {
    Journal journal = open(disk).journal();
    for (int slot = 1; slot <= 400; slot++) {
      store(journal, accepted(slot, 1, 500), chosen(slot));
      if (slot % 10 == 0) {
        store(journal, cut(slot - 5));
      }
      prepare(journal);
      assertTrue(segments().size() <= 7, segments()::toString);
    }
    // What was written fills about sixty.
    assertTrue(LogFiles.number(segments().get(segments().size() - 1)) <= 20, "files are reused");
    OpenedJournal again = open(disk);
    assertEquals(List.of(), again.findings());
    assertEquals(new Slot(395), again.recovered().cut());
    assertEquals(5, again.recovered().accepted().size());
  }

  @Test
  void headersDoNotOutgrowALogThatIsNeverCut() throws IOException {
    JournalSettings tiny = new JournalSettings(1024, 8, 1024, false);
    Journal journal = Journal.open(disk, tiny, JournalFixtures.owner(), () -> 0).journal();
    for (int slot = 1; slot <= 2_000; slot++) {
      store(journal, accepted(slot, 1, 400));
      prepare(journal);
    }
    long total = 0;
    for (String name : segments()) {
      total += disk.bytes(name).length;
    }
    assertTrue(total < 2 * 2_000 * 500, total + " bytes in " + segments().size() + " segments");
    disk.powerLoss(0);
    OpenedJournal again = Journal.open(disk, tiny, JournalFixtures.owner(), () -> 0);
    assertEquals(List.of(), again.findings());
    assertEquals(2_000, again.recovered().accepted().size());
  }

  @Test
  void doesNotTakeFramesOfAnEarlierUseForItsOwn() throws IOException {
    Journal journal = open(disk).journal();
    // Frames of one size: those of the earlier use stand where the later ones would go on.
    for (int slot = 1; slot <= 200; slot++) {
      store(journal, accepted(slot, 1, 100), cut(Math.max(0, slot - 3)));
      prepare(journal);
      SimulatedDisk copy = disk.copy(new SplittableRandom(slot));
      copy.powerLoss(0);
      OpenedJournal opened = open(copy);
      List<Long> slots = new ArrayList<>();
      for (AcceptedValue value : opened.recovered().accepted()) {
        slots.add(value.slot().number());
      }
      long last = slot;
      assertEquals(last, slots.get(slots.size() - 1));
      assertEquals(Math.min(last, 3), slots.size());
      assertEquals(Optional.empty(), opened.recovered().torn());
    }
  }

  /** Found by seed 911320 of the simulator: it reads well, and its end is not on the disk. */
  @Test
  void aSegmentWhoseFillingFailedIsNotTakenForAFilledOne() throws IOException {
    Journal first = open(disk).journal();
    store(first, promised(1));
    SimulatedDisk good = disk.copy(new SplittableRandom(1));
    Journal undisturbed = open(good).journal();
    long opened = good.operations();
    prepare(undisturbed);
    for (long at = opened; at < good.operations(); at++) {
      SimulatedDisk copy = disk.copy(new SplittableRandom(at));
      copy.failAt(at, DiskFault.SYNC_FAILED);
      try {
        prepare(open(copy).journal());
      } catch (IOException e) {
        // The process ends.
      }
      copy.crash();
      Journal journal = open(copy).journal();
      prepare(journal);
      for (int slot = 1; slot <= 30; slot++) {
        store(journal, accepted(slot, 1, 100), chosen(slot));
        SimulatedDisk lost = copy.copy(new SplittableRandom(slot));
        lost.powerLoss(0);
        OpenedJournal again = open(lost);
        assertEquals(List.of(), again.findings(), "failed at " + at);
        assertEquals(slot, again.recovered().accepted().size());
      }
    }
  }

  @Test
  void aFilledSegmentIsUsedAsSoonAsItIsReady() throws IOException {
    Journal journal = open(disk).journal();
    prepare(journal);
    assertEquals(2, segments().size());
    store(journal, promised(1));
    assertFalse(isZero(disk.bytes(segments().get(1))));
  }

  private static boolean isZero(byte[] bytes) {
    for (byte each : bytes) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }

  @Test
  void writesAFrameLargerThanASegment() throws IOException {
    Journal journal = open(disk).journal();
    store(journal, accepted(1, 1, 50_000), accepted(2, 1, 10), accepted(3, 1, 5_000_000));
    assertEquals(3, open(disk).recovered().accepted().size());
  }

  @Test
  void restartsDoNotPileUpFiles() throws IOException {
    for (int life = 1; life <= 30; life++) {
      Journal journal = open(disk).journal();
      store(journal, accepted(life, 1, 20));
      prepare(journal);
      disk.crash();
    }
    assertTrue(segments().size() <= 6, segments()::toString);
    assertEquals(30, open(disk).recovered().accepted().size());
  }

  @Test
  void syncsOnceForAllThatWaits() throws IOException {
    Journal journal = open(disk).journal();
    store(journal, promised(1));
    long before = disk.syncs();
    store(journal, accepted(1, 1, 10), chosen(0), accepted(2, 1, 10));
    assertEquals(1, disk.syncs() - before);
  }

  @Test
  void notesOnceThatAllIsSynced() throws IOException {
    Journal journal = open(disk).journal();
    assertFalse(journal.write());
    store(journal, promised(1));
    assertTrue(journal.write());
    assertFalse(journal.write());
  }

  @Test
  void tellsForHowLongTheOldestThatSomebodyWaitsForIsNotDurable() throws IOException {
    AtomicLong now = new AtomicLong(100);
    Journal journal =
        Journal.open(disk, JournalFixtures.SMALL, JournalFixtures.owner(), now::get).journal();
    assertEquals(0, journal.syncAgeNanos(500));
    journal.append(List.of(promised(1)));
    journal.requestSync();
    now.set(300);
    journal.append(List.of(promised(2)));
    journal.requestSync();
    assertEquals(400, journal.syncAgeNanos(500));
    journal.write();
    assertEquals(0, journal.syncAgeNanos(600));
  }

  @Test
  void whatNobodyWaitsForIsDueAfterAMomentOrWhenSomebodyDoes() throws IOException {
    AtomicLong now = new AtomicLong(100);
    Journal journal =
        Journal.open(disk, JournalFixtures.SMALL, JournalFixtures.owner(), now::get).journal();
    journal.append(List.of(chosen(1)));
    assertFalse(journal.isSyncRequested());
    assertEquals(0, journal.syncAgeNanos(100 + Journal.REST_NANOS));
    assertEquals(7, journal.syncAgeNanos(107 + Journal.REST_NANOS));
    now.set(400);
    journal.requestSync();
    assertTrue(journal.isSyncRequested());
    assertEquals(50, journal.syncAgeNanos(450));
    journal.write();
    assertFalse(journal.isSyncRequested());
    journal.requestSync();
    assertFalse(journal.isSyncRequested(), "all of it is durable");
  }

  @Test
  void aFullDiskIsAFailureAndLosesNothing() throws IOException {
    Journal journal = open(disk).journal();
    disk.capacity(30_000);
    int stored = 0;
    try {
      while (true) {
        store(journal, accepted(stored + 1, 1, 500));
        stored++;
        prepare(journal);
      }
    } catch (IOException e) {
      assertTrue(disk.counts().containsKey(DiskFault.FULL), e::toString);
    }
    disk.powerLoss();
    disk.capacity(Long.MAX_VALUE);
    assertTrue(open(disk).recovered().accepted().size() >= stored);
  }

  @Test
  void howMuchRoomIsLeftIsAsOfTheLastLook() throws IOException {
    Journal journal = open(disk).journal();
    assertEquals(Long.MAX_VALUE, journal.freeBytes(), "nobody has looked");
    disk.leave(7_000);
    journal.measure();
    assertEquals(7_000, journal.freeBytes());
  }

  @Test
  @Timeout(60)
  void itsThreadWritesWhatADriverAppends(@TempDir Path directory) throws Exception {
    try (FileDisk files = FileDisk.open(directory)) {
      Journal journal =
          Journal.open(files, JournalSettings.DEFAULT, JournalFixtures.owner(), System::nanoTime)
              .journal();
      Thread driver = Thread.currentThread();
      journal.onDurable(() -> LockSupport.unpark(driver));
      JournalThread threads = new JournalThread(journal, "test", failure -> {});
      threads.start();
      long position = 0;
      for (int slot = 1; slot <= 500; slot++) {
        position = journal.append(List.of(accepted(slot, 1, 2000)));
        journal.requestSync();
        while (slot % 50 == 0 && journal.durable() < position) {
          LockSupport.parkNanos(1_000_000);
        }
      }
      threads.stop();
      assertEquals(position, journal.durable());
      OpenedJournal again =
          Journal.open(files, JournalSettings.DEFAULT, JournalFixtures.owner(), System::nanoTime);
      assertEquals(500, again.recovered().accepted().size());
      assertEquals(List.of(), again.findings());
      again.journal().close();
    }
  }

  @Test
  @Timeout(60)
  void itsThreadWritesWhatNobodyWaitsForAfterAMoment() throws Exception {
    Journal journal = open(disk).journal();
    JournalThread threads = new JournalThread(journal, "test", failure -> {});
    threads.start();
    for (int slot = 1; slot <= 3; slot++) {
      Thread.sleep(4 * Journal.REST_NANOS / 1_000_000);
      long position = journal.append(List.of(chosen(slot)));
      while (journal.durable() < position) {
        LockSupport.parkNanos(100_000);
      }
    }
    assertEquals(0, journal.syncAgeNanos(System.nanoTime()));
    threads.stop();
  }

  @Test
  @Timeout(60)
  void aFailureOfTheDiskIsToldOnceByTheThread() throws Exception {
    Journal journal = open(disk).journal();
    CountDownLatch failed = new CountDownLatch(1);
    JournalThread threads = new JournalThread(journal, "test", failure -> failed.countDown());
    disk.failAt(disk.operations(), DiskFault.WRITE_FAILED);
    threads.start();
    journal.append(List.of(promised(1)));
    failed.await();
    assertTrue(journal.failure().isPresent());
    assertEquals(0, journal.durable());
  }
}
