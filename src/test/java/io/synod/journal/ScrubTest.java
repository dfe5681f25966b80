package io.synod.journal;

import static io.synod.journal.JournalFixtures.accepted;
import static io.synod.journal.JournalFixtures.ballot;
import static io.synod.journal.JournalFixtures.chosen;
import static io.synod.journal.JournalFixtures.cut;
import static io.synod.journal.JournalFixtures.founding;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.promised;
import static io.synod.journal.JournalFixtures.store;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.JournalRecord;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A running journal notices what became of the segments that it wrote. */
final class ScrubTest {
  private static final int SLOTS = 60;

  private SimulatedDisk disk;
  private Journal journal;
  private List<String> sealed;

  @BeforeEach
  void aLogOfSeveralSegments() throws IOException {
    begin();
    assertTrue(sealed.size() >= 5, sealed::toString);
  }

  private void begin() throws IOException {
    disk = new SimulatedDisk("disk", new SplittableRandom(1));
    journal = open(disk).journal();
    store(journal, new JournalRecord.FoundingInForce(founding()));
    for (int slot = 1; slot <= SLOTS; slot++) {
      store(journal, accepted(slot, 1, 500), chosen(slot));
    }
    List<String> all = disk.list().stream().filter(LogFiles::isSegment).sorted().toList();
    sealed = all.subList(0, all.size() - 1);
  }

  private List<Journal.Damaged> scrub() throws IOException {
    return journal.scrub(bytes -> {});
  }

  @Test
  void findsNothingWhereNothingIsWrong() throws IOException {
    AtomicLong read = new AtomicLong();
    assertEquals(List.of(), journal.scrub(read::addAndGet));
    assertTrue(read.get() > SLOTS * 500L, read::toString);
  }

  /**
   * Every file, some places, every kind of damage: found, and the log does without it after a cut.
   */
  @Test
  void findsAndReplacesDamageAnywhere() throws IOException {
    int cases = 0;
    byte[] foreign = foreign();
    for (int file = 0; file < sealed.size(); file++) {
      String name = sealed.get(file);
      for (BiConsumer<SimulatedDisk, String> damage :
          List.<BiConsumer<SimulatedDisk, String>>of(
              (on, it) -> on.flipBit(it, 5, 1),
              (on, it) -> on.flipBit(it, 700, 3),
              (on, it) -> on.flipBit(it, 2_345, 7),
              (on, it) -> on.makeUnreadable(it, 1_500),
              (on, it) -> on.replace(it, Arrays.copyOf(on.bytes(it), 1_000)),
              (on, it) -> on.replace(it, new byte[0]),
              (on, it) -> on.replace(it, foreign),
              SimulatedDisk::remove)) {
        begin();
        damage.accept(disk, name);
        List<Journal.Damaged> found = scrub();
        assertEquals(1, found.size(), name);
        assertEquals(name, found.get(0).finding().file());
        assertEquals(Finding.Kind.DAMAGED, found.get(0).finding().kind());
        replace(found.get(0).lastSlot().number());
        cases++;
      }
    }
    assertTrue(cases >= 40, cases + " cases");
  }

  private static byte[] foreign() throws IOException {
    SimulatedDisk other = new SimulatedDisk("other", new SplittableRandom(2));
    Journal theirs = open(other).journal();
    for (int slot = 1; slot <= 4; slot++) {
      store(theirs, accepted(slot, 1, 500));
    }
    return other.bytes(LogFiles.segment(1));
  }

  /** As the node does: a snapshot covers what the damaged segment held. */
  private void replace(long lastSlot) throws IOException {
    store(journal, cut(lastSlot));
    store(journal, chosen(SLOTS));
    while (journal.prepare()) {
      // One piece after the other.
    }
    assertEquals(List.of(), scrub());
    disk.crash();
    OpenedJournal again = open(disk);
    assertFalse(
        again.findings().stream().anyMatch(each -> each.kind() == Finding.Kind.DAMAGED),
        again.findings()::toString);
    assertEquals(lastSlot, again.recovered().cut().number());
    assertEquals(SLOTS - lastSlot, again.recovered().accepted().size());
    assertTrue(again.recovered().unknown().isEmpty());
  }

  // ---- what there is two of

  private static final List<String> COPIES =
      List.of(LogFiles.IDENTITY, LogFiles.IDENTITY_COPY, LogFiles.PROMISE_A, LogFiles.PROMISE_B);

  /** As the threads of a process do: the writer is woken, and notes that all is written. */
  private List<Finding> scrubCopies() throws IOException {
    List<Finding> found = journal.scrubCopies();
    while (journal.write()) {
      // One turn after the other.
    }
    return found;
  }

  @Test
  void findsNothingWrongWithCopiesWhileTheyAreWritten() throws IOException {
    for (int slot = SLOTS + 1; slot <= SLOTS + 20; slot++) {
      assertEquals(List.of(), journal.scrubCopies());
      store(journal, accepted(slot, 1, 500), promised(slot));
      assertEquals(List.of(), journal.scrubCopies());
      boolean unused = journal.write();
    }
    assertEquals(List.of(), journal.scrubCopies());
  }

  /**
   * Each alone and each two at once, in every way: written again, so that a start finds nothing.
   */
  @Test
  void writesDamagedCopiesAgain() throws IOException {
    int cases = 0;
    for (String one : COPIES) {
      for (String other : COPIES) {
        for (BiConsumer<SimulatedDisk, String> damage :
            List.<BiConsumer<SimulatedDisk, String>>of(
                (on, it) -> on.flipBit(it, 20, 1),
                (on, it) -> on.flipBit(it, 60, 3),
                (on, it) -> on.makeUnreadable(it, 0),
                (on, it) -> on.replace(it, Arrays.copyOf(on.bytes(it), 30)),
                (on, it) -> on.replace(it, new byte[0]),
                SimulatedDisk::remove)) {
          begin();
          store(journal, promised(7));
          boolean isText = one.startsWith(LogFiles.IDENTITY);
          byte[] before = disk.bytes(one);
          damage.accept(disk, one);
          if (!one.equals(other)) {
            damage.accept(disk, other);
          }
          Set<String> damaged = new TreeSet<>(List.of(one, other));
          List<Finding> found = scrubCopies();
          assertEquals(damaged, files(found), found::toString);
          assertEquals(List.of(), scrubCopies());
          assertTrue(!isText || Arrays.equals(before, disk.bytes(one)), one);
          disk.powerLoss(0);
          OpenedJournal again = open(disk);
          assertEquals(List.of(), again.findings());
          assertEquals(ballot(7), again.recovered().promised());
          cases++;
        }
      }
    }
    assertTrue(cases > 90, cases + " cases");
  }

  private static Set<String> files(List<Finding> findings) {
    Set<String> names = new TreeSet<>();
    findings.forEach(each -> names.add(each.file()));
    return names;
  }

  /** What reports a write that never reached the media: the copy is whole, and an earlier one. */
  @Test
  void noticesACopyOfThePromiseThatIsAnEarlierOne() throws IOException {
    for (String name : List.of(LogFiles.PROMISE_A, LogFiles.PROMISE_B)) {
      begin();
      store(journal, promised(5));
      byte[] earlier = disk.bytes(name).clone();
      store(journal, promised(6));
      assertEquals(List.of(), journal.scrubCopies());
      disk.replace(name, earlier);
      assertEquals(Set.of(name), files(scrubCopies()));
      assertEquals(List.of(), scrubCopies());
    }
  }

  /** A crash at any point of it leaves a copy that is as good as both. */
  @Test
  void aCrashWhileACopyIsWrittenAgainLosesNothing() throws IOException {
    for (String name : COPIES) {
      int crashes = 0;
      for (long at = 0; ; at++) {
        begin();
        store(journal, promised(7));
        while (journal.write()) {
          // It is idle.
        }
        disk.flipBit(name, 20, 1);
        disk.failAt(disk.operations() + at, DiskFault.CRASH);
        boolean crashed = false;
        try {
          List<Finding> unused = scrubCopies();
        } catch (IOException e) {
          crashed = true;
          crashes++;
        }
        disk.failAt(-1, DiskFault.CRASH);
        disk.powerLoss(0.5);
        OpenedJournal again = open(disk);
        assertFalse(again.renewed());
        assertEquals(ballot(7), again.recovered().promised());
        assertTrue(again.recovered().unknown().isEmpty());
        if (!crashed) {
          break;
        }
      }
      assertTrue(crashes >= 5, crashes + " crashes for " + name);
    }
  }

  @Test
  void leavesACopyAloneThatANewerReleaseWrote() throws IOException {
    for (String name : COPIES) {
      begin();
      byte[] newer = NewerJournal.of(name, disk.bytes(name), 2);
      disk.replace(name, newer);
      IOException refused =
          assertThrows(JournalRefusedException.class, () -> journal.scrubCopies());
      assertTrue(
          refused.toString().contains(name + " has journal format 2; this program knows 1"),
          refused::toString);
      assertArrayEquals(newer, disk.bytes(name));
    }
  }

  @Test
  void putsADamagedFileAwayInsteadOfUsingItAgain() throws IOException {
    disk.flipBit(sealed.get(1), 700, 1);
    replace(scrub().get(0).lastSlot().number());
    assertTrue(disk.list().contains(LogFiles.damaged(sealed.get(1))), disk.list()::toString);
    assertFalse(disk.list().contains(sealed.get(1)));
  }

  /** Else it is found in each round, and a start would count what it held as lost. */
  @Test
  void isRidOfADamagedFileBehindTheCutThoughNothingIsWritten() throws IOException {
    for (boolean cutBefore : new boolean[] {true, false}) {
      begin();
      if (cutBefore) {
        store(journal, cut(SLOTS));
      }
      disk.flipBit(sealed.get(0), 700, 1);
      disk.flipBit(sealed.get(2), 900, 1);
      assertEquals(2, scrub().size());
      if (!cutBefore) {
        store(journal, cut(SLOTS));
      }
      int turns = 0;
      while (journal.write()) {
        // It is idle.
        turns++;
      }
      assertTrue(turns <= 2, turns + " turns");
      assertEquals(List.of(), scrub());
      disk.crash();
      OpenedJournal again = open(disk);
      assertEquals(List.of(), again.findings());
      assertTrue(again.recovered().unknown().isEmpty());
    }
  }

  @Test
  void leavesSegmentsAloneThatWereRecycledMeanwhile() throws IOException {
    store(journal, cut(SLOTS - 1));
    for (int slot = SLOTS + 1; slot <= 2 * SLOTS; slot++) {
      store(journal, accepted(slot, 1, 500));
      while (journal.prepare()) {
        // Files of the earlier use are used again.
      }
      assertEquals(List.of(), scrub());
    }
  }
}
