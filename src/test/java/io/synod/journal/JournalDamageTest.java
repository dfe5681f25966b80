package io.synod.journal;

import static io.synod.journal.JournalFixtures.accepted;
import static io.synod.journal.JournalFixtures.ballot;
import static io.synod.journal.JournalFixtures.chosen;
import static io.synod.journal.JournalFixtures.cut;
import static io.synod.journal.JournalFixtures.founding;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.promised;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Ballot;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.PeerVotes;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Votes;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A journal whose files were damaged after they were durable is repaired, refused, or says what it
 * lost: never anything wrong.
 */
final class JournalDamageTest {
  private int repaired;
  private int unknown;
  private int torn;
  private int refused;

  /** A log of three small segments behind a cut, re-accepted slots among them. */
  private static SimulatedDisk disk(JournalHistory history, boolean settled) throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    Journal journal = open(disk).journal();
    history.append(
        journal,
        new JournalRecord.FoundingPrepared(founding()),
        new JournalRecord.FoundingInForce(founding()),
        new JournalRecord.BallotTaken(ballot(2)),
        promised(2));
    history.write(journal);
    for (int slot = 1; slot <= 9; slot++) {
      history.append(journal, accepted(slot, 2, 600), chosen(Math.max(0, slot - 4)));
      history.write(journal);
    }
    history.append(journal, cut(3), promised(5), accepted(8, 5, 40), accepted(9, 5, 10));
    history.write(journal);
    history.append(journal, accepted(10, 5, 100));
    history.write(journal);
    history.append(journal, accepted(11, 5, 100), accepted(12, 5, 100));
    history.write(journal);
    if (settled) {
      journal.write();
    }
    journal.close();
    disk.crash();
    return disk;
  }

  /**
   * Slots that were accepted twice, and chosen; a recovery has written them again, behind a header
   * that knows them to be chosen, and the segment before holds what was accepted first.
   */
  private static SimulatedDisk recoveredDisk(JournalHistory history) throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    List<List<JournalRecord>> runs =
        List.of(
            List.of(
                new JournalRecord.FoundingPrepared(founding()),
                new JournalRecord.FoundingInForce(founding()),
                new JournalRecord.BallotTaken(ballot(2)),
                promised(2),
                accepted(1, 2, 600),
                accepted(2, 2, 600),
                accepted(3, 2, 600),
                accepted(4, 2, 600)),
            List.of(promised(5), accepted(3, 5, 40), accepted(4, 5, 10), chosen(4)),
            List.of());
    for (List<JournalRecord> run : runs) {
      OpenedJournal opened = open(disk);
      history.restart(opened.recovered());
      history.append(opened.journal(), run.toArray(JournalRecord[]::new));
      history.write(opened.journal());
      opened.journal().write();
      opened.journal().close();
      disk.crash();
    }
    return disk;
  }

  private static List<String> files(SimulatedDisk disk) throws IOException {
    List<String> names = disk.list();
    assertTrue(names.size() >= 6, names::toString);
    return names;
  }

  /** Damages a copy, opens it, and checks; twice, since what is said must survive a restart. */
  private Optional<OpenedJournal> check(
      SimulatedDisk disk,
      JournalHistory history,
      boolean tornCounts,
      String what,
      Consumer<SimulatedDisk> damage) {
    SimulatedDisk copy = disk.copy(new SplittableRandom(1));
    damage.accept(copy);
    try {
      OpenedJournal opened = open(copy);
      history.checkNothingWrong(opened, tornCounts);
      copy.powerLoss(0);
      OpenedJournal again = open(copy);
      assertEquals(opened.recovered(), again.recovered());
      assertFalse(again.renewed());
      assertEquals(opened.identity(), again.identity());
      if (opened.recovered().unknown().isPresent()) {
        unknown++;
      } else if (opened.recovered().torn().isPresent()) {
        torn++;
      } else {
        repaired++;
      }
      return Optional.of(opened);
    } catch (JournalRefusedException e) {
      refused++;
      return Optional.empty();
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(what, e);
    }
  }

  @Test
  void isNeverWrongAboutAFlippedBit() throws IOException {
    for (boolean settled : new boolean[] {true, false}) {
      JournalHistory history = new JournalHistory();
      SimulatedDisk disk = disk(history, settled);
      flipABitOfEachByte(disk, history, !settled, settled ? ", settled" : "");
    }
    assertTrue(repaired > 0 && unknown > 0 && torn > 0, this::outcomes);
    assertEquals(0, refused, this::outcomes);
  }

  @Test
  void isNeverWrongAboutAFlippedBitInWhatARecoveryWroteAgain() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = recoveredDisk(history);
    flipABitOfEachByte(disk, history, /* tornCounts= */ false, ", written again");
    assertTrue(repaired > 0 && unknown > 0, this::outcomes);
    assertEquals(0, refused, this::outcomes);
  }

  /** Each in a copy of its own. */
  private void flipABitOfEachByte(
      SimulatedDisk disk, JournalHistory history, boolean tornCounts, String which)
      throws IOException {
    for (String name : disk.list()) {
      int end = end(disk.bytes(name));
      for (int offset = 0; offset < end; offset++) {
        int at = offset;
        String what = name + " flipped at " + at + which;
        check(disk, history, tornCounts, what, copy -> copy.flipBit(name, at, at % 8));
      }
    }
  }

  /** Where the zeros at the end of a file begin, and a little more. */
  private static int end(byte[] bytes) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return Math.min(bytes.length, end + 64);
  }

  private String outcomes() {
    return repaired
        + " repaired, "
        + unknown
        + " unknown, "
        + torn
        + " torn, "
        + refused
        + " refused";
  }

  @Test
  void isNeverWrongAboutATruncatedFile() throws IOException {
    for (boolean settled : new boolean[] {true, false}) {
      JournalHistory history = new JournalHistory();
      SimulatedDisk disk = disk(history, settled);
      for (String name : files(disk)) {
        byte[] bytes = disk.bytes(name);
        for (int length = 0; length < bytes.length; length += settled ? 1 : 5) {
          byte[] cut = Arrays.copyOf(bytes, length);
          check(
              disk,
              history,
              false,
              name + " truncated to " + length,
              copy -> copy.replace(name, cut));
        }
      }
    }
    assertTrue(repaired > 0 && unknown > 0, this::outcomes);
  }

  @Test
  void isNeverWrongAboutAMissingFile() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    for (String name : files(disk)) {
      check(disk, history, false, name + " missing", copy -> copy.remove(name));
    }
    assertEquals(0, refused, this::outcomes);
  }

  @Test
  void isNeverWrongAboutUnreadableOrZeroedSectors() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    for (String name : files(disk)) {
      byte[] bytes = disk.bytes(name);
      for (int offset = 0; offset < bytes.length; offset += 512) {
        int at = offset;
        String what = name + " sector at " + at;
        check(disk, history, false, what, copy -> copy.makeUnreadable(name, at));
        byte[] zeroed = bytes.clone();
        Arrays.fill(zeroed, at, Math.min(bytes.length, at + 512), (byte) 0);
        check(disk, history, false, what + " zeroed", copy -> copy.replace(name, zeroed));
      }
    }
    assertTrue(unknown > 0, this::outcomes);
  }

  @Test
  void isNeverWrongAboutPairsOfDamages() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    List<String> names = files(disk);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 1500; i++) {
      int seed = random.nextInt();
      check(
          disk,
          history,
          true,
          "seed " + seed,
          copy -> {
            SplittableRandom each = new SplittableRandom(seed);
            for (int flips = 2 + each.nextInt(4); flips > 0; flips--) {
              String name = names.get(each.nextInt(names.size()));
              int at = each.nextInt(end(copy.bytes(name)));
              copy.flipBit(name, at, each.nextInt(8));
            }
          });
    }
    assertTrue(refused > 0 && unknown > 0, this::outcomes);
  }

  @Test
  void takesASegmentInAnotherFileForWhatItIs() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    Recovered whole = open(disk.copy(new SplittableRandom(1))).recovered();
    List<String> segments = files(disk).stream().filter(LogFiles::isSegment).toList();
    for (String a : segments) {
      for (String b : segments) {
        byte[] inA = disk.bytes(a);
        byte[] inB = disk.bytes(b);
        Optional<OpenedJournal> opened =
            check(
                disk,
                history,
                false,
                a + " and " + b + " swapped",
                copy -> {
                  copy.replace(a, inB);
                  copy.replace(b, inA);
                });
        assertEquals(whole, opened.orElseThrow().recovered());
      }
    }
  }

  @Test
  void takesASegmentOfAnotherServerForDamage() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    SimulatedDisk other = new SimulatedDisk("other", new SplittableRandom(2));
    Journal journal =
        Journal.open(
                other,
                JournalFixtures.SMALL,
                JournalFixtures.owner(new io.synod.paxos.ServerId(1)),
                () -> 0)
            .journal();
    for (int slot = 1; slot <= 12; slot++) {
      JournalFixtures.store(journal, accepted(slot, 9, 600));
    }
    journal.close();
    List<String> segments = files(disk).stream().filter(LogFiles::isSegment).toList();
    for (String name : segments) {
      Optional<OpenedJournal> opened =
          check(
              disk,
              history,
              false,
              name + " of another server",
              copy -> copy.replace(name, other.bytes(LogFiles.segment(1))));
      assertTrue(opened.orElseThrow().recovered().unknown().isPresent(), name);
    }
  }

  @Test
  void saysThatThePromiseIsLostWhenNeitherCopyNorTheWholeLogIsThere() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    String damaged = files(disk).stream().filter(LogFiles::isSegment).findFirst().orElseThrow();
    disk.flipBit(damaged, 700, 1);
    SimulatedDisk oneCopy = disk.copy(new SplittableRandom(1));
    oneCopy.flipBit(LogFiles.PROMISE_A, 50, 1);
    assertFalse(open(oneCopy).renewed());
    disk.flipBit(LogFiles.PROMISE_A, 50, 1);
    disk.flipBit(LogFiles.PROMISE_B, 50, 1);
    OpenedJournal opened = open(disk);
    assertTrue(opened.renewed());
    assertNotEquals(oneCopyIdentity(oneCopy), opened.identity());
    assertEquals(opened.recovered().chosen().number(), last(opened.recovered()));
    disk.powerLoss(0);
    OpenedJournal again = open(disk);
    assertFalse(again.renewed(), "once");
    assertEquals(opened.identity(), again.identity());
    assertEquals(opened.recovered(), again.recovered());
  }

  private static Identity oneCopyIdentity(SimulatedDisk disk) throws IOException {
    return IdentityFiles.read(disk, new ArrayList<>()).orElseThrow();
  }

  private static long last(Recovered found) {
    return found.cut().number() + found.accepted().size();
  }

  @Test
  void thatLeasesWereGivenOutlivesDamageLikeAPromise() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    JournalFixtures.store(open(disk).journal(), new JournalRecord.LeasesGiven(250));
    disk.powerLoss(0);
    SimulatedDisk withoutCopies = disk.copy(new SplittableRandom(1));
    withoutCopies.flipBit(LogFiles.PROMISE_A, 50, 1);
    withoutCopies.flipBit(LogFiles.PROMISE_B, 50, 1);
    assertEquals(250, open(withoutCopies).recovered().longestLeaseNanos());
    for (String damaged : files(disk).stream().filter(LogFiles::isSegment).toList()) {
      SimulatedDisk copy = disk.copy(new SplittableRandom(2));
      for (int at = 0; at < copy.bytes(damaged).length; at += 64) {
        copy.flipBit(damaged, at, 1);
      }
      assertEquals(250, open(copy).recovered().longestLeaseNanos(), damaged);
      copy.powerLoss(0);
      assertEquals(250, open(copy).recovered().longestLeaseNanos(), damaged + ", opened again");
    }
  }

  @Test
  void aForgottenVoteEndsTheLifeOfTheDirectory() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    OpenedJournal before = open(disk);
    PeerVotes seen =
        new PeerVotes(
            new ServerId(2),
            new Incarnation(new UUID(3, 4)),
            new Votes(new Ballot(7, new ServerId(1)), Slot.of(9)));
    JournalFixtures.store(before.journal(), new JournalRecord.VotesNoted(seen));
    JournalFixtures.store(before.journal(), new JournalRecord.VotesForgotten());
    disk.powerLoss(0);
    for (long crashAt = 0; ; crashAt++) {
      SimulatedDisk copy = disk.copy(new SplittableRandom(crashAt));
      copy.failAt(copy.operations() + crashAt, DiskFault.CRASH);
      boolean crashed = false;
      try {
        open(copy);
      } catch (IOException e) {
        crashed = true;
      }
      copy.failAt(-1, DiskFault.CRASH);
      copy.powerLoss();
      OpenedJournal opened = open(copy);
      // A crash on the way leaves the old life, which ends with this start, or the new one.
      assertNotEquals(before.identity().incarnation(), opened.identity().incarnation());
      assertEquals(before.recovered().chosen(), opened.recovered().chosen());
      assertEquals(opened.recovered().chosen().number(), last(opened.recovered()));
      assertEquals(List.of(seen), opened.recovered().seen());
      assertEquals(before.recovered().ballotTaken(), opened.recovered().ballotTaken());
      if (!crashed) {
        return;
      }
    }
  }

  @Test
  void bothCopiesMayBeMissingIfTheLogIsWhole() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    disk.remove(LogFiles.PROMISE_A);
    disk.remove(LogFiles.PROMISE_B);
    OpenedJournal opened = open(disk);
    assertFalse(opened.renewed());
    assertEquals(2, opened.findings().size());
    history.match(opened.recovered());
  }

  @Test
  void doesNotTakeAnOlderValueForTheChosenOneThatIsLost() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    Journal journal = open(disk).journal();
    JournalFixtures.store(journal, accepted(1, 1, 50), accepted(2, 1, 50));
    String name = LogFiles.segment(1);
    int before = end(disk.bytes(name));
    // Another coordinator has other values chosen there; then they are lost.
    JournalFixtures.store(journal, accepted(1, 2, 60), accepted(2, 2, 60));
    int after = end(disk.bytes(name));
    JournalFixtures.store(journal, chosen(2), accepted(3, 2, 50));
    disk.flipBit(name, (before + after) / 2, 1);
    disk.crash();
    Recovered found = open(disk).recovered();
    assertEquals(Slot.ZERO, found.chosen());
    assertTrue(found.unknown().orElseThrow().contains(new Slot(1)), found::toString);
    assertTrue(found.unknown().orElseThrow().contains(new Slot(3)), found::toString);
  }

  @Test
  void theUnknownRangeIsOverWhenItIsSaidToBe() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    String damaged = files(disk).stream().filter(LogFiles::isSegment).findFirst().orElseThrow();
    disk.flipBit(damaged, 700, 1);
    OpenedJournal opened = open(disk);
    assertTrue(opened.recovered().unknown().isPresent());
    JournalFixtures.store(
        opened.journal(), new JournalRecord.Damage(Optional.empty(), Optional.empty()));
    disk.powerLoss(0);
    OpenedJournal again = open(disk);
    assertEquals(Optional.empty(), again.recovered().unknown());
    assertEquals(List.of(), again.findings());
  }

  @Test
  void theUnknownRangeEndsWhereSlotsCouldHaveStood() throws IOException {
    JournalHistory history = new JournalHistory();
    SimulatedDisk disk = disk(history, true);
    int damaged = 0;
    for (String name : files(disk)) {
      if (LogFiles.isSegment(name) && end(disk.bytes(name)) > 700) {
        damaged++;
        Optional<OpenedJournal> opened =
            check(disk, history, false, name, copy -> copy.flipBit(name, 700, 1));
        Slot last = opened.orElseThrow().recovered().unknown().orElseThrow().last();
        assertTrue(last.number() >= 12 && last.number() < 12 + 4096 / 64, last::toString);
      }
    }
    assertTrue(damaged >= 2, "segments damaged: " + damaged);
  }
}
