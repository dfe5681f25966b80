package io.synod.journal;

import static io.synod.journal.JournalFixtures.SMALL;
import static io.synod.journal.JournalFixtures.founding;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.owner;
import static io.synod.journal.JournalFixtures.promised;
import static io.synod.journal.JournalFixtures.store;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.ServerId;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalIdentityTest {
  private final SimulatedDisk disk = new SimulatedDisk("the disk", new SplittableRandom(1));

  private static void contains(Throwable refused, String... parts) {
    for (String part : parts) {
      assertTrue(refused.toString().contains(part), refused::toString);
    }
  }

  @Test
  void isMadeOnceAndKept() throws IOException {
    Identity first = open(disk).identity();
    JournalOwner later =
        new JournalOwner(first.server(), () -> new Incarnation(new UUID(99, 99)), Optional.empty());
    assertEquals(first, Journal.open(disk, SMALL, later, () -> 0).identity());
  }

  @Test
  void refusesTheDirectoryOfAnotherServer() throws IOException {
    open(disk);
    IOException refused =
        assertThrows(
            JournalRefusedException.class,
            () -> Journal.open(disk, SMALL, owner(new ServerId(4)), () -> 0));
    contains(refused, "the disk", "server 0", "server 4");
  }

  @Test
  void refusesTheDirectoryOfAnotherCluster() throws IOException {
    OpenedJournal first = open(disk);
    store(first.journal(), new JournalRecord.FoundingInForce(founding()));
    ClusterId other = new ClusterId(new UUID(8, 8));
    JournalOwner owner =
        new JournalOwner(
            first.identity().server(), first.identity()::incarnation, Optional.of(other));
    IOException refused =
        assertThrows(
            JournalRefusedException.class, () -> Journal.open(disk, SMALL, owner, () -> 0));
    contains(refused, founding().cluster().toString(), other.toString());
  }

  @Test
  void neverOpensADirectoryForTwoClusters() throws IOException {
    Journal journal = open(disk).journal();
    store(journal, new JournalRecord.FoundingInForce(founding()));
    io.synod.paxos.Founding other =
        new io.synod.paxos.Founding(new ClusterId(new UUID(8, 8)), founding().membership());
    assertThrows(
        IllegalStateException.class,
        () -> store(journal, new JournalRecord.FoundingInForce(other)));
    assertTrue(journal.failure().isPresent());
  }

  @Test
  void refusesANewerFormatOfAnyFileAndTouchesNothing() throws IOException {
    open(disk);
    store(open(disk).journal(), promised(2));
    List<String> names = List.copyOf(disk.list());
    assertTrue(names.size() >= 5, names::toString);
    for (String name : names) {
      SimulatedDisk newer = disk.copy(new SplittableRandom(1));
      newer.replace(name, NewerJournal.of(name, disk.bytes(name), 2));
      Map<String, Bytes> before = contents(newer);
      IOException refused = assertThrows(JournalRefusedException.class, () -> open(newer), name);
      contains(refused, name + " has journal format 2; this program knows 1: start a newer one");
      assertEquals(before, contents(newer), "nothing is touched");
    }
  }

  private static Map<String, Bytes> contents(SimulatedDisk disk) throws IOException {
    Map<String, Bytes> contents = new TreeMap<>();
    for (String name : disk.list()) {
      contents.put(name, Bytes.wrap(disk.bytes(name).clone()));
    }
    return contents;
  }

  @Test
  void writesADamagedCopyAgain() throws IOException {
    Identity first = open(disk).identity();
    for (String name : new String[] {LogFiles.IDENTITY, LogFiles.IDENTITY_COPY}) {
      disk.flipBit(name, 20, 1);
      OpenedJournal opened = open(disk);
      assertEquals(first, opened.identity());
      assertEquals(1, opened.findings().size());
      assertTrue(open(disk).findings().isEmpty());
    }
  }

  @Test
  void refusesAJournalWithoutAnIdentity() throws IOException {
    store(open(disk).journal(), promised(2));
    disk.remove(LogFiles.IDENTITY);
    disk.remove(LogFiles.IDENTITY_COPY);
    assertThrows(JournalRefusedException.class, () -> open(disk));
  }

  @Test
  void beginsAgainWhereAFirstStartDidNotEnd() throws IOException {
    open(disk);
    disk.remove(LogFiles.IDENTITY);
    disk.remove(LogFiles.IDENTITY_COPY);
    assertTrue(open(disk).findings().isEmpty());
  }

  @Test
  void marksTheFramesOfTwoServersDifferently() {
    Incarnation incarnation = new Incarnation(new UUID(1, 2));
    assertNotEquals(
        new Identity(incarnation, new ServerId(0), 1).mark(),
        new Identity(incarnation, new ServerId(1), 1).mark());
  }

  @Test
  void oneProcessHasADirectory(@TempDir Path directory) throws IOException {
    FileDisk first = FileDisk.open(directory);
    IOException refused =
        assertThrows(JournalRefusedException.class, () -> FileDisk.open(directory));
    contains(refused, directory.toString(), Long.toString(ProcessHandle.current().pid()));
    first.close();
    FileDisk.open(directory).close();
  }

  @Test
  void keepsToItsDirectory(@TempDir Path directory) throws IOException {
    try (FileDisk files = FileDisk.open(directory)) {
      for (String name : new String[] {"../x", "a/../b", "/x", "a/b/c", "", ".", "..", "lock"}) {
        assertThrows(IllegalArgumentException.class, () -> files.open(name), name);
      }
    }
  }
}
