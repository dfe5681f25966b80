package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Slot;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A process with a store on RocksDB is killed with SIGKILL, again and again. Each time what is left
 * is the state after some slot, not before the last that the process knew to be durable.
 */
@Timeout(value = 2, unit = TimeUnit.HOURS)
class RocksCrashTest {
  private static final int KILLS = Integer.getInteger("synod.rocks.kills", 4);
  private static final int MOST_MILLIS = Integer.getInteger("synod.rocks.millis", 900);
  private static final long CACHE_BYTES = 8 << 20;

  private final long seed = Long.getLong("synod.seed", new Random().nextLong());
  private final Random random = new Random(seed);
  private final CrashedStore.Log log = new CrashedStore.Log(seed);
  private long durable;
  private long slotsApplied;
  private int flushes;

  @Test
  void whatIsLeftAfterAKillIsTheStateAfterADurableSlot() throws Exception {
    try (RocksFiles files = new RocksFiles()) {
      for (int kill = 0; kill < KILLS; kill++) {
        runAndKill(files.folder());
        check(files, "seed " + seed + ", kill " + kill);
      }
      System.out.printf(
          Locale.ROOT,
          "%d kills, seed %d: %d flushes seen, slot %d reached, %d keys at revision %d%n",
          KILLS,
          seed,
          flushes,
          slotsApplied,
          log.twin().keys(),
          log.twin().revision());
    }
  }

  private static String place(Class<?> one) {
    return one.getProtectionDomain().getCodeSource().getLocation().getPath();
  }

  private void runAndKill(Path folder) throws Exception {
    Path said = Files.createTempFile(folder, "said", "");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                String.join(
                    File.pathSeparator,
                    place(CrashedStore.class),
                    place(KeyValueStore.class),
                    "target/lib/*"),
                "io.synod.store.CrashedStore",
                folder.toString(),
                Long.toString(seed),
                Long.toString(CACHE_BYTES))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    String first = "opened " + log.twin().applied().number() + "\n";
    while (Files.size(said) < first.length() && process.isAlive()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(MOST_MILLIS)));
    process.destroyForcibly();
    int status = process.waitFor();
    String all = Files.readString(said);
    assertEquals(128 + 9, status, () -> "seed " + seed + ": ended by itself: " + all);
    assertTrue(all.startsWith(first), () -> "seed " + seed + ", not " + first + all);
    // A last line that was not finished counts for nothing.
    for (String line : all.substring(first.length(), 1 + all.lastIndexOf('\n')).lines().toList()) {
      assertTrue(line.startsWith("durable "), () -> "seed " + seed + ": " + all);
      durable = Math.max(durable, Long.parseLong(line.substring("durable ".length())));
      flushes++;
    }
  }

  private void check(RocksFiles files, String when) throws Exception {
    List<String> reports = new ArrayList<>();
    KeyValueStore left = files.openAsServer(reports);
    try {
      assertEquals(List.of(), reports, when);
      Slot applied = left.applied();
      assertTrue(applied.number() >= durable, when + ": " + applied + " before " + durable);
      slotsApplied += applied.number() - log.twin().applied().number();
      log.advance(applied);
      KeyValueStore twin = log.twin();
      assertEquals(twin.hash(), left.hash(), when);
      assertEquals(twin.revision(), left.revision(), when);
      assertEquals(twin.keys(), left.keys(), when);
      assertEquals(twin.liveBytes(), left.liveBytes(), when);
      assertEquals(twin.compacted(), left.compacted(), when);
      for (long at : List.of(twin.revision(), between(twin.compacted(), twin.revision()))) {
        assertEquals(KeyValueStoreTest.all(twin, at), KeyValueStoreTest.all(left, at), when);
      }
      durable = applied.number();
    } finally {
      left.close();
    }
  }

  private long between(long from, long to) {
    return from + random.nextInt((int) (to - from) + 1);
  }
}
