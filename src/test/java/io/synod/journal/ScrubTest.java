package io.synod.journal;

import static io.synod.journal.JournalFixtures.accepted;
import static io.synod.journal.JournalFixtures.chosen;
import static io.synod.journal.JournalFixtures.cut;
import static io.synod.journal.JournalFixtures.founding;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.store;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.JournalRecord;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
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

  @Test
  void putsADamagedFileAwayInsteadOfUsingItAgain() throws IOException {
    disk.flipBit(sealed.get(1), 700, 1);
    replace(scrub().get(0).lastSlot().number());
    assertTrue(disk.list().contains(LogFiles.damaged(sealed.get(1))), disk.list()::toString);
    assertFalse(disk.list().contains(sealed.get(1)));
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
