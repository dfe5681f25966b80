package io.synod.server;

import io.synod.journal.Disk;
import io.synod.journal.DurableLog;
import io.synod.journal.FileDisk;
import io.synod.journal.Finding;
import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalSettings;
import io.synod.journal.MemoryDisk;
import io.synod.journal.MemoryLog;
import io.synod.journal.OpenedJournal;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Recovered;
import io.synod.paxos.Slot;
import io.synod.store.EngineFailedException;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksStorage;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server keeps of itself from one start to the next, in its data directory unless it is told
 * to keep nothing: opened when it starts, closed when it has stopped. One thread, but for {@link
 * #distrust}.
 */
final class KeptState {
  /** Its lines are the server's, whoever says them. */
  private static final Logger LOG = LoggerFactory.getLogger(SynodServer.class);

  /**
   * This part of the floor no snapshot takes: half of what is left when all writes are refused, so
   * that one can still be written to let go of the log before it.
   */
  private static final long SNAPSHOT_RESERVE_SHARE = 8;

  private final Configuration configuration;
  private @Nullable Disk disk;
  private volatile @Nullable KeyValueStore store;

  /** What this server still has of itself, and where it goes on to write. */
  record Opened(DurableLog log, Recovered recovered, Incarnation incarnation) {}

  /**
   * The state that the log goes on from.
   *
   * @param setAside the names of what lies in the directory because it was damaged
   */
  record State(Snapshots snapshots, KeyValueStore store, List<String> setAside) {
    State {
      setAside = List.copyOf(setAside);
    }
  }

  KeptState(Configuration configuration) {
    this.configuration = configuration;
  }

  /**
   * Opens the journal, or what takes its place.
   *
   * @param wake called when what was appended is durable, if there is no disk
   */
  Opened open(Runnable wake) throws IOException {
    if (configuration.storage() == Configuration.Storage.MEMORY) {
      StorageMark.checkNoOther(configuration.dataDirectory(), configuration.storage());
      disk = MemoryDisk.empty("memory");
      LOG.info("storage: memory: nothing is kept on disk, and each start is a new incarnation");
      return new Opened(
          new MemoryLog(wake), Recovered.nothing(), new Incarnation(UUID.randomUUID()));
    }
    StorageMark.put(configuration.dataDirectory(), configuration.storage());
    OpenedJournal opened = openJournal();
    return new Opened(
        opened.journal(),
        TornTail.accept(
            opened.recovered(), opened.journal(), configuration.acceptedTornTail(), LOG::warn),
        opened.identity().incarnation());
  }

  private OpenedJournal openJournal() throws IOException {
    FileDisk opened = FileDisk.open(configuration.dataDirectory());
    disk = opened;
    checkVersions(opened);
    disownSnapshots(opened);
    OpenedJournal journalOpened =
        Journal.open(
            opened,
            JournalSettings.DEFAULT.withSegmentBytes(configuration.limits().journalSegmentBytes()),
            new JournalOwner(
                configuration.server(),
                () -> new Incarnation(UUID.randomUUID()),
                configuration.cluster()),
            System::nanoTime);
    for (Finding finding : journalOpened.findings()) {
      if (finding.kind() == Finding.Kind.DAMAGED) {
        LOG.error("journal: {}", finding);
      } else {
        LOG.warn("journal: {}", finding);
      }
    }
    return journalOpened;
  }

  /**
   * Of a directory without an identity nobody knows whose its snapshots are: one of another cluster
   * would be believed, and its slots taken for chosen ones of this. Before the identity is made, so
   * that a crash does not leave one beside them.
   */
  private static void disownSnapshots(FileDisk opened) throws IOException {
    if (!Journal.isNew(opened)) {
      return;
    }
    Snapshots found = Snapshots.open(opened);
    if (found.newest().isAfter(Slot.ZERO)) {
      found.setAllAside();
      LOG.error(
          "all snapshots in {} are set aside: it has no identity, so they may be another cluster's",
          opened.describe());
    }
  }

  /** Before the journal is opened, which begins a file: what is refused stays as it is. */
  private void checkVersions(FileDisk opened) throws IOException {
    Snapshots.checkVersions(opened);
    if (configuration.storage() == Configuration.Storage.ROCKSDB) {
      RocksStorage.checkVersions(configuration.dataDirectory());
    }
  }

  /** Opens the store and its snapshots; after the journal. */
  State openState(Recovered recovered) throws IOException {
    Snapshots opening =
        Snapshots.open(
            Objects.requireNonNull(disk),
            configuration.limits().disk().floorBytes() / SNAPSHOT_RESERVE_SHARE,
            LOG::warn);
    KeyValueStore holding = openStore(recovered, opening);
    store = holding;
    List<String> setAside = new ArrayList<>(RocksStorage.setAsideIn(configuration.dataDirectory()));
    setAside.addAll(opening.damaged());
    return new State(opening, holding, setAside);
  }

  /** The store as it was, or a snapshot of it: as far as the log does not go back. */
  private KeyValueStore openStore(Recovered recovered, Snapshots opening) throws IOException {
    Optional<ClusterId> cluster = recovered.founding().map(Founding::cluster);
    boolean keeps = configuration.storage() == Configuration.Storage.ROCKSDB;
    KeyValueStore opened = keeps ? openDatabase(cluster) : openInMemory();
    for (String refused : opening.restore(opened, cluster, recovered.cut()).refused()) {
      LOG.error("snapshot set aside: {}", refused);
    }
    if (!configuration.isWitness() && opened.applied().isBefore(recovered.cut())) {
      LOG.error(
          "the state is lost: nothing in {} reaches slot {}, behind which the log begins; it is"
              + " fetched from the other servers",
          configuration.dataDirectory(),
          recovered.cut().number());
    }
    return opened;
  }

  private KeyValueStore openInMemory() {
    // With the log and what is under way, two states would not fit beside each other.
    return configuration.storage() == Configuration.Storage.HEAP
        ? KeyValueStore.inMemory(Runtime.getRuntime().maxMemory() / 10 * 6)
        : KeyValueStore.inMemory();
  }

  private KeyValueStore openDatabase(Optional<ClusterId> cluster) throws IOException {
    KeyValueStore opened =
        RocksStorage.open(
            configuration.dataDirectory(),
            cluster,
            configuration.limits().blockCacheBytes(),
            LOG::error);
    LOG.info(
        "storage: rocksdb: {} keys, applied up to slot {}, cache of {} MiB",
        opened.keys(),
        opened.applied().number(),
        configuration.limits().blockCacheBytes() >> 20);
    return opened;
  }

  /** The next start throws the database away, and fetches what was in it. Any thread. */
  void distrust(String why) {
    KeyValueStore present = store;
    try {
      if (present != null) {
        present.distrust(why);
      }
    } catch (IOException e) {
      LOG.error("the database could not be marked as damaged", e);
    }
  }

  /** Lets go of all of it; nothing touches the directory any more. */
  void close() throws IOException {
    closeStore();
    if (disk != null) {
      disk.close();
    }
  }

  private void closeStore() {
    KeyValueStore present = store;
    if (present != null) {
      try {
        present.close();
      } catch (EngineFailedException e) {
        LOG.warn("the database could not be closed: {}", e.getMessage());
      }
    }
  }
}
