package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real processes that come back without their memory, or with an older one. */
@Tag("long")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class NewIncarnationTest {
  @Test
  void serversThatKeepNothingAreBroughtBackByTheOthers() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.options("storage:MEMORY");
      cluster.startAll();
      int written = 0;
      for (int victim = 0; victim < 3; victim++) {
        for (int i = 0; i < 50; i++, written++) {
          long unused = cluster.putSurely("k" + written, "v" + written);
        }
        String before = cluster.awaitVotingIncarnation(victim, "");
        cluster.kill(victim);
        long unused = cluster.putSurely("k" + written, "v" + written);
        written++;
        cluster.start(victim);
        assertFalse(cluster.awaitVotingIncarnation(victim, before).isEmpty());
        assertFalse(Files.exists(cluster.data(victim)), "nothing on disk");
      }
      for (int server = 0; server < 3; server++) {
        for (int i = 0; i < written; i++) {
          assertEquals(Optional.of("v" + i), cluster.getSurely(server, "k" + i));
        }
      }
    }
  }

  @Test
  void aServerWhoseDirectoryWasRolledBackJoinsAgain() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.startAll();
      for (int i = 0; i < 20; i++) {
        long unused = cluster.putSurely("k" + i, "v" + i);
      }
      String before = cluster.awaitVotingIncarnation(1, "");
      cluster.kill(1);
      Path image = cluster.data(1).resolveSibling("image");
      copy(cluster.data(1), image);
      cluster.start(1);
      // What follows it votes for itself, and does not learn as chosen.
      assertEquals(Optional.of("v19"), cluster.getSurely(1, "k19"));
      for (int i = 20; i < 60; i++) {
        long unused = cluster.putSurely("k" + i, "v" + i);
        // Slow enough that the coordinator has it among the live ones for most of them.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(25));
      }
      assertEquals(Optional.of("v59"), cluster.getSurely(1, "k59"));
      cluster.kill(1);
      RealCluster.delete(cluster.data(1));
      copy(image, cluster.data(1));
      cluster.start(1);
      String after = cluster.awaitVotingIncarnation(1, before);
      String log = String.join("\n", cluster.log(1));
      assertTrue(log.contains("votes are forgotten"), cluster::logs);
      assertTrue(log.contains("new incarnation " + after), cluster::logs);
      cluster.kill(2);
      long unused = cluster.putSurely("last", "60");
      for (int i = 0; i < 60; i++) {
        assertEquals(Optional.of("v" + i), cluster.getSurely(1, "k" + i));
      }
    }
  }

  private static List<Path> below(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      return paths.toList();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path path : below(from)) {
      Path unused = Files.copy(path, to.resolve(from.relativize(path)));
    }
  }
}
