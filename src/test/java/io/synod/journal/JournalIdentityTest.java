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

import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.ServerId;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.zip.CRC32C;
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
  void refusesANewerFormat() throws IOException {
    open(disk);
    String text = new String(disk.bytes(LogFiles.IDENTITY), StandardCharsets.UTF_8);
    String body = text.substring(0, text.indexOf("checksum")).replace("format 1", "format 2");
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    String newer = body + "checksum " + Long.toHexString(crc.getValue() | 1L << 32) + "\n";
    disk.replace(LogFiles.IDENTITY, newer.getBytes(StandardCharsets.UTF_8));
    IOException refused = assertThrows(JournalRefusedException.class, () -> open(disk));
    contains(refused, "format 2", "knows 1");
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
