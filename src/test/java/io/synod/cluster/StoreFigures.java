package io.synod.cluster;

import io.synod.cluster.PutLoad.Phase;
import io.synod.proto.ControlRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Measures what the store costs and how long it takes, with three servers on this machine, as
 * {@code scripts/store_figures} starts it; prints Markdown, and says what was aimed at. One thread,
 * and those of the load.
 */
final class StoreFigures {
  private static final int SERVERS = 3;
  private static final int RESTARTS = 3;
  private static final int LOADING = 512;
  private static final int SMALL_VALUE = 100;
  private static final int STEADY_PUTS = 5_000;
  private static final int KEY_BYTES = 16;
  private static final long POLL_MILLIS = 20;
  private static final long SETTLE_SECONDS = 300;
  private static final double MIB = 1 << 20;

  private final PrintStream out;
  private final List<String> server;
  private final Path java;

  /** What is measured; each with servers and data of its own. */
  private enum Part {
    HEAP,
    ROCKSDB,
    LARGE,
    GIB,
    STEADY
  }

  private StoreFigures(PrintStream out, List<String> server) {
    this.out = out;
    this.server = server;
    this.java = Path.of(server.get(0));
  }

  /**
   * Measures.
   *
   * @param arguments the parts, in lower case, as {@code name} or {@code name=number} for another
   *     number of keys or minutes; {@code --}; and the command line of a server, up to its
   *     configuration
   */
  public static void main(String[] arguments) throws Exception {
    List<String> words = Arrays.asList(arguments);
    int end = words.indexOf("--");
    StoreFigures figures =
        new StoreFigures(System.out, List.copyOf(words.subList(end + 1, words.size())));
    for (String word : words.subList(0, end)) {
      String[] parts = word.split("=", 2);
      long number = parts.length == 2 ? Long.parseLong(parts[1]) : 0;
      figures.measure(Part.valueOf(parts[0].toUpperCase(Locale.ROOT)), number);
    }
  }

  private void measure(Part part, long number) throws Exception {
    switch (part) {
      case HEAP, ROCKSDB -> aMillionKeys(part.name(), number == 0 ? 1_000_000 : number);
      case LARGE -> moreThanMemory(number == 0 ? 1_000_000 : number);
      case GIB -> aGibibyte(number == 0 ? 1_000_000 : number);
      case STEADY -> snapshotsEachMinute(number == 0 ? 30 : (int) number);
    }
  }

  private void say(String line, Object... values) {
    out.printf(Locale.ROOT, line + "%n", values);
    out.flush();
  }

  // ---- 1,000,000 keys

  private void aMillionKeys(String storage, long keys) throws Exception {
    say("%n## %,d keys of %d B + %d B, storage %s%n", keys, KEY_BYTES, SMALL_VALUE, storage);
    try (RealCluster cluster = cluster("storage:" + storage, List.of())) {
      List<Footprint> empty = footprints(cluster);
      load(cluster, keys, SMALL_VALUE);
      List<Footprint> full = footprints(cluster);
      for (int i = 0; i < SERVERS; i++) {
        Footprint before = empty.get(i);
        Footprint now = full.get(i);
        say(
            "- server %d: %.0f B of live heap a key, %.0f B of disk a key (%.0f of it journal); "
                + "resident %.0f MiB, %.0f MiB when empty",
            i,
            (now.heapBytes() - before.heapBytes()) / (double) keys,
            now.diskBytes() / (double) keys,
            now.journalBytes() / (double) keys,
            now.residentBytes() / MIB,
            before.residentBytes() / MIB);
      }
      int victim = follower(cluster);
      restarts(cluster, victim, keys, SMALL_VALUE);
      wipedUnderLoad(cluster, victim, keys, SMALL_VALUE, 64);
    }
  }

  private RealCluster cluster(String options, List<String> jvm) throws Exception {
    RealCluster cluster = new RealCluster(SERVERS);
    List<String> command = new ArrayList<>(server);
    command.addAll(command.size() - 1, jvm);
    cluster.jvm(command);
    cluster.options(options);
    cluster.startAll();
    cluster.awaitAnswers(SERVERS);
    return cluster;
  }

  private List<Footprint> footprints(RealCluster cluster) throws Exception {
    List<Footprint> all = new ArrayList<>();
    for (int i = 0; i < SERVERS; i++) {
      all.add(Footprint.of(cluster.pid(i), java, cluster.data(i)));
    }
    return all;
  }

  /** Writes keys from 0 on, each once, and waits until all servers have applied them. */
  private void load(RealCluster cluster, long keys, int valueBytes) throws Exception {
    AtomicLong next = new AtomicLong();
    LongSupplier each =
        () -> {
          long key = next.getAndIncrement();
          return key < keys ? key : PutLoad.END;
        };
    int coordinator = cluster.coordinator().orElseThrow();
    long began = System.nanoTime();
    try (PutLoad load =
        new PutLoad(cluster.seat(coordinator).client(), LOADING, valueBytes, each)) {
      load.awaitEnd();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    say("- loaded in %.0f s: %,.0f PUT/s, %d under way", seconds, keys / seconds, LOADING);
    awaitSettled(cluster, keys);
  }

  private static void awaitSettled(RealCluster cluster, long keys) throws Exception {
    for (int i = 0; i < SERVERS; i++) {
      int server = i;
      await(
          cluster,
          "server " + i + " has not all keys",
          () -> cluster.status(server).filter(said -> said.getKeys() >= keys).isPresent());
    }
  }

  private static void await(RealCluster cluster, String otherwise, Callable<Boolean> condition)
      throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(otherwise + "\n" + cluster.logs());
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static int follower(RealCluster cluster) {
    return (cluster.coordinator().orElseThrow() + 1) % SERVERS;
  }

  private void restarts(RealCluster cluster, int victim, long keys, int valueBytes)
      throws Exception {
    for (boolean killed : List.of(false, true)) {
      StringBuilder took = new StringBuilder();
      for (int i = 0; i < RESTARTS; i++) {
        if (killed) {
          cluster.kill(victim);
        } else {
          cluster.terminate(victim);
        }
        long began = System.nanoTime();
        cluster.start(victim);
        checkKey(cluster, victim, keys / 2, valueBytes);
        took.append(String.format(Locale.ROOT, " %.1f s", secondsSince(began)));
      }
      say(
          "- from the start of server %d, %s before, to its first linearizable read:%s (4 s)",
          victim, killed ? "killed" : "stopped", took);
    }
  }

  private static void checkKey(RealCluster cluster, int server, long key, int valueBytes) {
    String read = cluster.getSurely(server, PutLoad.key(key).toStringUtf8()).orElse("absent");
    if (!read.equals(PutLoad.value(key, valueBytes).toStringUtf8())) {
      throw new AssertionError("key " + key + " at server " + server + " is wrong");
    }
  }

  /** Overwrites all keys, in no order. */
  private static LongSupplier anyOf(long keys) {
    SplittableRandom random = new SplittableRandom(keys);
    return () -> {
      synchronized (random) {
        return random.nextLong(keys);
      }
    };
  }

  /** First with as many PUTs as there are answers, then with half as many. */
  private void wipedUnderLoad(
      RealCluster cluster, int victim, long keys, int valueBytes, int outstanding)
      throws Exception {
    double full = wipedUnderLoad(cluster, victim, keys, valueBytes, outstanding, 0);
    double unused = wipedUnderLoad(cluster, victim, keys, valueBytes, outstanding, full / 2);
  }

  private double wipedUnderLoad(
      RealCluster cluster,
      int victim,
      long keys,
      int valueBytes,
      int outstanding,
      double mostASecond)
      throws Exception {
    Phase before;
    int coordinator = cluster.coordinator().orElseThrow();
    try (PutLoad load =
        new PutLoad(
            cluster.seat(coordinator).client(),
            outstanding,
            valueBytes,
            anyOf(keys),
            mostASecond)) {
      stretch(load, 30);
      before = stretch(load, 15);
      cluster.kill(victim);
      RealCluster.delete(cluster.data(victim));
      stretch(load, 2);
      Phase away = stretch(load, 10);
      long began = System.nanoTime();
      cluster.start(victim);
      cluster.awaitOwnVote(victim);
      double vote = secondsSince(began);
      awaitAnswer(cluster, victim);
      double serving = secondsSince(began);
      double processor = processorSeconds(cluster.pid(victim));
      Phase back = load.take();
      stretch(load, 5);
      Phase after = stretch(load, 15);
      say(
          "- wiped, server %d has its vote after %.1f s and serves after %.1f s (15 s), having used "
              + "%.1f s of processor time; PUT/s through the coordinator, %s:",
          victim,
          vote,
          serving,
          processor,
          mostASecond == 0
              ? outstanding + " under way"
              : String.format(Locale.ROOT, "at most %,.0f", mostASecond));
      sayPhase("with all three", before, before);
      sayPhase("while it is away", away, before);
      sayPhase("while it comes back (at least 0.75)", back, before);
      sayPhase("afterwards", after, before);
      restartUnderLoad(cluster, victim);
      if (cluster.coordinator().orElseThrow() != coordinator) {
        say("  - another server coordinates by now");
      }
    }
    awaitSettled(cluster, keys);
    checkKey(cluster, victim, keys / 3, valueBytes);
    return before.putsASecond();
  }

  private void restartUnderLoad(RealCluster cluster, int victim) throws Exception {
    cluster.kill(victim);
    long began = System.nanoTime();
    cluster.start(victim);
    awaitAnswer(cluster, victim);
    say(
        "  - killed and started under this load, it serves after %.1f s (4 s)",
        secondsSince(began));
  }

  private static void awaitAnswer(RealCluster cluster, int server) {
    Optional<String> unused = cluster.getSurely(server, "first");
  }

  private static double secondsSince(long beganNanos) {
    return (System.nanoTime() - beganNanos) / 1e9;
  }

  private static double processorSeconds(long pid) {
    return ProcessHandle.of(pid)
            .flatMap(each -> each.info().totalCpuDuration())
            .orElseThrow()
            .toMillis()
        / 1e3;
  }

  private void sayPhase(String name, Phase phase, Phase usual) {
    say(
        "  - %s: %,.0f = %.2f of before; p99 %.1f ms = %.1f times, slowest %.0f ms, longest "
            + "without an answer %.0f ms, %d failed",
        name,
        phase.putsASecond(),
        phase.putsASecond() / usual.putsASecond(),
        phase.p99Millis(),
        phase.p99Millis() / usual.p99Millis(),
        phase.slowestMillis(),
        phase.longestGapMillis(),
        phase.failures());
  }

  private static Phase stretch(PutLoad load, int seconds) throws InterruptedException {
    load.take();
    Thread.sleep(TimeUnit.SECONDS.toMillis(seconds));
    return load.take();
  }

  // ---- more than memory

  /** With 64 MiB of heap and as much of block cache: a little more than 4 times both in rows. */
  private void moreThanMemory(long keys) throws Exception {
    int valueBytes = (int) (4.2 * (64 + 64) * MIB / keys) - KEY_BYTES;
    say("%n## %,d keys of %d B + %d B, storage ROCKSDB,", keys, KEY_BYTES, valueBytes);
    say(
        "   heap 64 MiB and block_cache_mib 64: %.1f times both%n",
        (double) keys * (KEY_BYTES + valueBytes) / (128 * MIB));
    try (RealCluster cluster =
        cluster(
            "storage:ROCKSDB block_cache_mib:64",
            List.of("-XX:-UseG1GC", "-XX:+UseSerialGC", "-Xms64m", "-Xmx64m"))) {
      load(cluster, keys, valueBytes);
      for (int i = 0; i < SERVERS; i++) {
        say(
            "- server %d: resident %.0f MiB, %.0f MiB of disk",
            i,
            Footprint.resident(cluster.pid(i)) / MIB,
            Footprint.bytesBelow(cluster.data(i)) / MIB);
      }
      int victim = follower(cluster);
      restarts(cluster, victim, keys, valueBytes);
      SplittableRandom random = new SplittableRandom(1);
      long began = System.nanoTime();
      int reads = 5_000;
      for (int i = 0; i < reads; i++) {
        checkKey(cluster, i % SERVERS, random.nextLong(keys), valueBytes);
      }
      say(
          "- %,d random keys read one at a time, all right: %.2f ms each",
          reads, (System.nanoTime() - began) / 1e6 / reads);
      // The log is in memory, 12 MiB of it here: it holds what so few write while a snapshot is
      // made
      // and sent, and not what the machine bears.
      double unused =
          wipedUnderLoad(
              cluster, victim, keys, valueBytes, /* outstanding= */ 8, /* mostASecond= */ 300);
    }
  }

  // ---- snapshots of a GiB

  private void aGibibyte(long keys) throws Exception {
    int valueBytes = (int) ((1L << 30) / keys) + 1;
    say(
        "%n## A snapshot of a GiB: %,d keys of %d B + %d B, storage HEAP%n",
        keys, KEY_BYTES, valueBytes);
    try (RealCluster cluster = cluster("storage:HEAP", List.of("-Xmx4g"))) {
      load(cluster, keys, valueBytes);
      int coordinator = cluster.coordinator().orElseThrow();
      try (PutLoad load =
          new PutLoad(cluster.seat(coordinator).client(), 16, valueBytes, anyOf(keys))) {
        stretch(load, 30);
        Phase usual = stretch(load, 30);
        say("- 16 PUTs under way:");
        sayPhase("usually", usual, usual);
        long written = snapshots(cluster, coordinator);
        snapshot(cluster, coordinator);
        await(cluster, "no snapshot", () -> snapshots(cluster, coordinator) > written);
        sayPhase("while the coordinator writes one (p99 at most 3 times)", load.take(), usual);
      }
      wipedUnderLoad(cluster, follower(cluster), keys, valueBytes, 16);
    }
  }

  private static void snapshot(RealCluster cluster, int server) {
    var unused =
        cluster
            .operators(server)
            .control(ControlRequest.newBuilder().setServerId(server).setSnapshot(true).build());
  }

  private static long snapshots(RealCluster cluster, int server) throws IOException {
    return cluster.log(server).stream().filter(line -> line.contains("snapshot of slot")).count();
  }

  // ---- for half an hour

  private void snapshotsEachMinute(int minutes) throws Exception {
    long keys = 200_000;
    say(
        "%n## %d minutes of %,d PUT/s to %,d keys, a snapshot at each server each minute",
        minutes, STEADY_PUTS, keys);
    say("%nServers 0 and 1 with storage HEAP, server 2 with ROCKSDB.%n");
    Path pauses = Files.createTempDirectory("synod-pauses");
    List<String> jvm = List.of("-Xlog:gc,safepoint:file=" + pauses + "/%p.log");
    try (RealCluster cluster = cluster("storage:HEAP", jvm)) {
      cluster.kill(2);
      RealCluster.delete(cluster.data(2));
      cluster.options("storage:ROCKSDB");
      cluster.start(2);
      cluster.awaitOwnVote(2);
      load(cluster, keys, SMALL_VALUE);
      int coordinator = cluster.coordinator().orElseThrow();
      say(
          "| minute | PUT/s | p99 ms | longest without an answer, ms | MiB resident | MiB on disk |");
      say("|---|---|---|---|---|---|");
      try (PutLoad load =
          new PutLoad(
              cluster.seat(coordinator).client(), 64, SMALL_VALUE, anyOf(keys), STEADY_PUTS)) {
        for (int minute = 1; minute <= minutes; minute++) {
          for (int i = 0; i < SERVERS; i++) {
            snapshot(cluster, i);
          }
          sayMinute(cluster, minute, stretch(load, 60));
        }
      }
      for (int i = 0; i < SERVERS; i++) {
        say("- server %d: %s", i, Pauses.in(pauses.resolve(cluster.pid(i) + ".log")));
      }
    } finally {
      RealCluster.delete(pauses);
    }
  }

  private void sayMinute(RealCluster cluster, int minute, Phase phase) throws IOException {
    StringBuilder resident = new StringBuilder();
    StringBuilder disk = new StringBuilder();
    for (int i = 0; i < SERVERS; i++) {
      resident
          .append(i == 0 ? "" : ", ")
          .append(Math.round(Footprint.resident(cluster.pid(i)) / MIB));
      disk.append(i == 0 ? "" : ", ")
          .append(Math.round(Footprint.bytesBelow(cluster.data(i)) / MIB));
    }
    say(
        "| %d | %,.0f | %.1f | %.0f | %s | %s |",
        minute, phase.putsASecond(), phase.p99Millis(), phase.longestGapMillis(), resident, disk);
  }
}
