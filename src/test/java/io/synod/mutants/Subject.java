package io.synod.mutants;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** The simulator with some classes: those of production, or a mutant's. Any thread. */
final class Subject {
  private static final Pattern INVARIANT = Pattern.compile("^([A-Z]\\w+): ");

  /** The seeds before have rows in memory only. */
  private static final long FIRST_WITH_ENGINES = 131;

  private final Method simulation;
  private final Method duel;
  private final Method leaseDuel;
  private final DirectedTests directed;

  private Subject(ClassLoader loader) {
    try {
      simulation =
          loader
              .loadClass("io.synod.simulator.Simulate")
              .getMethod("failure", long.class, boolean.class);
      duel = loader.loadClass("io.synod.paxos.Duel").getMethod("failure", long.class);
      leaseDuel = loader.loadClass("io.synod.paxos.Duel").getMethod("leaseFailure", long.class);
      directed = new DirectedTests(loader);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  static Subject original() {
    return new Subject(new MutantLoader(Map.of()));
  }

  static Subject of(Mutant mutant) {
    return new Subject(new MutantLoader(MutantCompiler.compile(mutant)));
  }

  /** What there is to try on a harness, at most so many. */
  LongStream seeds(Mutant.Harness harness, long most) {
    LongStream all =
        switch (harness) {
          case CORE, LEASE, LIGHT, FULL -> LongStream.range(0, most);
          case ENGINE -> LongStream.range(FIRST_WITH_ENGINES, FIRST_WITH_ENGINES + most);
          case DIRECTED -> directed.numbers();
        };
    return all.limit(most);
  }

  /** Runs a seed: which invariant did not hold, or what else went wrong; empty if nothing did. */
  Optional<String> violated(Mutant.Harness harness, long seed) {
    if (harness == Mutant.Harness.DIRECTED) {
      return directed.failed(seed);
    }
    try {
      Optional<?> thrown =
          (Optional<?>)
              switch (harness) {
                case CORE -> duel.invoke(null, seed);
                case LEASE -> leaseDuel.invoke(null, seed);
                case LIGHT -> simulation.invoke(null, seed, true);
                case FULL, ENGINE -> simulation.invoke(null, seed, false);
                case DIRECTED -> throw new IllegalStateException("no seeds");
              };
      return thrown.map(each -> nameOf((Throwable) each));
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException("seed " + seed + ", " + harness, e.getCause());
    }
  }

  private static String nameOf(Throwable thrown) {
    String message = thrown.getMessage();
    Matcher matcher = INVARIANT.matcher(message == null ? "" : message);
    return matcher.find() ? matcher.group(1) : thrown.getClass().getSimpleName();
  }
}
