package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Twenty partitions, whole and partial, both ways and one way, of three and of five servers in
 * networks of their own: where a server reaches a quorum both ways the store goes on, all answer
 * when the links are back, and what clients saw is linearizable.
 */
@Tag("long")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class PartitionsTest {
  /** So many of each size; the usual few of them are the first. */
  private static final int CASES = Integer.getInteger("synod.survive.partitions", 2);

  private static final int ENOUGH = 10;

  /** What links do while it lasts. {@code c} coordinates, the others are counted on from it. */
  private interface Script {
    void run(Links links) throws IOException, InterruptedException;
  }

  /**
   * One partition.
   *
   * @param goesOn whether some server still reaches a quorum both ways
   */
  private record Partition(String what, boolean goesOn, Script script) {}

  private static final List<Partition> OF_THREE =
      List.of(
          new Partition("only the coordinator is cut off", true, links -> links.isolate(0)),
          new Partition("coordinator and one other lose their link", true, l -> l.cut(0, 1)),
          new Partition("what the coordinator sends is lost", true, l -> l.loseAllFrom(0)),
          new Partition("what is sent to the coordinator is lost", true, l -> l.loseAllTo(0)),
          new Partition("all are apart", false, links -> links.groups(1)),
          new Partition("one that does not coordinate is cut off", true, l -> l.isolate(1)),
          new Partition("the others lose their link", true, links -> links.cut(1, 2)),
          new Partition("one way from the coordinator to one", true, l -> l.lose(0, 1)));

  private static final List<Partition> OF_FIVE =
      List.of(
          new Partition("all links but those of one other", true, links -> links.star(2)),
          new Partition("coordinator and one | three", true, links -> links.groups(2, 3)),
          new Partition("a chain with the coordinator at its end", true, PartitionsTest::chain),
          new Partition("only the coordinator is cut off", true, links -> links.isolate(0)),
          new Partition("coordinator and two | two", true, links -> links.groups(3, 2)),
          new Partition("two | two | one", false, links -> links.groups(2, 2, 1)),
          new Partition("all are apart", false, links -> links.groups(1)),
          new Partition(
              "coordinator linked to one other only, the rest whole",
              true,
              links -> {
                for (int i = 2; i < 5; i++) {
                  links.cut(0, i);
                }
              }),
          new Partition(
              "what the coordinator sends to three is lost",
              true,
              links -> {
                for (int i = 2; i < 5; i++) {
                  links.lose(0, i);
                }
              }),
          new Partition("what is sent to the coordinator is lost", true, l -> l.loseAllTo(0)),
          new Partition("two | three, another two each second", true, PartitionsTest::wander),
          new Partition("the coordinator's links come and go", true, PartitionsTest::flap));

  private static void chain(Links links) throws IOException, InterruptedException {
    for (int a = 0; a < 5; a++) {
      for (int b = a + 2; b < 5; b++) {
        links.cut(a, b);
      }
    }
  }

  private static void wander(Links links) throws IOException, InterruptedException {
    for (int i = 0; i < 5; i++) {
      links.heal();
      int first = i;
      for (int other = 0; other < 5; other++) {
        int second = (first + 1) % 5;
        if (other != first && other != second) {
          links.cut(first, other);
          links.cut(second, other);
        }
      }
      Thread.sleep(1_000);
    }
  }

  private static void flap(Links links) throws IOException, InterruptedException {
    for (int i = 0; i < 10; i++) {
      links.isolate(0);
      Thread.sleep(250);
      links.heal();
      Thread.sleep(250);
    }
  }

  /** The links between servers that are counted from the coordinator on. */
  private static final class Links {
    private final Wires wires;
    private final int size;
    private final int coordinator;

    Links(Wires wires, int size, int coordinator) {
      this.wires = wires;
      this.size = size;
      this.coordinator = coordinator;
    }

    private int server(int i) {
      return (coordinator + i) % size;
    }

    void lose(int from, int to) throws IOException, InterruptedException {
      wires.lose(server(from), server(to));
    }

    void cut(int a, int b) throws IOException, InterruptedException {
      lose(a, b);
      lose(b, a);
    }

    void loseAllFrom(int i) throws IOException, InterruptedException {
      for (int other = 0; other < size; other++) {
        if (other != i) {
          lose(i, other);
        }
      }
    }

    void loseAllTo(int i) throws IOException, InterruptedException {
      for (int other = 0; other < size; other++) {
        if (other != i) {
          lose(other, i);
        }
      }
    }

    void isolate(int i) throws IOException, InterruptedException {
      loseAllFrom(i);
      loseAllTo(i);
    }

    /** Only links of this one are left. */
    void star(int hub) throws IOException, InterruptedException {
      for (int a = 0; a < size; a++) {
        for (int b = a + 1; b < size; b++) {
          if (a != hub && b != hub) {
            cut(a, b);
          }
        }
      }
    }

    /** Sides of these sizes; the rest are alone. */
    void groups(int... sizes) throws IOException, InterruptedException {
      int[] sides = new int[size];
      int next = 0;
      int side = 0;
      for (int of : sizes) {
        for (int i = 0; i < of; i++) {
          sides[next++] = side;
        }
        side++;
      }
      while (next < size) {
        sides[next++] = side++;
      }
      for (int a = 0; a < size; a++) {
        for (int b = a + 1; b < size; b++) {
          if (sides[a] != sides[b]) {
            cut(a, b);
          }
        }
      }
    }

    void heal() throws IOException, InterruptedException {
      wires.loseNothing();
    }
  }

  private static Wires laid(int servers) throws InterruptedException {
    try {
      return new Wires(servers);
    } catch (IOException e) {
      return abort(
          "needs network namespaces, which this machine does not allow: " + e.getMessage());
    }
  }

  @Test
  void ofThree() throws Exception {
    run(3, OF_THREE);
  }

  @Test
  void ofFive() throws Exception {
    run(5, OF_FIVE);
  }

  private static void run(int servers, List<Partition> partitions) throws Exception {
    List<String> said = new ArrayList<>();
    try (Wires wires = laid(servers);
        RealCluster cluster = new RealCluster(wires.seats())) {
      cluster.startAll();
      cluster.putSurely("first", "1");
      try (Load load = new Load(cluster, servers)) {
        for (Partition partition : partitions.subList(0, Math.min(CASES, partitions.size()))) {
          said.add(one(wires, cluster, load, partition));
        }
        load.end();
        var report = load.history().check(Budget.STANDARD);
        System.out.println(
            "survive: %d partitions of %d servers: %s; %s"
                .formatted(said.size(), servers, report.describe().strip(), said));
        assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
      }
    }
  }

  private static String one(Wires wires, RealCluster cluster, Load load, Partition partition)
      throws Exception {
    int servers = cluster.size();
    Load.Phase before = load.newPhase();
    load.await("all answer", () -> allDone(before, servers));
    Links links = new Links(wires, servers, cluster.coordinator().orElse(0));
    Load.Phase during = load.newPhase();
    partition.script().run(links);
    if (partition.goesOn()) {
      load.await(
          partition.what() + ": some server goes on", () -> during.done() >= ENOUGH * servers);
    } else {
      Thread.sleep(3_000);
      Load.Phase settled = load.newPhase();
      Thread.sleep(3_000);
      assertEquals(0, settled.done(), () -> partition.what() + ": " + settled);
    }
    long gapMillis = during.longestGapMillis();
    links.heal();
    long healedNanos = System.nanoTime();
    Load.Phase after = load.newPhase();
    load.await(partition.what() + ": all answer again", () -> allDone(after, servers));
    long backMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - healedNanos);
    assertTrue(backMillis < 60_000);
    return partition.what()
        + (partition.goesOn() ? ": goes on after " + gapMillis + " ms" : ": refuses")
        + ", all back after "
        + backMillis
        + " ms";
  }

  private static boolean allDone(Load.Phase phase, int servers) {
    for (int server = 0; server < servers; server++) {
      if (phase.done(server) < ENOUGH) {
        return false;
      }
    }
    return true;
  }
}
