package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server whose disk is full, as a real process on a disk of its own. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FullDiskTest {
  private static final int DISK_FAILED = 74;

  /** The disk goes with the process. */
  private static final List<String> ON_A_SMALL_DISK =
      List.of(
          "unshare",
          "--mount",
          "bash",
          "-c",
          "mkdir -p \"$SYNOD_DATA\" && mount -t tmpfs -o size=8m tmpfs \"$SYNOD_DATA\" && exec \"$0\" \"$@\"");

  @TempDir private Path folder = Path.of("");

  private boolean canMount() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(ON_A_SMALL_DISK);
    command.add("true");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("SYNOD_DATA", folder.toString());
    return builder.start().waitFor() == 0;
  }

  @Test
  void itEndsWithOneLineThatSaysWhatToDoAndTheOthersGoOn() throws Exception {
    assumeTrue(canMount(), "needs a disk of its own, which this machine does not allow");
    List<RealCluster.Seat> seats = new ArrayList<>(RealCluster.onLoopback(3));
    int small = 2;
    seats.set(
        small,
        new RealCluster.Seat(
            seats.get(small).client(), seats.get(small).consensus(), ON_A_SMALL_DISK));
    try (RealCluster cluster = new RealCluster(seats)) {
      cluster.options("journal_segment_mib:1");
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
