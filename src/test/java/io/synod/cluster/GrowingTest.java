package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.proto.ChangeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One server becomes many, one after another, and one again, while clients write. */
@Tag("long")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class GrowingTest {
  /** How many servers there are at most. */
  private static final int MOST = Integer.getInteger("synod.survive.members", 3);

  /** Far more than any change should take, on a machine that does other things too. */
  private static final long MOST_GAP_MILLIS = 15_000;

  @Test
  void fromOneToManyAndBackUnderLoad() throws Exception {
    try (RealCluster cluster = new RealCluster(MOST)) {
      cluster.listed(1);
      cluster.start(0);
      cluster.putSurely("first", "1");
      Operators operators = new Operators(cluster);
      TreeSet<Integer> members = new TreeSet<>(List.of(0));
      List<String> gaps = new ArrayList<>();
      try (Writers writers = new Writers(cluster, 4, List.of(0))) {
        for (int joining = 1; joining < MOST; joining++) {
          long unused = writers.longestGapMillis();
          operators.join(joining, joining / 2);
          members.add(joining);
          writers.through(List.copyOf(members));
          gaps.add("+" + joining + ": " + writers.longestGapMillis());
        }
        assertEquals(MOST, operators.status(0).getMemberCount());
        while (members.size() > 1) {
          // The coordinator in every other round, which hands over first.
          int leaving = cluster.coordinator().orElseThrow();
          if (members.size() % 2 == 0) {
            leaving = leaving == members.last() ? members.first() : members.last();
          }
          members.remove(leaving);
          int left = leaving;
          writers.through(List.copyOf(members));
          long unused = writers.longestGapMillis();
          ChangeResponse done = operators.change(members.first(), Operators.remove(leaving));
          assertTrue(done.getSlot() > 0);
          operators.awaitRemoved(leaving);
          gaps.add("-" + leaving + ": " + writers.longestGapMillis());
          assertEquals(0, cluster.terminate(left));
        }
        Map<String, String> acknowledged = writers.end();
        System.out.println(
            "survive: 1 to %d servers and back, %,d PUTs, the slowest %d ms; longest ms without one at each change: %s"
                .formatted(MOST, acknowledged.size(), writers.slowestMillis(), gaps));
        assertTrue(writers.slowestMillis() < MOST_GAP_MILLIS, cluster::logs);
        Map<String, String> held = cluster.allSurely(members.first());
        acknowledged.forEach((key, value) -> assertEquals(value, held.get(key), key));
      }
    }
  }
}
