package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.journal.Journal;
import io.synod.journal.JournalThread;
import io.synod.journal.NewerJournal;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damage on the disk of a server that runs, found by its own thread. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ScrubThreadTest {
  private static final String SNAPSHOT = "snapshot/0000000000000000010.snapshot";
  private static final ScrubThread.Pace FAST = new ScrubThread.Pace(1L << 40, 5);

  private final Path directory;
  private final List<String> reports = new CopyOnWriteArrayList<>();
  private final List<String> repairs = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private Journal journal;
  private Snapshots snapshots;

  ScrubThreadTest(@TempDir Path folder) {
    directory = folder.resolve("data");
  }

  @BeforeEach
  void aServerThatHasWritten() throws IOException {
    FileDisk disk = FileDisk.open(directory);
    open.add(disk);
    snapshots = DataDirectories.snapshot(disk, DataDirectories.CUT);
    journal = DataDirectories.journal(disk);
    DataDirectories.fill(journal);
    JournalThread writer = new JournalThread(journal, "test", e -> reports.add("failed: " + e));
    writer.start();
    open.add(writer::stop);
  }

  @AfterEach
  void end() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private ScrubThread begin(ScrubThread.Pace pace, KeyValueStore store) {
    ScrubThread scrub =
        new ScrubThread(
            new ScrubThread.Scrubbed(journal, snapshots, store),
            new ScrubThread.Repair(
                slot -> repairs.add("log up to " + slot.number()),
                () -> repairs.add("snapshot"),
                () -> repairs.add("start anew")),
            pace,
            reports::add);
    open.add(
        () -> {
          scrub.stop();
          assertTrue(scrub.awaitEnd(10_000));
        });
    scrub.start();
    return scrub;
  }

  private void begin() {
    ScrubThread unused = begin(FAST, KeyValueStore.inMemory());
  }

  private void flip(String name, int offset) throws IOException {
    DataDirectories.flip(directory.resolve(name), offset);
  }

  private void await(List<String> lines, String what) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (lines.stream().noneMatch(line -> line.contains(what))) {
      assertTrue(System.nanoTime() < end, () -> what + " in " + reports + ", " + repairs);
      Thread.sleep(1);
    }
  }

  private void await(String report, String repair) throws InterruptedException {
    await(reports, report);
    await(repairs, repair);
  }

  /** The rounds before the damage, and what is whole beside it. */
  @Test
  void nothingIsSaidOfWhatIsWhole() throws Exception {
    byte[] before = Files.readAllBytes(directory.resolve("identity"));
    begin();
    for (int i = 0; i < 20; i++) {
      assertEquals(List.of(), journal.scrubCopies());
      assertEquals(List.of(), journal.scrub(bytes -> {}));
    }
    flip(SNAPSHOT, 500);
    await(SNAPSHOT, "snapshot");
    assertEquals(1, reports.size(), reports::toString);
    assertEquals(1, repairs.size(), repairs::toString);
    assertArrayEquals(before, Files.readAllBytes(directory.resolve("identity")));
  }

  @Test
  void aBitOfTheJournalIsFoundAndTheLogReplacedUpToThere() throws Exception {
    begin();
    flip("journal/segment-000002.log", 20_000);
    await("DAMAGED journal/segment-000002.log at ", "log up to ");
    long slot = Long.parseLong(repairs.get(0).substring("log up to ".length()));
    assertTrue(slot > DataDirectories.CUT && slot <= DataDirectories.LAST, repairs::toString);
    assertTrue(reports.get(0).contains("a snapshot takes its place"), reports::toString);
  }

  @Test
  void aBitOfTheSnapshotIsFoundAndAnotherWritten() throws Exception {
    begin();
    flip(SNAPSHOT, 500);
    await(SNAPSHOT + " at byte ", "snapshot");
    assertEquals(Slot.ZERO, snapshots.newest());
    assertTrue(Files.exists(directory.resolve("snapshot/0000000000000000010.damaged")));
  }

  @Test
  void aBitOfTheDatabaseIsFoundAndTheServerStartedAnew() throws Exception {
    KeyValueStore store = DataDirectories.database(directory);
    DataDirectories.apply(store, DataDirectories.CUT);
    assertEquals(Slot.of(DataDirectories.CUT), store.flush());
    Path rows = DataDirectories.rows(directory);
    DataDirectories.flip(rows, (int) Files.size(rows) / 3);
    ScrubThread scrub = begin(FAST, store);
    await(String.valueOf(rows.getFileName()), "start anew");
    assertTrue(scrub.awaitEnd(10_000), "what it read is gone");
    assertEquals(List.of("start anew"), repairs);
    String why = Files.readString(directory.resolve("rocksdb-distrusted"));
    assertTrue(why.contains(String.valueOf(rows.getFileName())), why);
    open.add(1, store::close);
  }

  @Test
  void damagedCopiesAreWrittenAgain() throws Exception {
    begin();
    for (String name : List.of("identity", "identity.copy")) {
      byte[] whole = Files.readAllBytes(directory.resolve(name));
      flip(name, 30);
      await(reports, "REPAIRED " + name + " at 0: not what was written; written again");
      awaitWhole(name, whole);
    }
    for (String name : List.of("promise.a", "promise.b")) {
      Path file = directory.resolve(name);
      byte[] damaged = Files.readAllBytes(file);
      damaged[60] ^= 4;
      // The writer may be about to write it anyway.
      while (isSilentOf("REPAIRED " + name + " at 0: not what was written; written again")) {
        Files.write(file, damaged);
        Thread.sleep(5);
      }
      while (Arrays.equals(damaged, Files.readAllBytes(file))) {
        Thread.sleep(1);
      }
      while (isSilentOf("REPAIRED " + name + " at 0: missing; written again")) {
        Files.deleteIfExists(file);
        Thread.sleep(5);
      }
      while (!Files.exists(file)) {
        Thread.sleep(1);
      }
    }
    assertEquals(List.of(), repairs);
  }

  private boolean isSilentOf(String what) {
    return reports.stream().noneMatch(line -> line.contains(what));
  }

  private void awaitWhole(String name, byte[] whole) throws Exception {
    while (!Arrays.equals(whole, Files.readAllBytes(directory.resolve(name)))) {
      Thread.sleep(1);
    }
  }

  @Test
  void whatCannotBeReadDoesNotKeepTheRestFromBeingRead() throws Exception {
    Path identity = directory.resolve("identity");
    Files.write(identity, NewerJournal.of("identity", Files.readAllBytes(identity), 7));
    begin();
    flip(SNAPSHOT, 500);
    await(SNAPSHOT + " at byte ", "snapshot");
    await(reports, "the copies of identity and promise could not be read to the end: identity has");
  }

  /** The snapshot is read behind the journal, which takes as long as its bytes may. */
  @Test
  void readsNoFasterThanItMay() throws Exception {
    flip(SNAPSHOT, 500);
    long bytesASecond = 200_000;
    long began = System.nanoTime();
    ScrubThread unused = begin(new ScrubThread.Pace(bytesASecond, 1), KeyValueStore.inMemory());
    await(reports, SNAPSHOT);
    double seconds = (System.nanoTime() - began) / 1e9;
    long sealed = 2 * (64 << 10);
    assertTrue(seconds >= 0.9 * sealed / bytesASecond, seconds + " s");
  }

  @Test
  void endsSoonThoughItRestsForLong() throws Exception {
    ScrubThread scrub = begin(new ScrubThread.Pace(1, 3_600_000), KeyValueStore.inMemory());
    scrub.stop();
    assertTrue(scrub.awaitEnd(5_000));
    assertFalse(reports.stream().anyMatch(line -> line.contains("could not")));
  }

  /** Waits until the thread rests between two pieces of what this method reads. */
  private static void awaitRestWithin(Class<?> reader) throws InterruptedException {
    while (Thread.getAllStackTraces().entrySet().stream()
        .filter(each -> each.getKey().getName().equals("synod-scrub"))
        .noneMatch(each -> isRestingWithin(reader, List.of(each.getValue())))) {
      Thread.sleep(1);
    }
  }

  private static boolean isRestingWithin(Class<?> reader, List<StackTraceElement> stack) {
    return stack.stream().anyMatch(frame -> frame.getMethodName().equals("rest"))
        && stack.stream().anyMatch(frame -> frame.getClassName().equals(reader.getName()));
  }

  /** What is left would be read as fast as the disk can, while the server wants to end. */
  @Test
  void readsNoFurtherWhenItIsStoppedAmidTheJournal() throws Exception {
    flip("journal/segment-000002.log", 20_000);
    ScrubThread scrub = begin(new ScrubThread.Pace(1, 1), KeyValueStore.inMemory());
    awaitRestWithin(Journal.class);
    scrub.stop();
    assertTrue(scrub.awaitEnd(5_000));
    assertEquals(List.of(), reports);
    assertEquals(List.of(), repairs);
  }

  /** It cannot be read any more, and that is no damage. */
  @Test
  void saysNothingOfADatabaseThatIsClosedBehindIt() throws Exception {
    KeyValueStore store = DataDirectories.database(directory);
    DataDirectories.apply(store, 1_500);
    ScrubThread scrub = begin(new ScrubThread.Pace(400_000, 1), store);
    awaitRestWithin(KeyValueStore.class);
    scrub.stop();
    store.close();
    assertTrue(scrub.awaitEnd(5_000));
    assertEquals(List.of(), reports);
  }
}
