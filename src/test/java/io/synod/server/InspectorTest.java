package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalSettings;
import io.synod.journal.OpenedJournal;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionRange;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksStorage;
import io.synod.store.SnapshotWriter;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectorTest {
  private static final ServerId SERVER = new ServerId(1);
  private static final Incarnation LIFE = new Incarnation(new UUID(3, 9));
  private static final Ballot BALLOT = new Ballot(4, SERVER);
  private static final ClusterId CLUSTER = new ClusterId(new UUID(1, 2));
  private static final MembershipInForce IN_FORCE =
      new MembershipInForce(
          Slot.ZERO,
          new Membership(
              Slot.ZERO,
              List.of(
                  new Member(
                      SERVER,
                      LIFE,
                      new Address("host", 9001),
                      new Address("host", 8001),
                      Member.Role.VOTER))));

  private final Path directory;

  InspectorTest(@TempDir Path folder) {
    directory = folder.resolve("data");
  }

  @BeforeEach
  void aDirectoryWithALogAndASnapshot() throws IOException {
    List<JournalRecord> records = new ArrayList<>();
    records.add(new JournalRecord.FoundingInForce(new Founding(CLUSTER, IN_FORCE.membership())));
    records.add(new JournalRecord.Promised(BALLOT));
    for (int slot = 1; slot <= 40; slot++) {
      records.add(
          new JournalRecord.ValueAccepted(
              new AcceptedValue(
                  Slot.of(slot), BALLOT, new Value.Batch(Bytes.wrap(new byte[5_000])))));
    }
    records.add(new JournalRecord.ChosenUpTo(Slot.of(30)));
    records.add(new JournalRecord.Cut(Slot.of(10), IN_FORCE));
    try (FileDisk disk = FileDisk.open(directory)) {
      Snapshots snapshots = Snapshots.open(disk);
      KeyValueStore store = KeyValueStore.inMemory();
      for (int slot = 1; slot <= 10; slot++) {
        store.skip(Slot.of(slot));
      }
      SnapshotWriter writer = snapshots.writer(store.view(), CLUSTER, IN_FORCE);
      while (writer.writeSome()) {
        // The next piece.
      }
      OpenedJournal opened =
          Journal.open(
              disk,
              JournalSettings.DEFAULT.withSegmentBytes(64 << 10),
              new JournalOwner(SERVER, () -> LIFE, Optional.empty()),
              System::nanoTime);
      try (Journal journal = opened.journal()) {
        long position = journal.append(records);
        while (journal.durable() < position || journal.write()) {
          boolean unused = journal.write();
        }
      }
    }
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        String modified = Files.getLastModifiedTime(path).toString();
        contents.put(path.toString(), modified + Bytes.wrap(Files.readAllBytes(path)).hashCode());
      }
    }
    return contents;
  }

  private Inspector.Report inspect() throws IOException {
    Map<String, String> before = files();
    Inspector.Report report = new Inspector(directory).inspect();
    assertEquals(before, files(), "nothing is changed");
    return report;
  }

  private void flip(Path file, int offset) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[offset] ^= 4;
    Files.write(file, bytes);
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
        LIFE.id().toString(),
        "promised         " + BALLOT,
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
      Snapshots.open(disk).write(newer.view(), CLUSTER, IN_FORCE);
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

  @Test
  void aDatabaseIsLookedAtInPlaceOfSnapshots() throws Exception {
    Files.writeString(directory.resolve("storage"), "ROCKSDB\n");
    KeyValueStore store =
        RocksStorage.open(
            directory, Optional.of(new ClusterId(new UUID(1, 2))), 8 << 20, Assertions::fail);
    for (int slot = 1; slot <= 12; slot++) {
      store.skip(Slot.of(slot));
    }
    store.close();
    Inspector.Report report = inspect();
    assertTrue(report.whole(), report::text);
    says(report, "storage          ROCKSDB", "database         slot 12, revision 1: 0 keys");

    Files.writeString(directory.resolve("rocksdb-distrusted"), "why\n");
    report = inspect();
    assertFalse(report.whole(), report::text);
    says(report, "is thrown away at the next start");
  }
}
