package io.synod.cluster;

import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Kills and cuts off some of three and of five servers, under both kinds of quorum, while clients
 * read and write through all of them, and writes down what came of it: the table in the README.
 * {@code WhatSurvives FILE}. Exit status: 0 all was as it should be, 1 something was not.
 */
public final class WhatSurvives {
  private static final String TIMES =
      " election_timeout_millis:1000 standby_timeout_millis:1000 default_deadline_millis:2000";

  /** Votes have moved after this. */
  private static final long SETTLED_MILLIS = 6_000;

  private static final long WATCHED_MILLIS = 5_000;
  private static final int GOES_ON = 20;

  /** What is done at once. */
  private enum Deed {
    KILL,
    CUT_OFF_TOGETHER,
    CUT_OFF_EACH
  }

  /**
   * One row of the table.
   *
   * @param victims how many more at each step
   * @param majority how many go on after each step, and {@code dynamic} under the other kind
   */
  private record Row(
      int servers,
      String what,
      Deed deed,
      List<Integer> victims,
      List<Integer> majority,
      List<Integer> dynamic) {}

  private static final List<Row> ROWS =
      List.of(
          new Row(3, "one killed", Deed.KILL, List.of(1), List.of(2), List.of(2)),
          new Row(3, "two killed", Deed.KILL, List.of(2), List.of(0), List.of(0)),
          new Row(3, "one cut off", Deed.CUT_OFF_EACH, List.of(1), List.of(2), List.of(2)),
          new Row(3, "two cut off", Deed.CUT_OFF_EACH, List.of(2), List.of(0), List.of(0)),
          new Row(5, "two killed", Deed.KILL, List.of(2), List.of(3), List.of(3)),
          new Row(
              5,
              "four killed, one after another",
              Deed.KILL,
              List.of(1, 1, 1, 1),
              List.of(4, 3, 0, 0),
              List.of(4, 3, 2, 0)),
          new Row(5, "two cut off", Deed.CUT_OFF_TOGETHER, List.of(2), List.of(3), List.of(3)),
          new Row(5, "three cut off", Deed.CUT_OFF_EACH, List.of(3), List.of(0), List.of(0)));

  private final RealCluster cluster;
  private final Operators operators;
  private final Load load;
  private final int servers;
  private boolean asItShould = true;

  private WhatSurvives(RealCluster cluster, Load load, int servers) {
    this.cluster = cluster;
    this.operators = new Operators(cluster);
    this.load = load;
    this.servers = servers;
  }

  /** Runs all rows and writes the table. */
  public static void main(String[] args) throws Exception {
    List<String> lines = new ArrayList<>();
    lines.add("| servers | what happens | `MAJORITY` | `DYNAMIC` |");
    lines.add("|---|---|---|---|");
    boolean asItShould = true;
    List<String> histories = new ArrayList<>();
    for (int size : new int[] {3, 5}) {
      List<Row> rows = ROWS.stream().filter(row -> row.servers() == size).toList();
      List<List<String>> columns = new ArrayList<>();
      for (boolean dynamic : new boolean[] {false, true}) {
        List<String> column = new ArrayList<>();
        asItShould &= column(size, dynamic, rows, column, histories);
        columns.add(column);
      }
      for (int i = 0; i < rows.size(); i++) {
        lines.add(
            "| %d | %s | %s | %s |"
                .formatted(size, rows.get(i).what(), columns.get(0).get(i), columns.get(1).get(i)));
      }
    }
    lines.add("");
    lines.add("What the clients saw: " + String.join("; ", histories) + ".");
    Files.write(Path.of(args[0]), lines);
    System.exit(asItShould ? 0 : 1);
  }

  private static boolean column(
      int size, boolean dynamic, List<Row> rows, List<String> column, List<String> histories)
      throws Exception {
    try (RealCluster cluster = new RealCluster(size)) {
      cluster.options("quorum:" + (dynamic ? "DYNAMIC" : "MAJORITY") + TIMES);
      cluster.startAll();
      cluster.awaitAnswers(size);
      try (Load load = new Load(cluster, size)) {
        WhatSurvives run = new WhatSurvives(cluster, load, size);
        for (Row row : rows) {
          String cell = run.row(row, dynamic ? row.dynamic() : row.majority());
          System.err.println(size + " servers, " + row.what() + ": " + cell);
          column.add(cell);
        }
        load.end();
        var report = load.history().check(Budget.STANDARD);
        boolean linearizable = report.verdict() == Verdict.LINEARIZABLE;
        histories.add(report.describe().strip().replaceAll(", [0-9,]+ steps$", ""));
        return run.asItShould && linearizable;
      }
    }
  }

  private String row(Row row, List<Integer> expected) throws Exception {
    TreeSet<Integer> well = new TreeSet<>();
    for (int i = 0; i < servers; i++) {
      well.add(i);
    }
    List<Integer> gone = new ArrayList<>();
    List<String> steps = new ArrayList<>();
    for (int step = 0; step < row.victims().size(); step++) {
      Load.Phase since = load.newPhase();
      for (int i = 0; i < row.victims().get(step); i++) {
        // The coordinator first.
        int victim = cluster.coordinator().filter(well::contains).orElse(well.first());
        well.remove(victim);
        gone.add(victim);
        if (row.deed() == Deed.KILL) {
          cluster.kill(victim);
        }
      }
      if (row.deed() == Deed.CUT_OFF_TOGETHER) {
        operators.cutApart(List.of(List.copyOf(well), gone));
      } else if (row.deed() == Deed.CUT_OFF_EACH) {
        List<List<Integer>> sides = new ArrayList<>();
        sides.add(List.copyOf(well));
        gone.forEach(each -> sides.add(List.of(each)));
        operators.cutApart(sides);
      }
      Thread.sleep(SETTLED_MILLIS);
      long gapMillis = since.longestGapMillis();
      steps.add(observed(expected.get(step), gapMillis));
    }
    return String.join("; ", steps) + "; " + recovery(row.deed(), gone);
  }

  /** How many go on now; that no other one does anything. */
  private String observed(int expected, long gapMillis) throws InterruptedException {
    Load.Phase now = load.newPhase();
    Thread.sleep(WATCHED_MILLIS);
    int going = 0;
    int refusing = 0;
    int between = 0;
    int running = 0;
    for (int server = 0; server < servers; server++) {
      if (!cluster.isRunning(server)) {
        continue;
      }
      running++;
      int done = now.done(server);
      going += done >= GOES_ON ? 1 : 0;
      refusing += done == 0 && now.refused(server) > 0 ? 1 : 0;
      between += done > 0 && done < GOES_ON ? 1 : 0;
    }
    boolean right = going == expected && between == 0 && refusing == running - expected;
    asItShould &= right;
    String words =
        going == 0
            ? "refuses"
            : "%d go on after %s%s"
                .formatted(
                    going, seconds(gapMillis), refusing == 0 ? "" : ", " + refusing + " refuse");
    return right ? words : "**" + words + ", expected " + expected + "**";
  }

  private String recovery(Deed deed, List<Integer> gone) throws Exception {
    long began = System.nanoTime();
    if (deed == Deed.KILL) {
      for (int server : gone) {
        cluster.start(server);
      }
    } else {
      operators.heal();
    }
    Load.Phase again = load.newPhase();
    load.await("all answer again", () -> allDone(again));
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    load.await("all have votes again", () -> operators.votersKnownTo(0).size() == servers);
    return "all answer %s after they are %s"
        .formatted(seconds(millis), deed == Deed.KILL ? "started" : "linked again");
  }

  private boolean allDone(Load.Phase phase) {
    for (int server = 0; server < servers; server++) {
      if (phase.done(server) < GOES_ON) {
        return false;
      }
    }
    return true;
  }

  private static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.1f s", millis / 1e3);
  }
}
