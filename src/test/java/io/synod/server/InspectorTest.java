package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionRange;
import io.synod.store.Folders;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksFiles;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectorTest {
  private final Path directory;

  InspectorTest(@TempDir Path folder) {
    directory = folder.resolve("data");
  }

  @BeforeEach
  void aDirectoryWithALogAndASnapshot() throws IOException {
    DataDirectories.heap(directory);
  }

  private Inspector.Report inspect() throws IOException {
    Map<String, String> before = DataDirectories.contents(directory);
    Inspector.Report report = new Inspector(directory).inspect();
    assertEquals(before, DataDirectories.contents(directory), "nothing is changed");
    return report;
  }

  private static void flip(Path file, int offset) throws IOException {
    DataDirectories.flip(file, offset);
  }

  private static void says(Inspector.Report report, String... texts) {
    for (String text : texts) {
      assertTrue(report.text().contains(text), () -> text + " in:\n" + report.text());
    }
  }

  @Test
  void saysWhatAWholeDirectoryHolds() throws IOException {
    Inspector.Report report = inspect();
    assertTrue(report.whole(), report::text);
    says(
        report,
        "server           1\n",
        DataDirectories.LIFE.id().toString(),
        "promised         " + DataDirectories.BALLOT,
        "slots 11 to 40, chosen as far as noted up to 30",
        "segment-000001.log",
        "slot 10, revision",
        "members          as of slot 10, decided in slot 0",
        "all checksums hold");
  }

  @Test
  void namesTheFileAndThePlaceOfDamageInTheJournal() throws IOException {
    flip(directory.resolve("journal/segment-000002.log"), 9_000);
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(report, "DAMAGED journal/segment-000002.log at ", "unknown", "verdict          DAMAGED");
  }

  @Test
  void namesADamagedSnapshot() throws IOException {
    Path snapshot = directory.resolve("snapshot/0000000000000000010.snapshot");
    flip(snapshot, (int) Files.size(snapshot) / 2);
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(
        report,
        "DAMAGED snapshot/0000000000000000010.snapshot at byte",
        "none that reaches slot 10");
  }

  @Test
  void saysWhichVersionTheStateIsOfIfThisProgramDoesNotKnowIt() throws IOException {
    KeyValueStore newer = KeyValueStore.inMemory(new VersionRange(1, 2));
    for (int slot = 1; slot <= 20; slot++) {
      if (slot == 15) {
        newer.upgrade(Slot.of(slot), new Value.Version(2));
      } else {
        newer.skip(Slot.of(slot));
      }
    }
    try (FileDisk disk = FileDisk.open(directory)) {
      Snapshots.open(disk).write(newer.view(), DataDirectories.CLUSTER, DataDirectories.IN_FORCE);
    }
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(
        report,
        "a server would not start: this cluster behaves by version 2 since slot 15; this program"
            + " knows up to 1: start the newer release");
  }

  @Test
  void saysWhyAServerWouldNotStart() throws IOException {
    flip(directory.resolve("identity"), 20);
    flip(directory.resolve("identity.copy"), 20);
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(report, "a server would not start", "neither identity nor identity.copy");
  }

  @Test
  void aDirectoryOfOtherFilesIsNotCalledEmpty() throws IOException {
    Path other = Files.createDirectory(directory.resolveSibling("other"));
    Inspector.Report empty = new Inspector(other).inspect();
    assertTrue(empty.whole(), empty::text);
    says(empty, "holds            nothing: a server that starts here is a new incarnation");
    Path unused = Files.writeString(other.resolve("letter"), "mine");
    Inspector.Report report = new Inspector(other).inspect();
    assertFalse(report.whole(), report::text);
    says(report, "holds            files, and no identity of a server: is it the right directory?");
  }

  @Test
  void namesTheDirectoriesInsideIfItIsOneTooHigh() {
    Inspector.Report report = new Inspector(directory.resolveSibling("")).inspect();
    assertFalse(report.whole(), report::text);
    says(report, "holds            data: name one of them");
  }

  @Test
  void tellsAnEmptyDirectoryFromNone() throws IOException {
    Path empty = Files.createDirectory(directory.resolveSibling("empty"));
    assertTrue(new Inspector(empty).inspect().whole());
    assertFalse(new Inspector(directory.resolveSibling("none")).inspect().whole());
  }

  /** One suffices, so that nothing is lost; but it is not true that all checksums hold. */
  @Test
  void namesACopyOfIdentityOrPromiseThatIsDamaged() throws IOException {
    for (String name : List.of("identity", "identity.copy", "promise.a", "promise.b")) {
      byte[] whole = Files.readAllBytes(directory.resolve(name));
      flip(directory.resolve(name), 50);
      Inspector.Report report = inspect();
      assertTrue(report.whole(), report::text);
      says(report, "a start finds    REPAIRED " + name + " at 0: ");
      says(report, "verdict          whole, but for what a start repairs: " + name + "\n");
      Files.delete(directory.resolve(name));
      says(inspect(), "verdict          whole, but for what a start repairs: " + name + "\n");
      Files.write(directory.resolve(name), whole);
    }
    says(inspect(), "all checksums hold");
  }

  @Test
  void everySnapshotIsVerifiedAndNotOnlyTheNewest() throws IOException {
    Path older = directory.resolve("snapshot/0000000000000000010.snapshot");
    byte[] bytes = Files.readAllBytes(older);
    try (FileDisk disk = FileDisk.open(directory)) {
      Snapshots unused = DataDirectories.snapshot(disk, 12);
    }
    Files.write(older, bytes);
    says(inspect(), "snapshot         slot 12, ", "snapshot         slot 10, ", "all checksums");
    flip(older, bytes.length / 2);
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(
        report,
        "snapshot         slot 12, ",
        "DAMAGED snapshot/0000000000000000010.snapshot at byte ",
        "verdict          DAMAGED");
  }

  @Test
  void saysWhatWasSetAsideBefore() throws IOException {
    Files.write(directory.resolve("snapshot/0000000000000000009.damaged"), new byte[10]);
    Inspector.Report report = inspect();
    assertTrue(report.whole(), report::text);
    says(report, "set aside        snapshot/0000000000000000009.damaged: damaged, not looked at");
  }

  // ---- beside a server

  /** Looked at as often as a server that is running asks for, with another complaint each time. */
  private Inspector inspectorBeside(List<String> complaints) throws IOException {
    Inspector inspector = new Inspector(directory);
    assertTrue(inspector.inspect().text().contains("which may be running"));
    inspector.part(
        "snapshot",
        () -> {
          if (!complaints.isEmpty()) {
            throw new IOException(complaints.remove(0));
          }
        });
    return inspector;
  }

  @Test
  void whatAnotherLookDoesNotFindIsNoDamage() throws IOException {
    assertEquals(
        "whole: all checksums hold",
        inspectorBeside(new ArrayList<>(List.of("a is missing", "b is missing"))).verdict());
    assertEquals(
        "whole: all checksums hold; NOT VERIFIED: the snapshot (files changed meanwhile)",
        inspectorBeside(new ArrayList<>(List.of("a is missing", "b", "c", "d", "e"))).verdict());
  }

  @Test
  void whatEveryLookFindsIsDamage() {
    List<String> same = new ArrayList<>(Collections.nCopies(9, "a is missing"));
    IOException damage = assertThrows(IOException.class, () -> inspectorBeside(same));
    assertEquals("a is missing", damage.getMessage());
    assertEquals(5, same.size(), "looked at four times");
  }

  // ---- with a database

  private void withDatabase() throws IOException {
    Folders.delete(directory);
    DataDirectories.rocks(directory);
  }

  @Test
  void aDatabaseIsLookedAtWithTheSnapshotsForOthers() throws IOException {
    withDatabase();
    Inspector.Report report = inspect();
    assertTrue(report.whole(), report::text);
    says(
        report,
        "storage          rocksdb",
        "database         slot 10, revision 11: 10 keys",
        "snapshot         slot 10, revision 11: 10 keys",
        "sessions; for other servers",
        "whole: all checksums hold");

    Files.writeString(directory.resolve("rocksdb-distrusted"), "why\n");
    report = inspect();
    assertFalse(report.whole(), report::text);
    says(report, "is thrown away at the next start");

    Files.createDirectory(directory.resolve("rocksdb-damaged"));
    says(inspect(), "set aside        rocksdb-damaged: a damaged database");
  }

  @Test
  void namesDamageInADatabase() throws IOException {
    withDatabase();
    Path rows = DataDirectories.rows(directory);
    byte[] whole = Files.readAllBytes(rows);
    for (int offset : new int[] {10, whole.length / 3, whole.length - 30}) {
      flip(rows, offset);
      Inspector.Report report = inspect();
      assertFalse(report.whole(), report::text);
      says(report, "database         DAMAGED ", "verdict          DAMAGED");
      Files.write(rows, whole);
    }
    flip(rows, whole.length / 3);
    says(inspect(), String.valueOf(rows.getFileName()));
    Files.delete(rows);
    says(inspect(), "database         DAMAGED ", "verdict          DAMAGED");
    Files.write(rows, whole);
    assertTrue(inspect().whole());
  }

  @Test
  void namesDamageInWhatADatabaseBeginsWith() throws IOException {
    withDatabase();
    try (Stream<Path> files = Files.list(directory.resolve("rocksdb"))) {
      for (Path file :
          files.filter(each -> each.toString().matches(".*/(CURRENT|MANIFEST-.*)")).toList()) {
        byte[] whole = Files.readAllBytes(file);
        flip(file, whole.length / 2);
        Inspector.Report report = inspect();
        assertFalse(report.whole(), report::text);
        says(report, "database         DAMAGED ", "verdict          DAMAGED");
        Files.write(file, whole);
      }
    }
    assertTrue(inspect().whole());
  }

  /** Its state is the database; whoever asked for the snapshot would get it. */
  @Test
  void namesADamagedSnapshotBesideADatabase() throws IOException {
    withDatabase();
    Path snapshot = directory.resolve("snapshot/0000000000000000010.snapshot");
    flip(snapshot, (int) Files.size(snapshot) / 2);
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(report, "database         slot 10", "DAMAGED snapshot/0000000000000000010.snapshot");
  }

  /** Its rows and RocksDB's checksums are right, but not what the server wrote. */
  @Test
  void namesRowsThatAreNotThoseOfTheState() throws IOException {
    withDatabase();
    RocksFiles.replaceRow(directory, Bytes.utf8("key3"), Bytes.utf8("other"));
    Inspector.Report report = inspect();
    assertFalse(report.whole(), report::text);
    says(report, "DAMAGED the rows are not those that the numbers beside them say");
  }
}
