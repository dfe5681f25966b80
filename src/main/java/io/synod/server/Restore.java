package io.synod.server;

import io.synod.journal.FileDisk;
import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalSettings;
import io.synod.journal.OpenedJournal;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.EngineFailedException;
import io.synod.store.Folders;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksLibrary;
import io.synod.store.RocksStorage;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Makes the data directories of a new cluster out of a backup: a new cluster id, new incarnations,
 * and all that was stored, with its revisions. A server that starts in one of them finds itself a
 * voter of a cluster that is founded, with the backup's slot as its newest snapshot.
 *
 * <p>Safe because all founding members begin with the same state at the same slot and nobody else
 * has a vote, and because no server of another cluster, the backed up one among them, is spoken to.
 */
final class Restore {
  private static final long SCRATCH_CACHE_BYTES = 32 << 20;

  private final BackupReader.Stored stored;
  private final Founding founding;
  private final Path folder;
  private final Configuration.Storage storage;

  /** Where a server of the new cluster will be reached. */
  record Seat(Address consensus, Address client) {}

  /**
   * What to make.
   *
   * @param folder that the directories come into, each named by its server's client port
   * @param seats of all servers, by id; empty: those that voted in the one backed up
   * @param only the one to be made here, if the others are on other machines
   * @param token makes the id of the new cluster, with the backup and the seats: the same on each
   *     machine, another for each time that it is restored, since two restores with the same would
   *     be taken for one cluster that has forgotten what it accepted
   * @param storage that the servers will have: with {@code ROCKSDB} the backup may be larger than
   *     memory
   */
  record Plan(
      Path folder,
      List<Seat> seats,
      OptionalInt only,
      String token,
      Configuration.Storage storage) {}

  private Restore(BackupReader.Stored stored, Founding founding, Plan plan) {
    this.stored = stored;
    this.founding = founding;
    this.folder = plan.folder();
    this.storage = plan.storage();
  }

  /**
   * Makes them of a backup. Blocks.
   *
   * @return what was made, for a person
   * @throws IOException if the backup is none or damaged, or what is to be made is there already or
   *     cannot be written
   */
  static String run(Path backup, Plan plan) throws IOException {
    if (plan.storage() != Configuration.Storage.ROCKSDB) {
      return run(BackupReader.file(backup, KeyValueStore.inMemory()), plan);
    }
    Optional<String> missing = RocksLibrary.missing();
    if (missing.isPresent()) {
      throw new IOException(missing.get());
    }
    Path scratch = plan.folder().resolve("restoring-database");
    Folders.delete(scratch);
    FileDisk.make(scratch);
    try {
      KeyValueStore store =
          RocksStorage.open(scratch, Optional.empty(), SCRATCH_CACHE_BYTES, unused -> {});
      try {
        return run(BackupReader.file(backup, store), plan);
      } finally {
        store.close();
      }
    } catch (EngineFailedException e) {
      throw new IOException(
          "the backup could not be read into " + scratch + ": " + e.getMessage(), e);
    } finally {
      Folders.delete(scratch);
    }
  }

  /**
   * Makes them. Blocks.
   *
   * @return what was made, for a person
   * @throws IOException if one is there already, or cannot be written
   */
  static String run(BackupReader.Stored stored, Plan plan) throws IOException {
    List<Seat> seats = plan.seats().isEmpty() ? voters(stored) : plan.seats();
    ClusterId cluster = new ClusterId(id(plan.token(), stored, seats, "cluster"));
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < seats.size(); i++) {
      members.add(
          new Member(
              new ServerId(i),
              new Incarnation(id(plan.token(), stored, seats, "server " + i)),
              seats.get(i).consensus(),
              seats.get(i).client(),
              Member.Role.VOTER));
    }
    Founding founding = new Founding(cluster, new Membership(Slot.ZERO, members));
    Restore restore = new Restore(stored, founding, plan);
    List<Member> here = new ArrayList<>(members);
    if (plan.only().isPresent()) {
      int only = plan.only().getAsInt();
      if (only >= members.size()) {
        throw new IOException(
            "there is no server " + only + " among " + members.size() + ": they count from 0");
      }
      here = List.of(members.get(only));
    }
    for (Member member : here) {
      restore.checkIsFree(member, here);
    }
    StringBuilder said = new StringBuilder();
    for (Member member : here) {
      restore.make(member);
      said.append("server ").append(member.server().number());
      said.append(": ").append(restore.directory(member)).append('\n');
    }
    said.append(
        "cluster %s of %d servers begins behind slot %d at revision %d, with %d keys%n"
            .formatted(
                cluster,
                members.size(),
                stored.store().applied().number(),
                stored.store().revision(),
                stored.store().keys()));
    if (plan.only().isPresent()) {
      said.append("on the other machines: the same with --token ")
          .append(plan.token())
          .append('\n');
    }
    return said.toString();
  }

  private static List<Seat> voters(BackupReader.Stored stored) {
    return stored.inForce().membership().members().stream()
        .filter(member -> member.role().votes() || member.role() == Member.Role.STANDBY)
        .map(member -> new Seat(member.consensusAddress(), member.clientAddress()))
        .toList();
  }

  private static UUID id(String token, BackupReader.Stored stored, List<Seat> seats, String of) {
    String all =
        String.join(
            "|",
            token,
            Long.toHexString(stored.store().hash()),
            String.valueOf(stored.store().applied().number()),
            seats.toString(),
            of);
    return UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8));
  }

  private Path directory(Member member) {
    return folder.resolve(String.valueOf(member.clientAddress().port()));
  }

  private void checkIsFree(Member member, List<Member> here) throws IOException {
    Path directory = directory(member);
    if (here.stream().filter(each -> directory(each).equals(directory)).count() > 1) {
      throw new IOException(
          "two of the servers have the client port "
              + member.clientAddress().port()
              + ", so they are on different machines: name the one of this machine with --only");
    }
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.list(directory)) {
        if (files.findAny().isPresent()) {
          throw new IOException(
              directory
                  + " is not empty: a server's data is never overwritten; move it away, or name"
                  + " another folder with --into");
        }
      }
    }
  }

  /** Under another name until all of it is durable. */
  private void make(Member member) throws IOException {
    Path directory = directory(member);
    Path making = folder.resolve("restoring-" + directory.getFileName());
    Folders.delete(making);
    FileDisk.make(making);
    StorageMark.put(making, storage);
    MembershipInForce inForce = new MembershipInForce(Slot.ZERO, founding.membership());
    try (FileDisk disk = FileDisk.open(making)) {
      writeJournal(disk, member, inForce);
      Snapshots.open(disk).write(stored.store().view(), founding.cluster(), inForce);
    }
    Files.deleteIfExists(directory);
    Files.move(making, directory, StandardCopyOption.ATOMIC_MOVE);
    FileDisk.sync(folder);
  }

  private void writeJournal(FileDisk disk, Member member, MembershipInForce inForce)
      throws IOException {
    OpenedJournal opened =
        Journal.open(
            disk,
            JournalSettings.DEFAULT,
            new JournalOwner(member.server(), member::incarnation, Optional.empty()),
            System::nanoTime);
    try (Journal journal = opened.journal()) {
      Slot slot = stored.store().applied();
      long unused =
          journal.append(
              List.of(
                  new JournalRecord.FoundingInForce(founding),
                  new JournalRecord.Cut(slot, inForce),
                  new JournalRecord.ChosenUpTo(slot)));
      while (journal.write()) {
        // The next records.
      }
    }
  }
}
