package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The disks of all five servers are lost, one after another, while clients write. */
@Tag("long")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DisksReplacedTest {
  private static final int SERVERS = 5;

  /** A request has so long, with all its attempts: the usual deadline. */
  private static final long DEADLINE_MILLIS = 10_000;

  @Test
  void noRequestFailsAndNothingIsLost() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      List<Long> millis = new ArrayList<>();
      try (Writers writers = new Writers(cluster, 4, List.of(0, 1, 2, 3, 4))) {
        for (int i = 0; i < SERVERS; i++) {
          cluster.kill(i);
          RealCluster.delete(cluster.data(i));
          long began = System.nanoTime();
          cluster.start(i);
          cluster.awaitOwnVote(i);
          millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
        }
        Map<String, String> acknowledged = writers.end();
        System.out.println(
            "survive: five disks replaced, each a voter again after ms "
                + millis
                + "; "
                + acknowledged.size()
                + " PUTs, the slowest "
                + writers.slowestMillis()
                + " ms, longest without an answer "
                + writers.longestGapMillis()
                + " ms");
        assertTrue(writers.slowestMillis() < DEADLINE_MILLIS, cluster::logs);
        for (int i = 0; i < SERVERS; i++) {
          Map<String, String> held = cluster.allSurely(i);
          acknowledged.forEach((key, value) -> assertEquals(value, held.get(key), key));
        }
      }
    }
  }
}
