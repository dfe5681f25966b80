package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.Status;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose disks get full, as real processes on disks of their own. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FullDiskTest {
  private static final int DISK_FAILED = 74;
  private static final int VALUE_BYTES = 64 << 10;
  private static final String SETTINGS = "journal_segment_mib:1 disk_floor_mib:4 quota_mib:200 ";

  /** What somebody else has on the disk. */
  private static final String BALLAST = "ballast";

  @TempDir private Path folder = Path.of("");

  private final SplittableRandom random = new SplittableRandom(1);

  /** What was acknowledged. */
  private final Map<String, String> written = new TreeMap<>();

  /** The disk goes with the process. */
  private static List<String> onADiskOf(int mib, int ballastMib) {
    return List.of(
        "unshare",
        "--mount",
        "bash",
        "-c",
        "mkdir -p \"$SYNOD_DATA\" && mount -t tmpfs -o size="
            + mib
            + "m tmpfs \"$SYNOD_DATA\" && head -c "
            + ballastMib
            + "M /dev/zero > \"$SYNOD_DATA/"
            + BALLAST
            + "\" && exec \"$0\" \"$@\"");
  }

  @BeforeEach
  void canMount() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(onADiskOf(8, 0));
    command.add("true");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("SYNOD_DATA", folder.toString());
    assumeTrue(
        builder.start().waitFor() == 0,
        "needs a disk of its own, which this machine does not allow");
  }

  private static RealCluster.Seat moved(RealCluster.Seat seat, List<String> before) {
    return new RealCluster.Seat(seat.client(), seat.consensus(), before);
  }

  /** Of three servers the last has a small disk. */
  private static List<RealCluster.Seat> lastOn(List<String> disk) throws IOException {
    List<RealCluster.Seat> seats = new ArrayList<>(RealCluster.onLoopback(3));
    seats.set(2, moved(seats.get(2), disk));
    return seats;
  }

  /** Of which nothing can be packed. */
  private String value() {
    StringBuilder text = new StringBuilder(VALUE_BYTES);
    while (text.length() < VALUE_BYTES) {
      text.append(Long.toString(random.nextLong() >>> 1, Character.MAX_RADIX));
    }
    return text.substring(0, VALUE_BYTES);
  }

  /** One attempt at a key that is new. */
  private Status put(RealCluster cluster, int server) {
    String key = String.format("k%05d", written.size());
    String value = value();
    Status status = cluster.put(server, key, value, 5_000);
    if (status.isOk()) {
      written.put(key, value);
    }
    return status;
  }

  private static String warning(RealCluster cluster, int server) {
    return cluster.status(server).map(StatusResponse::getWarning).orElse("");
  }

  /** As the server sees it, whose disk nobody else does. */
  private static Path ballast(RealCluster cluster, int server) {
    return Path.of("/proc", Long.toString(cluster.pid(server)), "root")
        .resolve(Path.of("/").relativize(cluster.data(server)))
        .resolve(BALLAST);
  }

  private static void await(RealCluster cluster, String what, BooleanSupplier isSo)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!isSo.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, () -> "not within 30 s: " + what + cluster.logs());
      Thread.sleep(20);
    }
  }

  private static void assertAllRun(RealCluster cluster) {
    for (int i = 0; i < cluster.size(); i++) {
      assertTrue(cluster.isRunning(i), cluster::logs);
    }
  }

  /** Until all three have too little room: before that another one coordinates, and it goes on. */
  private Status fill(RealCluster cluster) {
    long refusedSince = Long.MAX_VALUE;
    Status last = Status.OK;
    for (int turn = 0; turn < 100_000; turn++) {
      Status status = put(cluster, turn % 3);
      if (status.getCode() == Status.Code.RESOURCE_EXHAUSTED) {
        last = status;
        refusedSince = Math.min(refusedSince, System.nanoTime());
        if (System.nanoTime() - refusedSince > TimeUnit.SECONDS.toNanos(6)) {
          return last;
        }
      } else if (status.isOk()) {
        refusedSince = Long.MAX_VALUE;
      }
    }
    throw new AssertionError("never refused" + cluster.logs());
  }

  @ParameterizedTest
  @ValueSource(strings = {"HEAP", "ROCKSDB block_cache_mib:8"})
  void putsAreRefusedBeforeAnythingBreaksAndGoOnByThemselvesWhenThereIsRoom(String storage)
      throws Exception {
    List<RealCluster.Seat> seats = new ArrayList<>();
    for (RealCluster.Seat seat : RealCluster.onLoopback(3)) {
      seats.add(moved(seat, onADiskOf(72, 40)));
    }
    try (RealCluster cluster = new RealCluster(seats)) {
      cluster.options(SETTINGS + "storage:" + storage);
      cluster.startAll();
      cluster.awaitAnswers(3);

      String why = String.valueOf(fill(cluster).getDescription());
      assertTrue(why.startsWith("the disk of server "), why);
      assertTrue(why.contains(" MiB are free for " + folderOf(cluster, why)), why);
      assertTrue(why.contains("disk_floor_mib 4") && why.contains("make room there"), why);
      assertTrue(written.size() > 20, () -> written.size() + " were taken");
      for (int server = 0; server < 3; server++) {
        int asked = server;
        await(cluster, "its warning", () -> warning(cluster, asked).contains("puts are refused"));
        String gone = written.keySet().iterator().next();
        assertEquals(Status.OK, cluster.delete(server, gone, 5_000), cluster::logs);
        written.remove(gone);
        Map.Entry<String, String> any = written.entrySet().iterator().next();
        assertEquals(Optional.of(any.getValue()), cluster.getSurely(server, any.getKey()));
      }
      assertAllRun(cluster);

      for (int server = 0; server < 3; server++) {
        Files.delete(ballast(cluster, server));
      }
      for (int server = 0; server < 3; server++) {
        int asked = server;
        await(cluster, "a put at " + server, () -> putMore(cluster, asked).isOk());
      }
      for (int server = 0; server < 3; server++) {
        assertEquals(written, cluster.allSurely(server));
      }
      assertAllRun(cluster);
    }
  }

  private Status putMore(RealCluster cluster, int server) {
    String key = "more" + server;
    Status status = cluster.put(server, key, "1", 5_000);
    if (status.isOk()) {
      written.put(key, "1");
    }
    return status;
  }

  /** Of the server that is named. */
  private static String folderOf(RealCluster cluster, String why) {
    return cluster.data(Integer.parseInt(why.replaceFirst(".*?server (\\d+) .*", "$1"))).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"HEAP", "ROCKSDB block_cache_mib:8"})
  void theOthersGoOnWithoutAServerWhoseDiskIsFullAndItCatchesUpWhenThereIsRoom(String storage)
      throws Exception {
    int small = 2;
    try (RealCluster cluster = new RealCluster(lastOn(onADiskOf(170, 130)))) {
      // So fast as these puts come, four MiB are some tenths of a second.
      cluster.options(SETTINGS.replace("floor_mib:4", "floor_mib:16") + "storage:" + storage);
      cluster.startAll();
      cluster.awaitAnswers(3);
      for (int i = 0; i < 1_500 && !warning(cluster, small).contains("last reserve"); i++) {
        // Whoever coordinates: with a disk that is short of room it does so no longer.
        int server = i % 2;
        await(cluster, "a put", () -> put(cluster, server).isOk());
      }
      String warning = warning(cluster, small);
      assertTrue(
          warning.contains("is full but for a last reserve"), () -> warning + cluster.logs());
      for (int i = 0; i < 20; i++) {
        assertEquals(Status.OK, put(cluster, i % 2), cluster::logs);
      }
      assertAllRun(cluster);

      Files.delete(ballast(cluster, small));
      await(cluster, "a put there", () -> putMore(cluster, small).isOk());
      assertEquals(written, cluster.allSurely(small));
      assertAllRun(cluster);
    }
  }

  /** What no look at the room that is left can prevent. */
  @Test
  void whereNobodyLooksItEndsWithOneLineThatSaysWhatToDoAndTheOthersGoOn() throws Exception {
    int small = 2;
    try (RealCluster cluster = new RealCluster(lastOn(onADiskOf(8, 0)))) {
      cluster.options("journal_segment_mib:1 disk_floor_mib:0");
      cluster.startAll();
      String large = "x".repeat(256 << 10);
      for (int i = 0; i < 200 && cluster.isRunning(small); i++) {
        cluster.putSurely("k" + i % 10, large);
      }
      assertEquals(DISK_FAILED, cluster.awaitEnd(small), cluster::logs);
      List<String> said =
          cluster.log(small).stream().filter(line -> line.contains("ERROR")).toList();
      assertEquals(1, said.size(), cluster::logs);
      String line = said.get(0);
      assertTrue(
          line.contains("the disk is full: ")
              && line.contains(cluster.data(small).toString())
              && line.contains("make room there and start this server again"),
          line);
      assertFalse(
          cluster.log(small).stream().anyMatch(each -> each.startsWith("\tat ")), cluster::logs);
      cluster.putSurely("after", "1");
      assertEquals(Optional.of("1"), cluster.getSurely(0, "after"));
    }
  }
}
