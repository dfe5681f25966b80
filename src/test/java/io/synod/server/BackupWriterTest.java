package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.ReadOnlyDirectory;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.Belonging;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksStorage;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backups of data directories whose servers are gone. */
class BackupWriterTest {
  private static final Restore.Seat SEAT =
      new Restore.Seat(new Address("host", 9000), new Address("host", 8000));
  private static final Slot LAST = Slot.of(12);

  private final Path folder;
  private final Path file;
  private final Path directory;

  BackupWriterTest(@TempDir Path folder) {
    this.folder = folder;
    this.file = folder.resolve("rescue.backup");
    this.directory = folder.resolve("data/8000");
  }

  private static KeyValueStore upToTheLast(KeyValueStore store) {
    while (store.applied().isBefore(LAST)) {
      store.skip(store.applied().next());
    }
    return store;
  }

  @BeforeEach
  void aDirectoryWithALogAndASnapshot() throws IOException {
    Membership membership =
        new Membership(
            Slot.ZERO,
            List.of(
                new Member(
                    new ServerId(0),
                    new Incarnation(new UUID(3, 9)),
                    SEAT.consensus(),
                    SEAT.client(),
                    Member.Role.VOTER)));
    BackupReader.Stored stored =
        new BackupReader.Stored(
            upToTheLast(KeyValueStore.inMemory()),
            new Founding(new ClusterId(new UUID(1, 2)), membership),
            new MembershipInForce(Slot.ZERO, membership),
            LAST,
            Optional.empty());
    String unused = Restore.run(stored, plan("data", Configuration.Storage.HEAP));
  }

  private Restore.Plan plan(String into, Configuration.Storage storage) {
    return new Restore.Plan(
        folder.resolve(into), List.of(SEAT), OptionalInt.empty(), "any", storage);
  }

  private List<Path> left() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(each -> !each.endsWith("data")).toList();
    }
  }

  private String refusal(Path from) throws IOException {
    IOException e = assertThrows(IOException.class, () -> BackupWriter.ofDirectory(from, file));
    assertEquals(List.of(), left(), "nothing is left");
    return String.valueOf(e.getMessage());
  }

  @Test
  void aWholeDirectoryIsCopiedForItsOwnersEyesOnly() throws IOException {
    BackupWriter.Written written = BackupWriter.ofDirectory(directory, file);
    assertTrue(written.complete(), written::text);
    assertEquals(file + ": all up to slot 12\n", written.text());
    assertEquals(PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(file));
    assertEquals(List.of(file), left());
    assertEquals(LAST, BackupReader.file(file, KeyValueStore.inMemory()).store().applied());
  }

  @Test
  void whatIsLostIsSaidAndIsNotComplete() throws IOException {
    Path segment = directory.resolve("journal/segment-000001.log");
    byte[] bytes = Files.readAllBytes(segment);
    int last = bytes.length - 1;
    while (bytes[last] == 0) {
      last--;
    }
    bytes[last] ^= 4;
    Files.write(segment, bytes);
    BackupWriter.Written written = BackupWriter.ofDirectory(directory, file);
    assertFalse(written.complete(), written::text);
    assertTrue(
        written.text().contains("\nINCOMPLETE: " + directory + " has lost "), written.text());
    assertEquals(List.of(file), left());
  }

  @Test
  void whatIsNoDirectoryOrTheOneAboveIsNamed() throws IOException {
    Path none = folder.resolve("nope");
    assertEquals(
        "there is no directory " + none + ": name the data directory of a server", refusal(none));
    Path above = folder.resolve("data");
    assertEquals(above + " holds no server's data, but 8000: name one of them", refusal(above));
  }

  @Test
  void aDamagedDatabaseIsNamedAndNotTheCopyThatShowedIt() throws IOException {
    Founding founding = BackupReader.directory(directory, folder.resolve("none")).founding();
    Files.writeString(directory.resolve("storage"), "ROCKSDB\n");
    KeyValueStore store =
        RocksStorage.open(directory, Optional.of(founding.cluster()), 8 << 20, Assertions::fail);
    store.belongTo(
        new Belonging(founding.cluster(), new MembershipInForce(Slot.ZERO, founding.membership())));
    upToTheLast(store).close();
    assertTrue(BackupWriter.ofDirectory(directory, file).complete());
    Files.delete(file);
    damageRows(directory.resolve("rocksdb"));
    String why = refusal(directory);
    assertTrue(why.startsWith("the database in " + directory + " cannot be used: "), why);
    assertTrue(why.endsWith("nothing was written: take the directory of another server"), why);
    assertFalse(why.contains("rescue") || why.contains("set aside"), why);
  }

  private static void damageRows(Path database) throws IOException {
    try (Stream<Path> files = Files.list(database)) {
      for (Path each : files.filter(it -> it.toString().endsWith(".sst")).toList()) {
        byte[] bytes = Files.readAllBytes(each);
        // All but what is at the end, by which the file is opened.
        for (int i = 0; i < bytes.length / 2; i++) {
          bytes[i] ^= 4;
        }
        Files.write(each, bytes);
      }
    }
  }

  @Test
  void whatIsNoBackupIsSaidSoAndADamagedOneIsToldFromIt() throws IOException {
    Path none = Files.writeString(folder.resolve("none"), "none", StandardCharsets.UTF_8);
    assertReads(none, none + " is no backup: it does not begin like those that BACKUP");
    assertReads(folder, folder + " is a folder: name a file that BACKUP");
    assertReads(file, "there is no file " + file);
    assertTrue(BackupWriter.ofDirectory(directory, file).complete());
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 4;
    Files.write(file, bytes);
    assertReads(file, "the backup is damaged, or was not copied to its end: rescue.backup at byte");
  }

  private static void assertReads(Path file, String why) {
    IOException e =
        assertThrows(IOException.class, () -> BackupReader.file(file, KeyValueStore.inMemory()));
    assertTrue(String.valueOf(e.getMessage()).startsWith(why), e::toString);
  }

  /** A server of storage rocksdb loads it into its database when it starts. */
  @Test
  void aBackupIsRestoredForADatabaseToo() throws IOException {
    BackupWriter.Written unused = BackupWriter.ofDirectory(directory, file);
    String made = Restore.run(file, plan("rocks", Configuration.Storage.ROCKSDB));
    assertTrue(made.contains("begins behind slot 12"), made);
    Path restored = folder.resolve("rocks/8000");
    assertEquals(Optional.of(Configuration.Storage.ROCKSDB), StorageMark.of(restored));
    try (Stream<Path> files = Files.list(folder.resolve("rocks"))) {
      assertEquals(List.of(restored), files.toList(), "nothing else is left");
    }
    assertEquals(
        BackupReader.look(file).hash(),
        Snapshots.look(new ReadOnlyDirectory(restored), Optional.empty())
            .get(0)
            .info()
            .orElseThrow()
            .hash());
  }
}
