package io.synod.mutants;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What {@code scripts/hunt_mutants} runs: looks for seeds that kill, and notes them. */
public final class HuntMutants {
  private static final long SEED_SECONDS = 120;

  private final PrintStream out;
  private final long bound;
  private final int wanted;
  private final long secondsEach;
  private final Map<String, KillTable.Kill> kills;
  private final Subject original = Subject.original();
  private final Map<String, Boolean> originalPasses = new ConcurrentHashMap<>();
  private int survivors;

  private HuntMutants(PrintStream out, long bound, int wanted, long secondsEach)
      throws IOException {
    this.out = out;
    this.bound = bound;
    this.wanted = wanted;
    this.secondsEach = secondsEach;
    this.kills = KillTable.readSource();
  }

  /** A seed that kills. */
  private record Found(long seed, String invariant, long nanos) {}

  /**
   * Arguments: {@code [--bound SEEDS] [--kills N] [--seconds S] [--missing | MUTANT ...]}. Exit
   * status 0 all that were hunted are killed, 1 some survive.
   */
  public static void main(String[] arguments)
      throws IOException, InterruptedException, ExecutionException {
    long bound = 200;
    int wanted = 3;
    long seconds = 600;
    boolean missing = false;
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--bound" -> bound = Long.parseLong(arguments[++i]);
        case "--kills" -> wanted = Integer.parseInt(arguments[++i]);
        case "--seconds" -> seconds = Long.parseLong(arguments[++i]);
        case "--missing" -> missing = true;
        default -> names.add(arguments[i]);
      }
    }
    if (!Catalogue.names().containsAll(names)) {
      System.err.println("hunt_mutants: of " + names + " not all are in " + Catalogue.names());
      System.exit(4);
    }
    HuntMutants hunt = new HuntMutants(System.out, bound, wanted, seconds);
    List<Mutant> prey = new ArrayList<>(Catalogue.all());
    boolean onlyMissing = missing;
    prey.removeIf(
        mutant ->
            (!names.isEmpty() && !names.contains(mutant.name()))
                || (onlyMissing && hunt.kills.containsKey(mutant.name())));
    System.exit(hunt.huntAll(prey) ? 0 : 1);
  }

  private boolean huntAll(List<Mutant> prey)
      throws IOException, InterruptedException, ExecutionException {
    int cores = Runtime.getRuntime().availableProcessors();
    ExecutorService hunters = Executors.newFixedThreadPool(cores, HuntMutants::daemon);
    out.printf("%-34s %-6s %6s  %s%n", "mutant", "runs", "mean", "killed by");
    List<Future<?>> hunts = new ArrayList<>();
    for (Mutant mutant : prey) {
      hunts.add(
          hunters.submit(
              () -> {
                hunt(mutant);
                return null;
              }));
    }
    for (Future<?> each : hunts) {
      each.get();
    }
    kills.keySet().retainAll(Catalogue.names());
    KillTable.write(kills);
    double mean =
        kills.values().stream().mapToDouble(KillTable.Kill::meanSeeds).average().orElse(0);
    out.printf("%d killed, %.1f seeds on average; %d survive%n", kills.size(), mean, survivors);
    return survivors == 0;
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "hunt");
    thread.setDaemon(true);
    return thread;
  }

  private void hunt(Mutant mutant) throws IOException, InterruptedException, ExecutionException {
    Subject subject;
    try {
      subject = Subject.of(mutant);
    } catch (IllegalStateException e) {
      note(mutant, List.of(), 0, String.valueOf(e.getMessage()));
      return;
    }
    List<Found> found = new ArrayList<>();
    TreeMap<String, Integer> invariants = new TreeMap<>();
    ExecutorService runner = Executors.newSingleThreadExecutor(HuntMutants::daemon);
    long seeds = 0;
    String end = "";
    long started = System.nanoTime();
    // Of directed tests there are so many and no more.
    long most = mutant.harness() == Mutant.Harness.DIRECTED ? Long.MAX_VALUE : bound;
    for (long of : subject.seeds(mutant.harness(), most).toArray()) {
      if (found.size() >= wanted
          || !end.isEmpty()
          || System.nanoTime() - started > TimeUnit.SECONDS.toNanos(secondsEach)) {
        break;
      }
      long began = System.nanoTime();
      try {
        Optional<String> violated =
            runner
                .submit(() -> subject.violated(mutant.harness(), of))
                .get(SEED_SECONDS, TimeUnit.SECONDS);
        long nanos = System.nanoTime() - began;
        if (violated.isEmpty() || passes(mutant.harness(), of)) {
          seeds++;
          violated.ifPresent(
              invariant -> {
                found.add(new Found(of, invariant, nanos));
                invariants.merge(invariant, 1, Integer::sum);
              });
        }
      } catch (TimeoutException e) {
        end = "; seed " + of + " does not end";
      }
    }
    runner.shutdown();
    note(mutant, found, seeds, invariants + end);
  }

  private boolean passes(Mutant.Harness harness, long seed) {
    return originalPasses.computeIfAbsent(
        harness + " " + seed, any -> original.violated(harness, seed).isEmpty());
  }

  private synchronized void note(Mutant mutant, List<Found> found, long seeds, String how)
      throws IOException {
    if (found.isEmpty()) {
      survivors++;
      out.printf("%-34s %-6s %6d  SURVIVES %s%n", mutant, harness(mutant), seeds, how);
      return;
    }
    double mean = (double) seeds / found.size();
    found.sort(Comparator.comparingLong(Found::nanos));
    kills.put(
        mutant.name(),
        new KillTable.Kill(
            mutant.harness(),
            found.get(0).invariant(),
            found.stream().map(Found::seed).toList(),
            mean));
    KillTable.write(kills);
    out.printf("%-34s %-6s %6.1f  %s%n", mutant, harness(mutant), mean, how);
  }

  private static String harness(Mutant mutant) {
    return mutant.harness().name().toLowerCase(Locale.ROOT);
  }
}
