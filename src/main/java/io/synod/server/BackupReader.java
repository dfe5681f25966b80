package io.synod.server;

import io.synod.journal.DirectoryInUseException;
import io.synod.journal.FileDisk;
import io.synod.journal.Inspection;
import io.synod.journal.MemoryDisk;
import io.synod.journal.ReadOnlyDirectory;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Founding;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Recovered;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.store.Belonging;
import io.synod.store.EngineFailedException;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksLibrary;
import io.synod.store.RocksStorage;
import io.synod.store.SnapshotInfo;
import io.synod.store.SnapshotRefusedException;
import io.synod.store.Snapshots;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Brings back what was stored, from a backup or from what a server left. Blocks. */
final class BackupReader {
  private BackupReader() {}

  /**
   * What was stored.
   *
   * @param founding of the cluster that it is of
   * @param inForce the membership behind the last slot
   * @param certain up to here it is known to be chosen
   * @param lost slots that the directory held and that cannot be read any more, for a person
   */
  record Stored(
      KeyValueStore store,
      Founding founding,
      MembershipInForce inForce,
      Slot certain,
      Optional<String> lost) {}

  /**
   * Reads a backup.
   *
   * @param store that it comes into; empty
   * @throws IOException if it is none, or damaged; says where
   */
  static Stored file(Path file, KeyValueStore store) throws IOException {
    SnapshotInfo info = read(file, (disk, name) -> Snapshots.restore(disk, name, store));
    return new Stored(
        store,
        new Founding(info.cluster(), founding(info.membership().membership())),
        info.membership(),
        info.slot(),
        Optional.empty());
  }

  /**
   * What a backup is of, all of which is read and found whole.
   *
   * @throws IOException if it is none, or damaged; says where
   */
  static SnapshotInfo look(Path file) throws IOException {
    return read(file, Snapshots::look);
  }

  /** Does something with a file of a folder. */
  private interface Reading {
    SnapshotInfo of(ReadOnlyDirectory disk, String name) throws IOException;
  }

  private static SnapshotInfo read(Path file, Reading reading) throws IOException {
    Path absolute = file.toAbsolutePath().normalize();
    Path folder = absolute.getParent();
    if (Files.isDirectory(absolute)) {
      throw new IOException(
          file + " is a folder: name a file that BACKUP or scripts/backup.sh has written");
    } else if (folder == null || !Files.isRegularFile(absolute)) {
      throw new IOException("there is no file " + file);
    }
    String name = String.valueOf(absolute.getFileName());
    ReadOnlyDirectory disk = new ReadOnlyDirectory(folder);
    if (!Snapshots.isOne(disk, name)) {
      throw new IOException(
          file
              + " is no backup: it does not begin like those that BACKUP and scripts/backup.sh write");
    }
    try {
      return reading.of(disk, name);
    } catch (SnapshotRefusedException e) {
      if (e.isUnknownVersion()) {
        throw e;
      }
      throw new IOException(
          "the backup is damaged, or was not copied to its end: " + e.getMessage(), e);
    }
  }

  private static Membership founding(Membership membership) {
    return new Membership(Slot.ZERO, membership.members());
  }

  /**
   * Reads a data directory, which is not changed: its snapshot or database, what it knows to be
   * chosen behind that, and what it has accepted and may have been chosen, since it may have been
   * acknowledged.
   *
   * @param scratch where what is read may be kept meanwhile, and after that as long as it is used;
   *     its closing and deleting are the caller's
   * @throws IOException if it is none, is in use, or has lost too much
   */
  static Stored directory(Path directory, Path scratch) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IOException(
          "there is no directory " + directory + ": name the data directory of a server");
    }
    // What is read while it is written is of no one moment, and its end looks torn.
    try {
      Closeable lock = FileDisk.readOnly(directory);
      try (lock) {
        return locked(directory, scratch);
      }
    } catch (DirectoryInUseException e) {
      throw new IOException(
          e.getMessage()
              + ": take the backup from the server that runs, by its address for clients (BACKUP FILE,"
              + " or BACKUP FILE local where it hears no quorum), or stop it first",
          e);
    }
  }

  private static Stored locked(Path directory, Path scratch) throws IOException {
    ReadOnlyDirectory disk = new ReadOnlyDirectory(directory);
    List<String> servers = Inspector.directoriesIn(directory);
    String inside =
        servers.isEmpty() ? "" : ", but " + String.join(", ", servers) + ": name one of them";
    Inspection found =
        Inspection.of(disk)
            .orElseThrow(() -> new IOException(directory + " holds no server's data" + inside));
    Recovered has = found.recovered();
    Founding founding =
        has.founding().orElseThrow(() -> new IOException(directory + " is of no cluster yet"));
    Optional<Configuration.Storage> storage = StorageMark.of(directory);
    if (storage.equals(Optional.of(Configuration.Storage.WITNESS))) {
      throw new IOException(
          directory + " is of a witness, which keeps no keys: take another server's");
    }
    boolean keeps = storage.equals(Optional.of(Configuration.Storage.ROCKSDB));
    KeyValueStore store = keeps ? database(directory, scratch, founding) : KeyValueStore.inMemory();
    try {
      return read(directory, found, store);
    } catch (EngineFailedException e) {
      throw new IOException(unusable(directory, scratch, e), e);
    }
  }

  /** What to say of a database whose copy cannot be read. */
  static String unusable(Path directory, Path scratch, EngineFailedException e) {
    return RocksStorage.unusable(directory, scratch, String.valueOf(e.getMessage()));
  }

  /** The state of a database, copied so that what the log holds can be applied to it. */
  private static KeyValueStore database(Path directory, Path scratch, Founding founding)
      throws IOException {
    Optional<String> missing = RocksLibrary.missing();
    if (missing.isPresent()) {
      throw new IOException(missing.get());
    }
    return RocksStorage.openCopy(directory, scratch, founding.cluster());
  }

  private static Stored read(Path directory, Inspection found, KeyValueStore store)
      throws IOException {
    Recovered has = found.recovered();
    Founding founding = has.founding().orElseThrow();
    try (MemoryDisk above = MemoryDisk.above(new ReadOnlyDirectory(directory))) {
      if (!store.keepsFiles() || store.applied().isBefore(has.cut())) {
        Snapshots.Start start =
            Snapshots.open(above)
                .restoreNewest(store, has.founding().map(Founding::cluster), has.cut());
        for (String refused : start.refused()) {
          throw new IOException("the snapshot in " + directory + " is damaged: " + refused);
        }
      }
      MembershipInForce inForce =
          store
              .belonging()
              .map(Belonging::membership)
              .or(has::membership)
              .orElse(new MembershipInForce(Slot.ZERO, founding.membership()));
      Slot certain = Slot.max(has.chosen(), store.applied());
      if (store.applied().isBefore(has.cut())) {
        throw new IOException(
            (store.keepsFiles() ? "no snapshot or database in " : "no snapshot in ")
                + directory
                + " reaches slot "
                + has.cut()
                + ", behind which its log begins");
      }
      for (AcceptedValue each : has.accepted()) {
        if (each.slot().equals(store.applied().next())) {
          inForce = apply(store, each, inForce);
        }
      }
      return new Stored(store, founding, inForce, certain, lost(found, store.applied()));
    }
  }

  private static Optional<String> lost(Inspection found, Slot read) {
    List<String> lost = new ArrayList<>();
    found.recovered().unknown().ifPresent(range -> lost.add(Inspector.slots(range)));
    found
        .recovered()
        .torn()
        .ifPresent(range -> lost.add(Inspector.slots(range) + " (its last write)"));
    if (found.renewed()) {
      lost.add("what it had accepted and did not know to be chosen");
    }
    return lost.isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.join(", ", lost)
                + ", as far as there was anything behind slot "
                + read.number()
                + "; another server's directory may hold it");
  }

  private static MembershipInForce apply(
      KeyValueStore store, AcceptedValue accepted, MembershipInForce inForce) {
    if (accepted.value() instanceof Value.Batch batch) {
      store.apply(accepted.slot(), batch.commands(), (session, sequence, result) -> {});
      return inForce;
    } else if (accepted.value() instanceof Value.Version version) {
      store.upgrade(accepted.slot(), version);
      return inForce;
    }
    store.skip(accepted.slot());
    return inForce
        .successor(accepted.value())
        .map(next -> new MembershipInForce(accepted.slot(), next))
        .orElse(inForce);
  }
}
