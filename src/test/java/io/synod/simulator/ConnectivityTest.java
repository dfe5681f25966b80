package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Partial connectivity, exhaustively (Ng et al., "Omni-Paxos", section 2): wherever one server
 * reaches a quorum, writes go on within six election rounds; elsewhere nothing wrong is said.
 */
class ConnectivityTest {
  private static final int GRAPHS_OF_FIVE = 1 << 10;
  private static final int DIRECTED_GRAPHS_OF_FOUR = 1 << 12;

  @Test
  void goesOnWhereverOneOfFiveReachesAQuorum() {
    Table table = new Table();
    IntStream.range(0, GRAPHS_OF_FIVE * 5)
        .parallel()
        .forEach(i -> table.run(5, i % 5, i / 5, bits -> Connectivity.undirected(5, bits)));
    table.print("five servers, 1,024 link graphs with each old coordinator");
    assertEquals(998 * 5, table.connected.get());
    assertEquals(26 * 5, table.unconnected.get());
    assertEquals(List.of(), List.copyOf(table.failures.values()));
  }

  @Test
  void goesOnWhereverOneOfFourReachesAQuorumBothWays() {
    Table table = new Table();
    IntStream.range(0, DIRECTED_GRAPHS_OF_FOUR)
        .parallel()
        .forEach(bits -> table.run(4, bits % 4, bits, each -> Connectivity.directed(4, each)));
    table.print("four servers, 4,096 directed link graphs");
    assertEquals(DIRECTED_GRAPHS_OF_FOUR, table.connected.get() + table.unconnected.get());
    assertEquals(List.of(), List.copyOf(table.failures.values()));
  }

  /** The coordinator, and everybody else, reaches one server only; that one reaches all. */
  @Test
  void quorumLoss() {
    boolean[][] star = new boolean[5][5];
    for (int i = 1; i < 5; i++) {
      star[0][i] = true;
      star[i][0] = true;
    }
    Connectivity quorumLoss = new Connectivity(5, 2, star);
    quorumLoss.setUp(2);
    assertTrue(quorumLoss.cut().isPresent());
    assertEquals(0, quorumLoss.cluster().coordinator().orElseThrow().id().number());
  }

  /** The coordinator is cut off, and the only server that reaches a quorum lags behind. */
  @Test
  void constrainedElection() {
    boolean[][] star = new boolean[5][5];
    for (int i = 1; i < 4; i++) {
      star[0][i] = true;
      star[i][0] = true;
    }
    Connectivity constrained = new Connectivity(5, 4, star);
    constrained.setUp(4);
    LightCluster cluster = constrained.cluster();
    for (int i = 1; i < 5; i++) {
      cluster.network.cut(i, 0);
      cluster.network.cut(0, i);
    }
    for (int i = 0; i < 20; i++) {
      assertTrue(constrained.proposeAndRun(), "the other four go on");
    }
    for (int i = 1; i < 4; i++) {
      cluster.network.heal(i, 0);
      cluster.network.heal(0, i);
    }
    assertTrue(cluster.servers.get(0).applied().isBefore(cluster.servers.get(1).applied()));
    assertTrue(constrained.cut().isPresent());
    assertEquals(0, cluster.coordinator().orElseThrow().id().number());
  }

  /** A chain with the coordinator at one end: nobody need take over, and they do not by turns. */
  @Test
  void chained() {
    boolean[][] chain = new boolean[3][3];
    chain[0][1] = true;
    chain[1][0] = true;
    chain[1][2] = true;
    chain[2][1] = true;
    Connectivity chained = new Connectivity(3, 0, chain);
    chained.setUp(0);
    assertTrue(chained.cut().isPresent());
    long before = chained.cluster().coverage.count("notice.CoordinatorChosen");
    chained.cluster().run(20 * Swarm.SECOND);
    long changes = (chained.cluster().coverage.count("notice.CoordinatorChosen") - before) / 3;
    assertTrue(changes <= 1, changes + " changes of coordinator in a chain at rest");
  }

  /** What came of many cases. */
  private static final class Table {
    final AtomicInteger connected = new AtomicInteger();
    final AtomicInteger unconnected = new AtomicInteger();
    final ConcurrentSkipListMap<String, String> failures = new ConcurrentSkipListMap<>();
    final ConcurrentSkipListMap<Integer, AtomicInteger> rounds = new ConcurrentSkipListMap<>();

    void run(int size, int coordinator, int bits, IntFunction<boolean[][]> graph) {
      boolean[][] links = graph.apply(bits);
      String name = size + " servers, graph " + bits + ", coordinator " + coordinator;
      try {
        Connectivity one = new Connectivity(size, coordinator, links);
        one.setUp(coordinator);
        OptionalLong chosen = one.cut();
        if (Connectivity.hasQuorumConnected(links)) {
          connected.incrementAndGet();
          note(name, chosen, one.cluster().swarm.electionTimeoutNanos);
        } else {
          unconnected.incrementAndGet();
          if (chosen.isPresent()) {
            failures.put(name, name + ": chosen without a quorum");
          } else if (one.heal().isEmpty()) {
            failures.put(name, name + ": nothing chosen after the links healed");
          }
        }
      } catch (RuntimeException | AssertionError e) {
        failures.put(name, name + ": " + e);
      }
    }

    private void note(String name, OptionalLong chosen, long timeoutNanos) {
      if (chosen.isEmpty()) {
        failures.put(name, name + ": nothing chosen");
      } else {
        int round = (int) (chosen.getAsLong() / timeoutNanos) + 1;
        rounds.computeIfAbsent(round, any -> new AtomicInteger()).incrementAndGet();
      }
    }

    void print(String title) {
      System.out.println(title + ": " + connected + " with a server that reaches a quorum");
      rounds.forEach(
          (round, count) ->
              System.out.println("  went on within election round " + round + ": " + count));
      System.out.println("  without: " + unconnected + ", failures: " + failures.size());
    }
  }
}
