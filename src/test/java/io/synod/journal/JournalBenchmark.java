package io.synod.journal;

import io.synod.paxos.JournalRecord;
import io.synod.store.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A record from its append until it is durable, on the disk of the folder for temporary files. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets it up.
public class JournalBenchmark {
  private static final int BATCH_BYTES = 64 * 300;
  private static final JournalSettings SETTINGS =
      new JournalSettings(64 << 20, 1 << 20, 4 << 20, false);

  private Path directory;
  private FileDisk disk;
  private Journal journal;
  private long slot;

  @Setup(Level.Iteration)
  public void open() throws IOException {
    directory = Files.createTempDirectory("synod-journal");
    disk = FileDisk.open(directory);
    journal = Journal.open(disk, SETTINGS, JournalFixtures.owner(), System::nanoTime).journal();
    slot = 0;
  }

  @TearDown(Level.Iteration)
  public void close() throws IOException {
    journal.close();
    disk.close();
    Folders.delete(directory);
  }

  @Benchmark
  public long appendedUntilDurable() throws IOException {
    JournalRecord record = JournalFixtures.accepted(++slot, 1, BATCH_BYTES);
    long position = journal.append(List.of(record));
    while (journal.durable() < position) {
      boolean unused = journal.write();
    }
    while (journal.prepare()) {
      // The next segment, which the segment thread makes beforehand.
    }
    return position;
  }
}
