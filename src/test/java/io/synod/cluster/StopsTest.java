package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.proto.StatusResponse;
import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Servers that stand still for a while (SIGSTOP), and are not told how long it was. */
@Tag("long")
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class StopsTest {
  private static final int SERVERS = 5;
  private static final long SECONDS = Integer.getInteger("synod.survive.stop.seconds", 20);
  private static final int STOPS = Integer.getInteger("synod.survive.stops", 2);
  private static final long POLL_NANOS = 50_000_000;

  /** An election timeout, an election, and what a busy machine adds. */
  private static final long AFTERWARDS_NANOS = TimeUnit.SECONDS.toNanos(4);

  /** Of one server, in nanoseconds. */
  private record Stop(int server, long from, long to) {}

  /** Who coordinates from some time on, as one of the servers said. */
  private record Reign(int server, long round, long since) {}

  private final List<Stop> stops = new ArrayList<>();
  private final List<Reign> reigns = new ArrayList<>();

  /** The first that answers of those that run. */
  private void look(RealCluster cluster, int stopped) {
    int asked = stopped == 0 ? 1 : 0;
    Optional<StatusResponse> status = cluster.status(asked);
    if (status.isEmpty() || !status.get().hasCoordinatorId()) {
      return;
    }
    int server = status.get().getCoordinatorId();
    long round = status.get().getBallotRound();
    boolean known = !reigns.isEmpty() && reigns.get(reigns.size() - 1).round() >= round;
    if (!known) {
      reigns.add(new Reign(server, round, System.nanoTime()));
    }
  }

  private void lookFor(RealCluster cluster, int stopped, long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      look(cluster, stopped);
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** Whether the one before stood still shortly before this one took over. */
  private boolean isExplained(Reign before, Reign after) {
    return stops.stream()
        .anyMatch(
            stop ->
                stop.server() == before.server()
                    && stop.from() <= after.since()
                    && after.since() <= stop.to() + AFTERWARDS_NANOS);
  }

  @Test
  void underFullLoadNobodyIsDeposedWhoDidNotStandStill() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      SplittableRandom random = new SplittableRandom(1);
      try (Writers writers = new Writers(cluster, 64, List.of(0, 1, 2, 3, 4))) {
        lookFor(cluster, -1, TimeUnit.SECONDS.toNanos(3));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() < end) {
          int victim = random.nextInt(SERVERS);
          long from = System.nanoTime();
          cluster.signal(victim, "STOP");
          lookFor(cluster, victim, TimeUnit.SECONDS.toNanos(2));
          cluster.signal(victim, "CONT");
          stops.add(new Stop(victim, from, System.nanoTime()));
          lookFor(cluster, -1, TimeUnit.MILLISECONDS.toNanos(2_000 + random.nextInt(4_000)));
        }
        Map<String, String> acknowledged = writers.end();
        int changes = reigns.size() - 1;
        System.out.println(
            "survive: %d stops of 2 s in %d s under full load, PUTs to %,d keys, %d changes of the coordinator"
                .formatted(stops.size(), SECONDS, acknowledged.size(), changes));
        for (int i = 1; i < reigns.size(); i++) {
          Reign before = reigns.get(i - 1);
          Reign after = reigns.get(i);
          assertTrue(isExplained(before, after), () -> before + " to " + after + cluster.logs());
          String chosen = "server " + after.server() + " is the coordinator";
          String why = "campaigning with ballot b%d.%d: ".formatted(after.round(), after.server());
          List<String> log = cluster.log(after.server());
          assertTrue(log.stream().anyMatch(line -> line.contains(chosen)), cluster::logs);
          assertTrue(log.stream().anyMatch(line -> line.contains(why)), cluster::logs);
        }
        Map<String, String> held = cluster.allSurely(0);
        acknowledged.forEach((key, value) -> assertEquals(value, held.get(key), key));
      }
    }
  }

  @Test
  void noReadIsStaleThoughTheCoordinatorStandsStillForHoweverLong() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      SplittableRandom random = new SplittableRandom(2);
      try (Load load = new Load(cluster, 9)) {
        for (int i = 0; i < STOPS; i++) {
          Load.Phase before = load.newPhase();
          load.await("all answer", () -> allDone(before, -1));
          int victim = cluster.coordinator().orElse(0);
          cluster.signal(victim, "STOP");
          Load.Phase without = load.newPhase();
          long from = System.nanoTime();
          load.await("goes on without it", () -> allDone(without, victim));
          // 1 to 30 s, short ones more often.
          long millis = 1_000 + (long) (29_000 * Math.pow(random.nextDouble(), 3));
          long rest = TimeUnit.MILLISECONDS.toNanos(millis) - (System.nanoTime() - from);
          LockSupport.parkNanos(Math.max(0, rest));
          cluster.signal(victim, "CONT");
        }
        Load.Phase last = load.newPhase();
        load.await("all answer again", () -> allDone(last, -1));
        load.end();
        var report = load.history().check(Budget.STANDARD);
        System.out.println(
            "survive: the coordinator stopped " + STOPS + " times: " + report.describe().strip());
        assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
      }
    }
  }

  private static boolean allDone(Load.Phase phase, int but) {
    for (int server = 0; server < SERVERS; server++) {
      if (server != but && phase.done(server) < 10) {
        return false;
      }
    }
    return true;
  }
}
