package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.FileDisk;
import io.synod.journal.Journal;
import io.synod.journal.JournalThread;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Bytes;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A directory is looked at while a server cuts its log, and replaces snapshots and tables. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class InspectLiveTest {
  private static final int LOOKS = 25;
  private static final int SLOTS_A_CUT = 15;

  private final Path directory;
  private final List<String> failed = new CopyOnWriteArrayList<>();
  private final SplittableRandom random = new SplittableRandom(1);
  private volatile boolean stopping;
  private final AtomicInteger cuts = new AtomicInteger();

  InspectLiveTest(@TempDir Path folder) {
    directory = folder.resolve("data");
  }

  /** What a server has open that does nothing but write. */
  private final class Writing implements Runnable {
    private final Journal journal;
    private final Snapshots snapshots;
    private final KeyValueStore store;
    private int slot = DataDirectories.LAST;

    Writing(Journal journal, Snapshots snapshots, KeyValueStore store) {
      this.journal = journal;
      this.snapshots = snapshots;
      this.store = store;
    }

    @Override
    public void run() {
      try {
        while (!stopping) {
          writeAndCut();
          cuts.incrementAndGet();
        }
      } catch (IOException | RuntimeException | InterruptedException e) {
        failed.add(e.toString());
      }
    }

    private void writeAndCut() throws IOException, InterruptedException {
      CommandEncoder encoder = new CommandEncoder(1 << 16);
      List<JournalRecord> records = new ArrayList<>();
      for (int i = 0; i < SLOTS_A_CUT; i++) {
        slot++;
        byte[] value = new byte[5_000 + random.nextInt(5_000)];
        random.nextBytes(value);
        encoder.putPut(1, slot, slot, Bytes.utf8("key" + slot % 50), Bytes.wrap(value));
        Bytes batch = CommandFormat.batch(1, List.of(encoder.take()));
        records.add(
            new JournalRecord.ValueAccepted(
                new AcceptedValue(Slot.of(slot), DataDirectories.BALLOT, new Value.Batch(batch))));
        store.apply(Slot.of(slot), batch, (session, sequence, result) -> {});
      }
      awaitDurable(records);
      assertEquals(Slot.of(slot), store.flush());
      snapshots.write(store.view(), DataDirectories.CLUSTER, DataDirectories.IN_FORCE);
      Slot all = Slot.of(slot);
      awaitDurable(
          List.of(
              new JournalRecord.ChosenUpTo(all),
              new JournalRecord.Cut(all, DataDirectories.IN_FORCE)));
    }

    private void awaitDurable(List<JournalRecord> records) throws InterruptedException {
      long position = journal.append(records);
      while (journal.durable() < position && failed.isEmpty()) {
        Thread.sleep(1);
      }
    }
  }

  @Test
  void whatAServerChangesMeanwhileIsNotCalledDamage() throws Exception {
    DataDirectories.heap(directory);
    Files.writeString(directory.resolve("storage"), "ROCKSDB\n");
    KeyValueStore store = DataDirectories.database(directory);
    DataDirectories.apply(store, DataDirectories.LAST);
    assertEquals(Slot.of(DataDirectories.LAST), store.flush());
    try (FileDisk disk = FileDisk.open(directory)) {
      Journal journal = DataDirectories.journal(disk);
      JournalThread writer = new JournalThread(journal, "test", e -> failed.add(e.toString()));
      writer.start();
      Thread writing = new Thread(new Writing(journal, Snapshots.open(disk), store));
      writing.start();
      try {
        int before = cuts.get();
        for (int i = 0; i < LOOKS; i++) {
          Inspector.Report report = new Inspector(directory).inspect();
          assertTrue(report.whole(), report::text);
          assertFalse(report.text().contains("DAMAGED"), report::text);
          assertEquals(List.of(), failed);
        }
        assertTrue(cuts.get() > before, "it writes meanwhile");
      } finally {
        stopping = true;
        writing.join();
        writer.stop();
        store.close();
      }
    }
    assertEquals(List.of(), failed);
    Inspector.Report report = new Inspector(directory).inspect();
    assertTrue(report.text().contains("verdict          whole: all checksums"), report::text);
  }
}
