package io.synod.store;

import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import io.synod.paxos.ClusterId;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * The snapshot files of a server: one whole one at any time, once there was one. May block: not for
 * the driver's thread, but for {@link #newest} and {@link #writer}'s view. Any thread, and several.
 */
public final class Snapshots {
  private final Disk disk;

  /** So much no snapshot takes: without room for the log a server ends. */
  private final long keptFreeBytes;

  private final Consumer<String> report;
  private final Map<Slot, Integer> inUse = new TreeMap<>();
  private final ReentrantLock scrubbing = new ReentrantLock();
  private volatile Slot newest = Slot.ZERO;

  private Snapshots(Disk disk, long keptFreeBytes, Consumer<String> report) {
    this.disk = disk;
    this.keptFreeBytes = keptFreeBytes;
    this.report = report;
  }

  /** The same on a disk that nothing else needs room on, where nobody is told. */
  public static Snapshots open(Disk disk) throws IOException {
    return open(disk, 0, unused -> {});
  }

  /**
   * Looks at what is there, and clears away what a crash left.
   *
   * @param keptFreeBytes so much stays free: rather than take of that, a snapshot is not written,
   *     or not fetched
   * @param report told what damaged files were deleted to make room; any thread
   */
  public static Snapshots open(Disk disk, long keptFreeBytes, Consumer<String> report)
      throws IOException {
    Snapshots snapshots = new Snapshots(disk, keptFreeBytes, report);
    for (String name : disk.list()) {
      if (SnapshotNames.isLeftover(name)) {
        disk.delete(name);
      }
    }
    NavigableMap<Slot, String> whole = SnapshotNames.whole(disk);
    if (!whole.isEmpty()) {
      // Its name may never have been made durable.
      disk.syncDirectory();
      snapshots.newest = whole.lastKey();
    }
    return snapshots;
  }

  /**
   * What came of a start.
   *
   * @param restored the snapshot that is in the store now; empty if there is none
   * @param refused what is damaged, by file and place; the files were set aside
   */
  public record Start(Optional<SnapshotInfo> restored, List<String> refused) {}

  /**
   * Puts the newest whole snapshot into a store as it was opened, unless that has files of its own
   * and they hold as much as the log goes on from; otherwise as {@link #restoreNewest}.
   */
  public Start restore(KeyValueStore store, Optional<ClusterId> cluster, Slot logCut)
      throws IOException {
    boolean has = store.keepsFiles() && !store.applied().isBefore(logCut);
    return has ? new Start(Optional.empty(), List.of()) : restoreNewest(store, cluster, logCut);
  }

  /**
   * Puts the newest whole snapshot into an empty store. To be called at the start, before anything
   * else. A file that is damaged or of another cluster is set aside, and an older one tried if the
   * log reaches back to it.
   *
   * @param cluster whose snapshots they must be; empty: not known
   * @param logCut the log begins after this slot: what is older is of no use
   * @throws SnapshotRefusedException if one is of a version that this server does not know
   */
  public Start restoreNewest(KeyValueStore store, Optional<ClusterId> cluster, Slot logCut)
      throws IOException {
    List<String> refused = new ArrayList<>();
    NavigableMap<Slot, String> whole = SnapshotNames.whole(disk);
    newest = whole.isEmpty() ? Slot.ZERO : whole.lastKey();
    for (Map.Entry<Slot, String> each : whole.descendingMap().entrySet()) {
      if (each.getKey().isBefore(logCut)) {
        break;
      }
      try {
        RestoredState state =
            read(
                disk,
                each.getValue(),
                store,
                info -> checkIsOf(each.getValue(), info, each.getKey(), cluster));
        store.install(state);
        return new Start(Optional.of(state.info()), refused);
      } catch (SnapshotRefusedException e) {
        if (e.isUnknownVersion()) {
          throw e;
        }
        refused.add(String.valueOf(e.getMessage()));
        String unused = setAside(each.getKey());
      }
    }
    return new Start(Optional.empty(), refused);
  }

  /** Whether a file begins like a snapshot, be it damaged or of another version. Blocks. */
  public static boolean isOne(Disk disk, String name) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(SnapshotFormat.FILE_HEAD_BYTES);
    try (DiskFile file = disk.open(name)) {
      file.read(0, head);
    }
    return SnapshotFormat.isHead(head.flip());
  }

  /**
   * Puts a snapshot that is nobody's into an empty store: a file as {@link #writer} leaves it, of
   * any name. Blocks.
   *
   * @throws SnapshotRefusedException if it is not whole, or of a version that is not known
   */
  public static SnapshotInfo restore(Disk disk, String name, KeyValueStore store)
      throws IOException {
    RestoredState state = read(disk, name, store, info -> {});
    store.install(state);
    return state.info();
  }

  private interface InfoCheck {
    void of(SnapshotInfo info) throws SnapshotRefusedException;
  }

  private static RestoredState read(Disk disk, String name, KeyValueStore store, InfoCheck check)
      throws IOException {
    try (DiskFile file = disk.open(name)) {
      Engine.Loader loader = store.loader();
      try {
        SnapshotReader reader = new SnapshotReader(name, file, loader);
        while (reader.readSome()) {
          // The next piece.
        }
        check.of(reader.restored().info());
        return reader.restored();
      } catch (IOException | RuntimeException e) {
        giveUp(loader, e);
        throw e;
      }
    }
  }

  /** Lets go of what was loaded; what fails in doing so is noted in {@code why}. */
  static void giveUp(Engine.Loader loader, Exception why) {
    try {
      loader.abandon();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  static void checkIsOf(String name, SnapshotInfo info, Slot slot, Optional<ClusterId> cluster)
      throws SnapshotRefusedException {
    if (!info.slot().equals(slot)) {
      throw SnapshotRefusedException.damaged(
          name, SnapshotFormat.FILE_HEAD_BYTES, "a snapshot of slot " + info.slot());
    }
    if (cluster.isPresent() && !cluster.get().equals(info.cluster())) {
      throw SnapshotRefusedException.damaged(
          name,
          SnapshotFormat.FILE_HEAD_BYTES,
          "a snapshot of cluster " + info.cluster() + ", not of " + cluster.get());
    }
  }

  /**
   * Reads the newest snapshot again and, if it is damaged, sets it aside, so that another is
   * written in its place. Blocks for the disk, for long; not beside {@link #restoreNewest}.
   *
   * @param pace told after each piece about how many bytes were read; may wait, or throw to end it
   * @return what is damaged, by file and place; empty if nothing is, or if it is being read already
   */
  public Optional<String> scrub(LongConsumer pace) throws IOException {
    if (!scrubbing.tryLock()) {
      return Optional.empty();
    }
    try {
      return scrubNewest(pace);
    } finally {
      scrubbing.unlock();
    }
  }

  private Optional<String> scrubNewest(LongConsumer pace) throws IOException {
    Slot slot = newest;
    if (slot.equals(Slot.ZERO)) {
      return Optional.empty();
    }
    Optional<SnapshotFile> use = openNewest(slot);
    if (use.isEmpty()) {
      return newest.equals(slot) ? Optional.of(setAside(slot)) : Optional.empty();
    }
    String name = SnapshotNames.whole(slot);
    SnapshotFile held = use.get();
    try (held;
        DiskFile file = disk.open(name)) {
      SnapshotInfo unused = verify(name, file, pace);
      return Optional.empty();
    } catch (SnapshotRefusedException e) {
      if (e.isUnknownVersion()) {
        throw e;
      }
      String unused = setAside(slot);
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /**
   * A snapshot file, read as a whole.
   *
   * @param info what it is of; empty if it is damaged
   * @param damage where, and what; empty if it is whole
   */
  public record Looked(String name, Optional<SnapshotInfo> info, Optional<String> damage) {}

  /**
   * Reads all snapshots that are there, the newest first, and changes nothing. Blocks for the disk,
   * for long.
   *
   * @param cluster whose they must be; empty: not known
   * @throws SnapshotRefusedException if one is of a version that is not known
   */
  public static List<Looked> look(Disk disk, Optional<ClusterId> cluster) throws IOException {
    List<Looked> all = new ArrayList<>();
    for (Map.Entry<Slot, String> each : SnapshotNames.whole(disk).descendingMap().entrySet()) {
      String name = each.getValue();
      try (DiskFile file = disk.open(name)) {
        SnapshotInfo info = verify(name, file, read -> {});
        checkIsOf(name, info, each.getKey(), cluster);
        all.add(new Looked(name, Optional.of(info), Optional.empty()));
      } catch (SnapshotRefusedException e) {
        if (e.isUnknownVersion()) {
          throw e;
        }
        all.add(new Looked(name, Optional.empty(), Optional.of(String.valueOf(e.getMessage()))));
      }
    }
    return all;
  }

  /**
   * Reads a snapshot that is nobody's, of any name, and keeps nothing of it. Blocks for the disk.
   *
   * @throws SnapshotRefusedException if it is not whole, or of a version that is not known
   */
  public static SnapshotInfo look(Disk disk, String name) throws IOException {
    try (DiskFile file = disk.open(name)) {
      return verify(name, file, read -> {});
    }
  }

  /** Reads a file to its end, for nothing but to see whether it is whole. */
  private static SnapshotInfo verify(String name, DiskFile file, LongConsumer pace)
      throws IOException {
    SnapshotReader reader = new SnapshotReader(name, file, new NoLoader());
    long before = 0;
    while (reader.readSome()) {
      pace.accept(reader.offset() - before);
      before = reader.offset();
    }
    return reader.restored().info();
  }

  /**
   * Looks at the versions of all snapshots' files, and at nothing else in them.
   *
   * @throws SnapshotRefusedException if one is of a newer version
   */
  public static void checkVersions(Disk disk) throws IOException {
    for (String name : SnapshotNames.whole(disk).values()) {
      int version = version(disk, name);
      if (version > SnapshotFormat.VERSION) {
        throw SnapshotRefusedException.unknownVersion(name, version);
      }
    }
  }

  /** That of a file without a head is this one's: whoever reads it sets it aside. */
  private static int version(Disk disk, String name) {
    try (DiskFile file = disk.open(name)) {
      ByteBuffer head = ByteBuffer.allocate(SnapshotFormat.FILE_HEAD_BYTES);
      file.read(0, head);
      return SnapshotFormat.version(head.clear());
    } catch (IOException | IllegalArgumentException e) {
      return SnapshotFormat.VERSION;
    }
  }

  /** Keeps it from being deleted meanwhile; empty if it is gone, or its end cannot be read. */
  private Optional<SnapshotFile> openNewest(Slot slot) {
    try {
      return open(slot);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Puts a file away that is damaged, and falls back to the one before, if there is one. */
  private synchronized String setAside(Slot slot) throws IOException {
    String name = SnapshotNames.whole(slot);
    String what = name + " is missing, or its end cannot be read";
    if (disk.list().contains(name)) {
      disk.rename(name, SnapshotNames.damaged(slot));
      disk.syncDirectory();
    }
    NavigableMap<Slot, String> whole = SnapshotNames.whole(disk);
    newest = whole.isEmpty() ? Slot.ZERO : whole.lastKey();
    return what;
  }

  /** Puts all files away: what they hold is not to be trusted, though it is whole. */
  public synchronized void setAllAside() throws IOException {
    for (Slot slot : SnapshotNames.whole(disk).keySet()) {
      String unused = setAside(slot);
    }
  }

  /** The slot of the newest durable snapshot; {@link Slot#ZERO} if there is none. Never blocks. */
  public Slot newest() {
    return newest;
  }

  /**
   * Begins to write a snapshot.
   *
   * @param view taken on the driver's thread; the writer closes it
   * @param membership in force after the view's slot
   * @throws IllegalArgumentException if it is not newer than the newest
   */
  public SnapshotWriter writer(StoreView view, ClusterId cluster, MembershipInForce membership)
      throws IOException {
    if (!view.slot().isAfter(newest)) {
      throw new IllegalArgumentException(
          "a snapshot of slot " + view.slot() + " behind one of " + newest);
    }
    return SnapshotWriter.begin(this, view.info(cluster, membership), view);
  }

  /** As {@link #writer}, and all of it at once. Blocks, for long. */
  public void write(StoreView view, ClusterId cluster, MembershipInForce membership)
      throws IOException {
    SnapshotWriter writer = writer(view, cluster, membership);
    while (writer.writeSome()) {
      // The next piece.
    }
  }

  /**
   * Opens a snapshot for a peer. It stays there until it is closed, even when newer ones come.
   *
   * @param slot it must be of; {@link Slot#ZERO} for the newest
   * @return empty if there is none
   */
  public synchronized Optional<SnapshotFile> open(Slot slot) throws IOException {
    NavigableMap<Slot, String> whole = SnapshotNames.whole(disk);
    Slot asked = slot.equals(Slot.ZERO) ? newest : slot;
    String name = whole.get(asked);
    if (name == null || asked.isAfter(newest)) {
      return Optional.empty();
    }
    SnapshotFile file = SnapshotFile.open(this, name, asked);
    inUse.merge(asked, 1, Integer::sum);
    return Optional.of(file);
  }

  /** Begins to receive a snapshot from a peer. */
  public SnapshotReceiver receiver(
      KeyValueStore store, Optional<ClusterId> cluster, SnapshotOffer offer) throws IOException {
    return SnapshotReceiver.begin(this, store, cluster, offer, /* loads= */ true);
  }

  /** The same, for the disk only: {@link RestoredState#isLoaded} is false of what comes of it. */
  public SnapshotReceiver receiverToDisk(
      KeyValueStore store, Optional<ClusterId> cluster, SnapshotOffer offer) throws IOException {
    return SnapshotReceiver.begin(this, store, cluster, offer, /* loads= */ false);
  }

  Disk disk() {
    return disk;
  }

  synchronized void release(Slot slot) {
    inUse.computeIfPresent(slot, (any, users) -> users == 1 ? null : users - 1);
  }

  synchronized void onPublished(Slot slot) {
    newest = Slot.max(newest, slot);
  }

  /** Deletes what the newest snapshot replaces; those in use by and by. */
  synchronized void deleteOlder() throws IOException {
    for (Map.Entry<Slot, String> each : SnapshotNames.whole(disk).entrySet()) {
      if (each.getKey().isBefore(newest) && !inUse.containsKey(each.getKey())) {
        disk.delete(each.getValue());
      }
    }
    deleteDamaged();
  }

  private void deleteDamaged() throws IOException {
    for (String name : damaged()) {
      disk.delete(name);
    }
  }

  /** The names of those that were set aside. */
  public List<String> damaged() throws IOException {
    return disk.list().stream().filter(SnapshotNames::isDamaged).toList();
  }

  /**
   * Deletes all that are of slots before this one, the newest among them, but those in use: of a
   * server whose store outlives the process by itself, so that they are of use to peers only.
   */
  public synchronized void deleteBefore(Slot slot) throws IOException {
    NavigableMap<Slot, String> whole = SnapshotNames.whole(disk);
    for (Map.Entry<Slot, String> each : new TreeMap<>(whole.headMap(slot, false)).entrySet()) {
      if (!inUse.containsKey(each.getKey())) {
        disk.delete(each.getValue());
        whole.remove(each.getKey());
      }
    }
    newest = whole.isEmpty() ? Slot.ZERO : whole.lastKey();
  }

  /** Looks whether the disk has room for a file, before it runs full. */
  void checkRoom(String name, long fileBytes) throws IOException {
    checkRoom(name, fileBytes, 0, SetAside.NOTHING);
  }

  /**
   * Looks whether the disk has room, before it runs full; deletes what is damaged if there is none
   * otherwise.
   *
   * @param besideBytes what comes beside the file, while what it replaces is there too
   * @param setAside what may be deleted beside damaged snapshots
   * @throws IOException if there is no room; says how much is missing
   */
  void checkRoom(String name, long fileBytes, long besideBytes, SetAside setAside)
      throws IOException {
    long neededBytes = fileBytes + besideBytes + keptFreeBytes;
    long free = disk.freeBytes();
    if (free < neededBytes && makeRoom(name, neededBytes - free, setAside)) {
      free = disk.freeBytes();
    }
    if (free < neededBytes) {
      throw new IOException(
          name
              + " needs "
              + (fileBytes + besideBytes)
              + " bytes on disk"
              + (besideBytes == 0
                  ? ""
                  : " (" + fileBytes + " for itself, and its rows beside those that are there)")
              + (keptFreeBytes == 0 ? "" : ", besides " + keptFreeBytes + " for the log")
              + ", and "
              + free
              + " are free");
    }
  }

  /** Deletes what is damaged, if that is enough; returns whether it did. */
  private synchronized boolean makeRoom(String name, long missingBytes, SetAside setAside)
      throws IOException {
    List<String> names = new ArrayList<>(damaged());
    long sizeBytes = setAside.sizeBytes();
    for (String each : names) {
      try (DiskFile file = disk.open(each)) {
        sizeBytes += file.sizeBytes();
      }
    }
    if (sizeBytes < missingBytes) {
      return false;
    }
    names.addAll(setAside.names());
    deleteDamaged();
    setAside.delete();
    report.accept(
        String.join(", ", names)
            + ", set aside as damaged, deleted: "
            + name
            + " needs the room, "
            + missingBytes
            + " bytes more than were free");
    return true;
  }

  /** Clears away a file that failed; what fails in doing so is noted in {@code why}. */
  void giveUp(String name, DiskFile file, boolean named, Exception why) {
    try {
      file.close();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
    if (named) {
      return;
    }
    try {
      disk.delete(name);
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }
}
