package io.synod.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The specification holds in its small models, and every defect planted in it is found. The large
 * models are for {@code scripts/check_spec --large}.
 */
final class SpecificationTest {
  private static final int LEAST_MODELS = 7;
  private static final int LEAST_MUTANTS = 17;
  private static final Pattern PLANTED = Pattern.compile("Mutant (?:=|#) \"(\\w+)\"");

  record Model(String name, long leastDistinctStates) {
    @Override
    public String toString() {
      return name;
    }
  }

  record Mutant(String name, String model, String invariant) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** One worker each: a run begins and ends in one thread, whatever it has between. */
  private static final ExecutorService RUNS = Executors.newFixedThreadPool(2);

  private static final Map<String, Future<ModelChecker.Outcome>> OUTCOMES = new HashMap<>();

  @BeforeAll
  static void startAll() throws IOException {
    smallModels()
        .sorted(Comparator.comparingLong(Model::leastDistinctStates).reversed())
        .forEach(
            model ->
                OUTCOMES.put(model.name(), RUNS.submit(() -> ModelChecker.check(model.name()))));
    mutants()
        .forEach(
            mutant ->
                OUTCOMES.put(
                    mutant.name(),
                    RUNS.submit(
                        () ->
                            ModelChecker.checkMutant(
                                mutant.name(), mutant.model(), mutant.invariant()))));
  }

  @AfterAll
  static void endAll() {
    RUNS.shutdownNow();
  }

  private static ModelChecker.Outcome outcome(String name) throws Exception {
    return Objects.requireNonNull(OUTCOMES.get(name)).get();
  }

  static Stream<Model> smallModels() throws IOException {
    return rows("models.txt")
        .filter(row -> row[1].equals("small"))
        .map(row -> new Model(row[0], Long.parseLong(row[2])));
  }

  static Stream<Mutant> mutants() throws IOException {
    return rows("mutants.txt").map(row -> new Mutant(row[0], row[1], row[2]));
  }

  private static Stream<String[]> rows(String table) throws IOException {
    List<String[]> rows = new ArrayList<>();
    for (String line : Files.readAllLines(ModelChecker.SPECIFICATION.resolve(table))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        rows.add(line.trim().split("\\s+", -1));
      }
    }
    return rows.stream();
  }

  @ParameterizedTest
  @MethodSource("smallModels")
  void modelHolds(Model model) throws Exception {
    ModelChecker.Outcome outcome = outcome(model.name());
    assertEquals(Optional.empty(), outcome.violated(), outcome::report);
    assertTrue(outcome.holds(), outcome::report);
    assertTrue(
        outcome.distinctStates() >= model.leastDistinctStates(),
        () -> model + ": only " + outcome.distinctStates() + " distinct states");
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void mutantViolatesItsInvariant(Mutant mutant) throws Exception {
    ModelChecker.Outcome outcome = outcome(mutant.name());
    assertEquals(Optional.of(mutant.invariant()), outcome.violated(), outcome::report);
  }

  @Test
  void everyPlantedDefectIsRun() throws IOException {
    String specification = Files.readString(ModelChecker.SPECIFICATION.resolve("Synod.tla"));
    TreeSet<String> planted = new TreeSet<>();
    Matcher matcher = PLANTED.matcher(specification);
    while (matcher.find()) {
      planted.add(matcher.group(1));
    }
    TreeSet<String> run = new TreeSet<>();
    mutants().map(Mutant::name).forEach(run::add);
    assertEquals(planted, run);
    assertTrue(run.size() >= LEAST_MUTANTS, () -> "only " + run.size() + " mutants");
    assertTrue(smallModels().count() >= LEAST_MODELS, "too few small models");
  }
}
