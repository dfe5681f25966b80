package io.synod.journal;

import static io.synod.journal.JournalFixtures.accepted;
import static io.synod.journal.JournalFixtures.ballot;
import static io.synod.journal.JournalFixtures.chosen;
import static io.synod.journal.JournalFixtures.cut;
import static io.synod.journal.JournalFixtures.founding;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.promised;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.JournalRecord;
import io.synod.paxos.Slot;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.DiskFaultPlan;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a journal said was durable is there after any fault that the disk reports, and any crash.
 */
final class JournalFaultTest {

  /** Two lives of a server, with some of everything, in several segments. */
  private static void live(SimulatedDisk disk, JournalHistory history) throws IOException {
    Journal journal = open(disk).journal();
    history.append(
        journal,
        new JournalRecord.FoundingPrepared(founding()),
        new JournalRecord.FoundingInForce(founding()));
    history.write(journal);
    for (int slot = 1; slot <= 24; slot++) {
      if (slot % 6 == 1) {
        history.append(journal, new JournalRecord.BallotTaken(ballot(slot)), promised(slot));
        history.write(journal);
      }
      history.append(journal, accepted(slot, slot - slot % 6 + 2, 400), chosen(slot - 1));
      if (slot % 4 == 0) {
        history.append(journal, accepted(slot - 1, slot + 2, 10), accepted(slot, slot + 2, 900));
      }
      history.write(journal);
      journal.prepare();
      if (slot % 7 == 0) {
        journal.write();
      }
      if (slot == 12) {
        history.append(journal, chosen(slot - 2), cut(slot - 3));
        history.write(journal);
      }
      if (slot == 18) {
        journal.close();
        disk.crash();
        OpenedJournal second = open(disk);
        assertEquals(Optional.empty(), second.recovered().unknown());
        history.restart(second.recovered());
        journal = second.journal();
      }
    }
    journal.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = DiskFault.class,
      names = {"WRITE_FAILED", "WRITE_TORN", "CRASH", "POWER_LOSS"})
  void keepsWhatWasDurableWhenAnyOperationFails(DiskFault fault) throws IOException {
    SimulatedDisk clean = new SimulatedDisk("clean", new SplittableRandom(1));
    live(clean, new JournalHistory());
    for (long operation = 0; operation < clean.operations(); operation++) {
      for (int seed = 0; seed < 2; seed++) {
        String which = fault + " at operation " + operation + ", seed " + seed;
        SimulatedDisk disk = new SimulatedDisk(which, new SplittableRandom(seed));
        JournalHistory history = new JournalHistory();
        disk.failAt(operation, fault);
        try {
          boolean survived = survives(disk, history);
          // One read that fails is repeated; nothing else is.
          assertTrue(!survived || disk.counts().containsKey(DiskFault.READ_FAILED), which);
          endLife(disk, fault, seed);
          checkAfterwards(disk, history);
        } catch (IOException | AssertionError e) {
          throw new AssertionError(which, e);
        }
      }
    }
  }

  private static boolean survives(SimulatedDisk disk, JournalHistory history) {
    try {
      live(disk, history);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void endLife(SimulatedDisk disk, DiskFault fault, int seed) {
    if (fault == DiskFault.CRASH || (fault != DiskFault.POWER_LOSS && seed % 2 == 0)) {
      disk.crash();
    } else {
      disk.powerLoss();
    }
  }

  /** Reopened, used, and reopened after the power was lost: nothing durable is missing. */
  private static void checkAfterwards(SimulatedDisk disk, JournalHistory history)
      throws IOException {
    OpenedJournal opened = open(disk);
    assertEquals(Optional.empty(), opened.recovered().unknown(), opened.findings()::toString);
    assertTrue(!opened.renewed(), opened.findings()::toString);
    history.restart(opened.recovered());
    // Recovered is durable: also if nothing was ever written afterwards.
    disk.powerLoss(0);
    OpenedJournal again = open(disk);
    assertEquals(opened.recovered(), again.recovered());
    history.append(again.journal(), promised(1000));
    long slot = again.recovered().cut().number() + again.recovered().accepted().size();
    for (int more = 1; more <= 8; more++) {
      history.append(again.journal(), accepted(slot + more, 1000, 700));
      history.write(again.journal());
      again.journal().prepare();
    }
    disk.powerLoss();
    OpenedJournal last = open(disk);
    assertEquals(Optional.empty(), last.recovered().unknown(), last.findings()::toString);
    history.restart(last.recovered());
  }

  @Test
  void keepsWhatWasDurableThroughRandomLives() throws IOException {
    for (int seed = 0; seed < 300; seed++) {
      try {
        liveAtRandom(seed);
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static void liveAtRandom(int seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    SimulatedDisk disk = new SimulatedDisk("seed " + seed, random.split());
    JournalHistory history = new JournalHistory();
    long round = 1;
    for (int life = 0; life < 8; life++) {
      disk.faults(DiskFaultPlan.NONE);
      OpenedJournal opened = open(disk);
      assertEquals(Optional.empty(), opened.recovered().unknown(), opened.findings()::toString);
      history.restart(opened.recovered());
      long last = opened.recovered().cut().number() + opened.recovered().accepted().size();
      long chosen = opened.recovered().chosen().number();
      Slot cut = opened.recovered().cut();
      disk.faults(DiskFaultPlan.failing(random.nextDouble() * 0.01));
      try {
        for (int step = random.nextInt(120); step > 0; step--) {
          switch (random.nextInt(8)) {
            case 0 -> history.append(opened.journal(), promised(++round));
            case 1 -> {
              chosen = Math.max(chosen, last - random.nextInt(5));
              history.append(opened.journal(), chosen(chosen));
            }
            case 2 -> {
              if (chosen > cut.number() && random.nextInt(4) == 0) {
                cut = new Slot(chosen);
                history.append(opened.journal(), cut(chosen));
              }
            }
            case 3 -> opened.journal().prepare();
            case 4 -> {
              if (chosen < last) {
                long again = chosen + 1 + random.nextLong(last - chosen);
                history.append(opened.journal(), accepted(again, ++round, random.nextInt(300)));
              }
            }
            default ->
                history.append(opened.journal(), accepted(++last, round, random.nextInt(1500)));
          }
          if (random.nextBoolean()) {
            history.write(opened.journal());
          }
          if (random.nextInt(6) == 0) {
            opened.journal().write();
          }
        }
      } catch (IOException e) {
        assertTrue(opened.journal().failure().isPresent(), "fails for good");
      }
      if (random.nextBoolean()) {
        disk.crash();
      } else {
        disk.powerLoss();
      }
    }
  }

  @Test
  void neverRetriesAfterTheFirstFailure() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    Journal journal = open(disk).journal();
    long position = journal.append(java.util.List.of(promised(3)));
    disk.failAt(disk.operations() + 1, DiskFault.SYNC_FAILED);
    IOException first = assertThrows(IOException.class, journal::write);
    assertEquals(Optional.of(first), journal.failure());
    assertThrows(IOException.class, journal::write);
    assertThrows(IOException.class, journal::prepare);
    assertTrue(journal.durable() < position);
  }

  @Test
  void doesNotBelieveWhatIsReadableAfterAFailedSync() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    Journal journal = open(disk).journal();
    journal.append(java.util.List.of(promised(3), accepted(1, 3, 20)));
    disk.failAt(disk.operations() + 1, DiskFault.SYNC_FAILED);
    assertThrows(IOException.class, journal::write);
    disk.crash();
    OpenedJournal second = open(disk);
    // It may be taken over or not, but if it is, it stays.
    disk.powerLoss(0);
    assertEquals(second.recovered(), open(disk).recovered());
    assertEquals(1, second.recovered().accepted().size());
  }
}
