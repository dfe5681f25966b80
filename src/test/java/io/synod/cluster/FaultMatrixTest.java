package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.synod.cluster.DirectoryDamage.Kind;
import io.synod.cluster.DirectoryDamage.Target;
import io.synod.journal.Inspection;
import io.synod.journal.ReadOnlyDirectory;
import io.synod.paxos.Slot;
import io.synod.proto.ControlRequest;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every kind of file of a data directory, damaged in every way while its server is down, and some
 * while it runs, at one server of five and at two: nothing that was acknowledged is lost, no answer
 * is wrong, and every server comes back, by itself or, where it refuses its directory, with an
 * empty one.
 *
 * <p>In CI some of the cases; all with {@code -Dsynod.matrix.all=true}, by {@code
 * scripts/fault_matrix}.
 */
@Tag("long")
class FaultMatrixTest {
  private static final boolean ALL = Boolean.getBoolean("synod.matrix.all");

  /** Of all cases those that are called so, for one to be repeated. */
  private static final Pattern ONLY = Pattern.compile(System.getProperty("synod.matrix.only", ""));

  private static final int SERVERS = 5;
  private static final int KEYS = 20;
  private static final int LARGE_KEYS = 60;
  private static final int LARGE_CHARS = 100_000;

  /** The status of a server that is to be started again. */
  private static final int STARTED_AGAIN = 74;

  /** What a server says when its scrub has had mended what is damaged while it runs. */
  private static final Map<Target, String> MENDED =
      Map.of(
          // It may be behind the damage already.
          Target.JOURNAL, "scrub: ",
          Target.SNAPSHOT, "snapshot of slot",
          Target.IDENTITY, "written again",
          Target.PROMISE, "written again",
          Target.ENGINE_ROWS, "the database is set aside");

  private static final long BACK_SECONDS = 60;
  private static final long PAUSE_MILLIS = 5;

  private final Map<String, String> written = new TreeMap<>();
  private final List<String> table = new ArrayList<>();

  /** Behind each value, so that the log is cut behind what a snapshot or a database holds. */
  private static final String LARGE = "x".repeat(LARGE_CHARS);

  private int keys = KEYS;

  /**
   * One cell.
   *
   * @param running whether its servers run meanwhile
   */
  private record Case(Target target, Kind kind, int victims, boolean running) {
    Case(Target target, Kind kind, int victims) {
      this(target, kind, victims, /* running= */ false);
    }

    @Override
    public String toString() {
      String how = kind + (running ? ", while it runs" : "");
      String where = victims == 1 ? "one server" : "a minority";
      return (target + " | " + how + " | " + where).toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  private static List<Case> cases(Set<Target> targets, List<Case> some) {
    List<Case> all = new ArrayList<>();
    for (Target target : targets) {
      for (Kind kind : Kind.values()) {
        all.add(new Case(target, kind, 1));
        all.add(new Case(target, kind, 2));
      }
      if (MENDED.containsKey(target)) {
        for (Kind kind : List.of(Kind.BIT_FLIP, Kind.DELETE)) {
          all.add(new Case(target, kind, 1, /* running= */ true));
          all.add(new Case(target, kind, 2, /* running= */ true));
        }
      }
    }
    return ALL ? all.stream().filter(each -> ONLY.matcher(each.toString()).find()).toList() : some;
  }

  @Test
  void noDamageOfAMinorityIsAWrongAnswer() throws Exception {
    List<Case> some =
        List.of(
            new Case(Target.JOURNAL, Kind.BIT_FLIP, 2),
            new Case(Target.SNAPSHOT, Kind.TRUNCATE, 1));
    runAll(
        "journal_segment_mib:1",
        cases(EnumSet.complementOf(EnumSet.copyOf(Target.OF_ENGINE)), some));
  }

  @Test
  void noDamageOfTheDatabasesOfAMinorityIsAWrongAnswer() throws Exception {
    // More than what a flush is due after.
    keys = LARGE_KEYS;
    List<Case> some =
        List.of(
            new Case(Target.ENGINE_ROWS, Kind.BIT_FLIP, 2),
            new Case(Target.ENGINE_CURRENT, Kind.DELETE, 1),
            new Case(Target.ENGINE, Kind.WRONG_VERSION, 1));
    runAll(
        "journal_segment_mib:1 storage:ROCKSDB block_cache_mib:8", cases(Target.OF_ENGINE, some));
  }

  private void runAll(String options, List<Case> cases) throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.options(options);
      cluster.startAll();
      int turn = 0;
      for (Case each : cases) {
        run(cluster, each, turn++);
      }
    }
    String said =
        "| what | how | where | what happened |\n|---|---|---|---|\n" + String.join("\n", table);
    System.out.println("fault matrix:\n" + said);
    String file = keys == KEYS ? "fault-matrix.md" : "fault-matrix-engine.md";
    Files.writeString(Path.of("target", file), said + "\n");
  }

  private void run(RealCluster cluster, Case cell, int turn) throws Exception {
    writeLarge(cluster, "turn" + turn);
    takeSnapshots(cluster);
    // Behind the snapshot, so that the log holds something that counts.
    for (int i = 0; i < KEYS; i++) {
      put(cluster, "late" + i, "turn" + turn + "." + i);
    }
    List<Integer> victims = new ArrayList<>();
    for (int i = 0; i < cell.victims(); i++) {
      victims.add((turn + i) % SERVERS);
    }
    if (cell.running()) {
      table.add("| " + cell + " | " + damageRunning(cluster, cell, victims, turn) + " |");
      System.out.println(table.get(table.size() - 1));
      startAllEmpty(cluster, victims);
      return;
    }
    Map<Integer, String> lives = new TreeMap<>();
    Map<Integer, Integer> logLines = new TreeMap<>();
    for (int victim : victims) {
      lives.put(victim, life(cluster, victim));
      cluster.kill(victim);
      logLines.put(victim, cluster.log(victim).size());
      if (cell.target() == Target.SNAPSHOT) {
        assertNeedsItsSnapshot(cluster.data(victim));
      }
    }
    int other = (victims.get(victims.size() - 1) + 1) % SERVERS;
    boolean swapsWithRunning = cell.kind() == Kind.SWAP && cell.victims() == 1;
    if (swapsWithRunning) {
      // Two are needed for it; the other gets a directory of its own back.
      cluster.kill(other);
      logLines.put(other, cluster.log(other).size());
      lives.put(other, "");
      victims.add(other);
    }
    boolean any = true;
    if (cell.kind() == Kind.SWAP) {
      any =
          DirectoryDamage.apply(
              cell.target(),
              cell.kind(),
              cluster.data(victims.get(0)),
              cluster.data(victims.get(1)));
    } else {
      for (int victim : victims) {
        any &=
            DirectoryDamage.apply(
                cell.target(), cell.kind(), cluster.data(victim), cluster.data(other));
      }
    }
    for (int victim : victims) {
      cluster.start(victim);
    }
    Set<DamageOutcome> outcomes = EnumSet.noneOf(DamageOutcome.class);
    for (int victim : victims) {
      outcomes.add(
          comeBack(
              cluster, victim, lives.getOrDefault(victim, ""), logLines.getOrDefault(victim, 0)));
    }
    if (check(cluster, victims)) {
      outcomes.add(DamageOutcome.STOPPED);
    }
    if (any) {
      assertExpected(cluster, cell, DamageOutcome.expected(cell.target(), cell.kind()), outcomes);
      table.add("| " + cell + " | " + text(outcomes) + " |");
      System.out.println(table.get(table.size() - 1));
    }
    startAllEmpty(cluster, victims);
  }

  /** Damage that nobody notices would pass all else, where the answers happen to be right. */
  private static void assertExpected(
      RealCluster cluster, Case cell, Set<DamageOutcome> expected, Set<DamageOutcome> outcomes) {
    assertTrue(
        expected.containsAll(outcomes),
        () -> cell + ": " + outcomes + ", and not " + expected + "\n" + cluster.logs());
  }

  private static String text(Set<DamageOutcome> outcomes) {
    return outcomes.stream().map(DamageOutcome::toString).collect(Collectors.joining("; or "));
  }

  /**
   * What one lost, it does not know again in an election before so many slots are chosen: the next
   * case is not to find two faults.
   */
  private static void startAllEmpty(RealCluster cluster, List<Integer> victims)
      throws IOException, InterruptedException {
    for (int victim : victims) {
      cluster.kill(victim);
      startEmpty(cluster, victim);
    }
  }

  private void writeLarge(RealCluster cluster, String what) {
    for (int i = 0; i < keys; i++) {
      put(cluster, "key" + i, what + "." + i + LARGE);
    }
  }

  /** At every server, and waits for them. */
  private static void takeSnapshots(RealCluster cluster) throws IOException, InterruptedException {
    Map<Integer, Integer> logLines = new TreeMap<>();
    for (int server = 0; server < SERVERS; server++) {
      logLines.put(server, cluster.log(server).size());
      var unused =
          cluster
              .operators(server)
              .control(ControlRequest.newBuilder().setServerId(server).setSnapshot(true).build());
    }
    for (int server = 0; server < SERVERS; server++) {
      awaitSaid(cluster, server, logLines.getOrDefault(server, 0), "snapshot of slot");
    }
  }

  /** Its log begins behind what the snapshot holds. */
  private static void assertNeedsItsSnapshot(Path directory) throws IOException {
    Inspection found = Inspection.of(new ReadOnlyDirectory(directory)).orElseThrow();
    assertTrue(found.recovered().cut().isAfter(Slot.ZERO), found::toString);
  }

  // ---- while it runs

  /** Servers whose scrub does not rest. */
  private static List<String> scrubbing() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(ClassArchive.serverCommand());
    command.add(1, "-Dsynod.scrub.roundMillis=200");
    command.add(1, "-Dsynod.scrub.bytesASecond=1000000000");
    return command;
  }

  /**
   * Damages files under servers that use them; tells what they did, and what the next start did.
   */
  private String damageRunning(RealCluster cluster, Case cell, List<Integer> victims, int turn)
      throws Exception {
    cluster.jvm(scrubbing());
    for (int victim : victims) {
      cluster.kill(victim);
      cluster.start(victim);
      awaitVoteOrEnd(cluster, victim);
    }
    cluster.jvm(List.of());
    // More than a segment, so that there are some that are written no more.
    writeLarge(cluster, "running" + turn);
    takeSnapshots(cluster);
    writeLarge(cluster, "behind" + turn);
    Map<Integer, Integer> logLines = new TreeMap<>();
    int other = (victims.get(victims.size() - 1) + 1) % SERVERS;
    for (int victim : victims) {
      logLines.put(victim, cluster.log(victim).size());
      assertTrue(
          DirectoryDamage.apply(
              cell.target(), cell.kind(), cluster.data(victim), cluster.data(other)));
    }
    for (int victim : victims) {
      int from = logLines.getOrDefault(victim, 0);
      String mended = MENDED.getOrDefault(cell.target(), "");
      if (!awaitSaid(cluster, victim, from, "scrub: ")
          || !awaitSaid(cluster, victim, from, mended)) {
        restart(cluster, victim);
      }
    }
    boolean stopped = check(cluster, victims);
    Set<DamageOutcome> outcomes = EnumSet.noneOf(DamageOutcome.class);
    for (int victim : victims) {
      String life = life(cluster, victim);
      cluster.kill(victim);
      int lines = cluster.log(victim).size();
      cluster.start(victim);
      outcomes.add(comeBack(cluster, victim, life, lines));
    }
    assertExpected(cluster, cell, DamageOutcome.expectedAfterScrub(cell.target()), outcomes);
    boolean again = check(cluster, victims);
    assertFalse(again, cluster::logs);
    return (stopped ? "stops when it reads the damage" : "found by the scrub, said, and mended")
        + "; the start after that: "
        + text(outcomes);
  }

  /** Waits until a server has said something behind a line; false if it has ended. */
  private static boolean awaitSaid(RealCluster cluster, int server, int from, String what)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(BACK_SECONDS);
    while (cluster.log(server).stream().skip(from).noneMatch(line -> line.contains(what))) {
      if (!cluster.isRunning(server)) {
        return false;
      }
      assertTrue(
          System.nanoTime() < end, () -> server + " never says " + what + "\n" + cluster.logs());
      Thread.sleep(PAUSE_MILLIS);
    }
    return true;
  }

  private void put(RealCluster cluster, String key, String value) {
    cluster.putSurely(key, value);
    written.put(key, value);
  }

  /**
   * Every server answers with what was acknowledged last, and the victims do for every key; returns
   * whether one stopped at what it read, and was started again.
   */
  private boolean check(RealCluster cluster, List<Integer> victims) throws Exception {
    boolean stopped = false;
    int server = 0;
    for (Map.Entry<String, String> each : written.entrySet()) {
      Set<Integer> asked = new TreeSet<>(victims);
      asked.add(server++ % SERVERS);
      for (int one : asked) {
        Optional<Optional<String>> answer = read(cluster, one, each.getKey());
        if (answer.isEmpty()) {
          stopped = true;
          restart(cluster, one);
          answer = read(cluster, one, each.getKey());
        }
        assertEquals(
            Optional.of(Optional.of(each.getValue())),
            answer,
            () -> each.getKey() + " at server " + one);
      }
    }
    return stopped;
  }

  /** Empty if the server has ended. */
  private static Optional<Optional<String>> read(RealCluster cluster, int server, String key)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(BACK_SECONDS);
    while (cluster.isRunning(server)) {
      try {
        return Optional.of(cluster.get(server, key, 2_000));
      } catch (StatusRuntimeException e) {
        assertTrue(System.nanoTime() < end, () -> e + "\n" + cluster.logs());
        Thread.sleep(PAUSE_MILLIS);
      }
    }
    return Optional.empty();
  }

  /** One that has ended because of what it read. */
  private static void restart(RealCluster cluster, int server)
      throws IOException, InterruptedException {
    assertEquals(STARTED_AGAIN, cluster.awaitEnd(server), cluster::logs);
    cluster.start(server);
    awaitVoteOrEnd(cluster, server);
    assertTrue(cluster.isRunning(server), cluster::logs);
  }

  private static String life(RealCluster cluster, int server) {
    return cluster.awaitVotingIncarnation(server, "");
  }

  /** Waits until it has a vote and answers; tells how that came about. */
  private static DamageOutcome comeBack(
      RealCluster cluster, int victim, String lifeBefore, int linesBefore)
      throws IOException, InterruptedException {
    awaitVoteOrEnd(cluster, victim);
    List<String> said = cluster.log(victim);
    said = said.subList(Math.min(linesBefore, said.size()), said.size());
    if (!cluster.isRunning(victim)) {
      int status = cluster.awaitEnd(victim);
      if (status == STARTED_AGAIN) {
        cluster.start(victim);
        awaitVoteOrEnd(cluster, victim);
        assertTrue(cluster.isRunning(victim), cluster::logs);
        return DamageOutcome.STOPPED;
      }
      assertEquals(1, status, () -> "it ends with a clear word\n" + cluster.logs());
      String why = said.get(said.size() - 1);
      assertTrue(why.startsWith("synod: cannot start: "), why);
      startEmpty(cluster, victim);
      return DamageOutcome.REFUSED;
    }
    boolean sameLife = life(cluster, victim).equals(lifeBefore) || lifeBefore.isEmpty();
    boolean noticed =
        said.stream()
            .anyMatch(
                line ->
                    line.contains("journal: ")
                        || line.contains("the state is lost")
                        || line.contains("snapshot set aside")
                        || line.contains("the database is set aside"));
    if (!sameLife) {
      return DamageOutcome.RENEWED;
    }
    return noticed ? DamageOutcome.MENDED : DamageOutcome.UNNOTICED;
  }

  private static void startEmpty(RealCluster cluster, int server)
      throws IOException, InterruptedException {
    RealCluster.delete(cluster.data(server));
    cluster.start(server);
    awaitVoteOrEnd(cluster, server);
    assertTrue(cluster.isRunning(server), cluster::logs);
  }

  private static void awaitVoteOrEnd(RealCluster cluster, int server) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(BACK_SECONDS);
    while (cluster.isRunning(server) && !hasVote(cluster, server)) {
      assertTrue(
          System.nanoTime() < end,
          () -> "not back in time: " + cluster.status(server) + "\n" + cluster.logs());
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  private static boolean hasVote(RealCluster cluster, int server) {
    StatusResponse status = cluster.status(server).orElse(StatusResponse.getDefaultInstance());
    boolean serves = status.hasCoordinatorId() && !status.hasWaitingFor();
    return serves && cluster.hasOwnVote(server);
  }
}
