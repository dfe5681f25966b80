package io.synod.mutants;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every planted defect is killed by one of the seeds noted for it, which production passes; or,
 * when a change of the program or the simulator has made them miss, by one of a few more. {@code
 * scripts/hunt_mutants} notes them.
 */
class MutantsTest {
  /**
   * So many seeds are tried when those that are noted miss: about twenty seconds' worth, and so
   * many times what it took on average when they were noted that chance alone hardly lets one
   * survive.
   */
  private static long moreSeeds(KillTable.Kill kill) {
    long usual =
        switch (kill.harness()) {
          case CORE, LEASE -> 300;
          case LIGHT -> 60;
          case FULL, ENGINE -> 20;
          case DIRECTED -> Long.MAX_VALUE;
        };
    return Math.max(usual, Math.round(TIMES_THE_MEAN * kill.meanSeeds()));
  }

  private static final double TIMES_THE_MEAN = 5;

  private static final int LEAST_MUTANTS = 40;

  /** A defect may also make a run endless. */
  private static final long MOST_MINUTES = 5;

  private static final Map<String, Future<Optional<String>>> HOW = new HashMap<>();
  private static final Map<String, Boolean> ORIGINAL_PASSES = new ConcurrentHashMap<>();
  private static final Set<String> KILLED = new TreeSet<>();
  private static Map<String, KillTable.Kill> table = Map.of();

  static List<Mutant> mutants() {
    return Catalogue.all();
  }

  @BeforeAll
  static void runAll() throws IOException {
    table = KillTable.read();
    Subject original = Subject.original();
    int cores = Runtime.getRuntime().availableProcessors();
    ExecutorService threads = Executors.newFixedThreadPool(cores, MutantsTest::daemon);
    for (Mutant mutant : Catalogue.all()) {
      KillTable.Kill kill = table.get(mutant.name());
      if (kill != null) {
        HOW.put(mutant.name(), threads.submit(() -> killedBy(mutant, kill, original)));
      }
    }
    threads.shutdown();
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "mutants");
    thread.setDaemon(true);
    return thread;
  }

  /** What the first of the seeds that kills finds violated. */
  private static Optional<String> killedBy(Mutant mutant, KillTable.Kill kill, Subject original) {
    Subject subject = Subject.of(mutant);
    for (long seed : kill.seeds()) {
      Optional<String> how = killedBy(mutant, seed, subject, original);
      if (how.isPresent()) {
        return how;
      }
    }
    for (long seed : subject.seeds(mutant.harness(), moreSeeds(kill)).toArray()) {
      Optional<String> how = killedBy(mutant, seed, subject, original);
      if (how.isPresent()) {
        System.out.printf("%s: the seeds noted miss, %d kills: run hunt_mutants%n", mutant, seed);
        return how;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> killedBy(
      Mutant mutant, long seed, Subject subject, Subject original) {
    return subject
        .violated(mutant.harness(), seed)
        .filter(any -> passes(original, mutant.harness(), seed));
  }

  private static boolean passes(Subject original, Mutant.Harness harness, long seed) {
    return ORIGINAL_PASSES.computeIfAbsent(
        harness + " " + seed, any -> original.violated(harness, seed).isEmpty());
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void isKilled(Mutant mutant) throws InterruptedException, ExecutionException, TimeoutException {
    Future<Optional<String>> how = HOW.get(mutant.name());
    assertNotNull(how, () -> "no seed is noted: run scripts/hunt_mutants " + mutant);
    assertTrue(
        how.get(MOST_MINUTES, TimeUnit.MINUTES).isPresent(),
        () -> mutant + " survives the seeds noted for it: run scripts/hunt_mutants " + mutant);
    KILLED.add(mutant.name());
  }

  @AfterAll
  static void tell() {
    System.out.printf("mutants: %d of %d killed%n", KILLED.size(), Catalogue.all().size());
    for (Mutant.Harness harness : Mutant.Harness.values()) {
      List<KillTable.Kill> kills =
          table.values().stream().filter(kill -> kill.harness() == harness).toList();
      System.out.printf(
          Locale.ROOT,
          "  %3d by %s, after %.1f %s on average, by the table%n",
          kills.size(),
          harness.name().toLowerCase(Locale.ROOT),
          kills.stream().mapToDouble(KillTable.Kill::meanSeeds).average().orElse(0),
          harness == Mutant.Harness.DIRECTED ? "tests" : "seeds");
    }
  }

  @Test
  void theTableNamesTheCatalogueAndNothingElse() {
    assertEquals(Catalogue.names(), new TreeSet<>(table.keySet()));
  }

  /** What is not killed is kept up to the sources all the same. */
  @ParameterizedTest
  @MethodSource("others")
  void stillApplies(Mutant mutant) {
    assertFalse(MutantCompiler.compile(mutant).isEmpty());
    assertFalse(Catalogue.names().contains(mutant.name()));
  }

  static List<Mutant> others() {
    return EquivalentMutants.all();
  }

  @Test
  void namesAreUnique() {
    List<String> names = new ArrayList<>();
    Catalogue.all().forEach(mutant -> names.add(mutant.name()));
    assertEquals(names.size(), new HashSet<>(names).size());
    assertTrue(names.size() >= LEAST_MUTANTS, "only " + names.size() + " mutants");
  }
}
