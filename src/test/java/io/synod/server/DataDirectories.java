package io.synod.server;

import io.synod.journal.Disk;
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
import io.synod.store.Belonging;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksStorage;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;

/** Data directories of a server that has run, and what is in their files. */
final class DataDirectories {
  static final ServerId SERVER = new ServerId(1);
  static final Incarnation LIFE = new Incarnation(new UUID(3, 9));
  static final Ballot BALLOT = new Ballot(4, SERVER);
  static final ClusterId CLUSTER = new ClusterId(new UUID(1, 2));
  static final Membership MEMBERSHIP =
      new Membership(
          Slot.ZERO,
          List.of(
              new Member(
                  SERVER,
                  LIFE,
                  new Address("host", 9001),
                  new Address("host", 8001),
                  Member.Role.VOTER)));
  static final MembershipInForce IN_FORCE = new MembershipInForce(Slot.ZERO, MEMBERSHIP);

  /** What the snapshots, the database and the cut of the log are of. */
  static final int CUT = 10;

  static final int LAST = 40;

  private DataDirectories() {}

  /** One with a log of several segments, and a snapshot. */
  static void heap(Path directory) throws IOException {
    try (FileDisk disk = FileDisk.open(directory)) {
      snapshot(disk, CUT);
      try (Journal journal = journal(disk)) {
        fill(journal);
      }
    }
  }

  /** The same with a database, of as many slots as the snapshot. */
  static void rocks(Path directory) throws IOException {
    heap(directory);
    Files.writeString(directory.resolve("storage"), "ROCKSDB\n");
    KeyValueStore store = database(directory);
    apply(store, CUT);
    store.close();
  }

  /** What the server has of itself that is started in one, with this storage. */
  static KeptState kept(Path directory, String storage) throws BadConfigurationException {
    String text =
        "my_addr:'127.0.0.1:8001' my_paxos:'127.0.0.1:9001' replica:'127.0.0.1:9000'"
            + " replica:'127.0.0.1:9001' storage:"
            + storage
            + " data_dir:'"
            + directory
            + "'";
    CommandLineReader.Wish wish = CommandLineReader.read(List.of(text), Optional.empty());
    return new KeptState(((CommandLineReader.Wish.Run) wish).configuration());
  }

  static KeyValueStore database(Path directory) throws IOException {
    return RocksStorage.open(directory, Optional.of(CLUSTER), 8 << 20, Assertions::fail);
  }

  /** Snapshots of so many slots each. */
  static Snapshots snapshot(Disk disk, int slots) throws IOException {
    Snapshots snapshots = Snapshots.open(disk);
    KeyValueStore store = KeyValueStore.inMemory();
    apply(store, slots);
    snapshots.write(store.view(), CLUSTER, IN_FORCE);
    return snapshots;
  }

  /** One key a slot, up to this one. */
  static void apply(KeyValueStore store, int slots) {
    store.belongTo(new Belonging(CLUSTER, IN_FORCE));
    CommandEncoder encoder = new CommandEncoder(1 << 20);
    for (int slot = 1; slot <= slots; slot++) {
      if (slot == 1) {
        encoder.putOpenSession(SERVER, new UUID(5, 6));
      }
      byte[] value = new byte[1_000 + slot];
      // Nothing that a database compresses to next to nothing.
      new SplittableRandom(slot).nextBytes(value);
      encoder.putPut(1, slot, slot, Bytes.utf8("key" + slot), Bytes.wrap(value));
      Bytes batch = CommandFormat.batch(1, List.of(encoder.take()));
      store.apply(Slot.of(slot), batch, (session, sequence, result) -> {});
    }
  }

  static Journal journal(Disk disk) throws IOException {
    OpenedJournal opened =
        Journal.open(
            disk,
            JournalSettings.DEFAULT.withSegmentBytes(64 << 10),
            new JournalOwner(SERVER, () -> LIFE, Optional.empty()),
            System::nanoTime);
    return opened.journal();
  }

  /** Several segments. */
  static void fill(Journal journal) throws IOException {
    List<JournalRecord> records = new ArrayList<>();
    records.add(new JournalRecord.FoundingInForce(new Founding(CLUSTER, MEMBERSHIP)));
    records.add(new JournalRecord.Promised(BALLOT));
    for (int slot = 1; slot <= LAST; slot++) {
      records.add(
          new JournalRecord.ValueAccepted(
              new AcceptedValue(
                  Slot.of(slot), BALLOT, new Value.Batch(Bytes.wrap(new byte[5_000])))));
    }
    records.add(new JournalRecord.ChosenUpTo(Slot.of(30)));
    records.add(new JournalRecord.Cut(Slot.of(CUT), IN_FORCE));
    store(journal, records);
  }

  /** Appends, and makes durable. */
  static void store(Journal journal, List<JournalRecord> records) throws IOException {
    long position = journal.append(records);
    while (journal.durable() < position || journal.write()) {
      boolean unused = journal.write();
    }
  }

  /** Of each file, when it was changed, and a hash of what it holds. */
  static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        String modified = Files.getLastModifiedTime(path).toString();
        String name = directory.relativize(path).toString();
        contents.put(name, modified + Bytes.wrap(Files.readAllBytes(path)).hashCode());
      }
    }
    return contents;
  }

  static void flip(Path file, int offset) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[offset] ^= 4;
    Files.write(file, bytes);
  }

  /** The largest file of the database that holds rows. */
  static Path rows(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("rocksdb"))) {
      return files
          .filter(file -> file.toString().endsWith(".sst"))
          .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
          .orElseThrow();
    }
  }
}
