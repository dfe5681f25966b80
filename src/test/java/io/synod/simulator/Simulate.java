package io.synod.simulator;

import java.io.PrintStream;
import java.util.Optional;

/** What {@code scripts/simulate} runs. */
public final class Simulate {
  private Simulate() {}

  /**
   * Runs one seed on the light harness.
   *
   * @throws AssertionError that names the seed and the command to replay it, if anything is wrong
   */
  static Outcome light(long seed) {
    return run(seed, true);
  }

  /**
   * Runs one seed on whole servers.
   *
   * @throws AssertionError that names the seed and the command to replay it, if anything is wrong
   */
  static Outcome full(long seed) {
    return run(seed, false);
  }

  private static Outcome run(long seed, boolean light) {
    Swarm swarm = Swarm.of(seed);
    try {
      return light
          ? new LightSimulation(swarm, false).run()
          : new FullSimulation(swarm, false).run();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "seed "
              + seed
              + ", replay: scripts/simulate "
              + (light ? "--light " : "")
              + "--seed "
              + seed
              + "\n"
              + swarm,
          e);
    }
  }

  public static void main(String[] arguments) {
    PrintStream out = System.out;
    long first = 1;
    long count = 0;
    boolean trace = false;
    boolean light = false;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--seed" -> {
          first = Long.parseLong(arguments[++i]);
          count = 1;
          trace = true;
        }
        case "--first" -> first = Long.parseLong(arguments[++i]);
        case "--seeds" -> count = Long.parseLong(arguments[++i]);
        case "--quiet" -> trace = false;
        case "--light" -> light = true;
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    if (trace) {
      printOne(out, first, light);
    } else {
      printMany(out, first, count, light);
    }
  }

  private static void printOne(PrintStream out, long seed, boolean light) {
    Swarm swarm = Swarm.of(seed);
    out.println(swarm);
    Optional<Throwable> failure;
    Outcome outcome;
    if (light) {
      LightSimulation simulation = new LightSimulation(swarm, true);
      failure = failureOf(simulation::run);
      outcome = simulation.outcome();
    } else {
      FullSimulation simulation = new FullSimulation(swarm, true);
      failure = failureOf(simulation::run);
      outcome = simulation.outcome();
    }
    out.println(Trace.HEADER);
    outcome.trace().forEach(event -> out.println(event.line()));
    if (failure.isPresent()) {
      failure.get().printStackTrace(out);
      System.exit(1);
    }
  }

  private static Optional<Throwable> failureOf(Runnable run) {
    try {
      run.run();
      return Optional.empty();
    } catch (RuntimeException | AssertionError e) {
      return Optional.of(e);
    }
  }

  private static void printMany(PrintStream out, long first, long count, boolean light) {
    Coverage coverage = new Coverage();
    long began = System.nanoTime();
    long nanos = 0;
    long events = 0;
    long answered = 0;
    long failed = 0;
    for (long seed = first; seed < first + count; seed++) {
      try {
        Outcome outcome = run(seed, light);
        coverage.addAll(outcome.coverage());
        nanos += outcome.simulatedNanos();
        events += outcome.events();
        answered += outcome.answered();
      } catch (AssertionError e) {
        failed++;
        out.println(e.getMessage());
        out.println("  " + e.getCause());
        Throwable cause = e.getCause();
        if (cause != null && !(cause instanceof Violation)) {
          cause.printStackTrace(out);
        }
      }
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    out.print(coverage.describe());
    out.printf(
        "%d seeds, %d failed, %.0f simulated seconds, %d events, %d operations in %.1f s:"
            + " %.0f simulated seconds a second%n",
        count, failed, nanos / 1e9, events, answered, seconds, nanos / 1e9 / seconds);
  }
}
