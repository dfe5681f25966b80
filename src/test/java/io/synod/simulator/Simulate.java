package io.synod.simulator;

import java.io.PrintStream;

/** What {@code scripts/simulate} runs. */
public final class Simulate {
  private Simulate() {}

  /**
   * Runs one seed on the light harness.
   *
   * @throws AssertionError that names the seed and the command to replay it, if anything is wrong
   */
  static LightSimulation.Outcome light(long seed) {
    Swarm swarm = Swarm.of(seed);
    try {
      return new LightSimulation(swarm, false).run();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "seed " + seed + ", replay: scripts/simulate --light --seed " + seed + "\n" + swarm, e);
    }
  }

  public static void main(String[] arguments) {
    PrintStream out = System.out;
    long first = 1;
    long count = 0;
    boolean trace = false;
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
        case "--light" -> {}
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    if (trace) {
      printOne(out, first);
    } else {
      printMany(out, first, count);
    }
  }

  private static void printOne(PrintStream out, long seed) {
    Swarm swarm = Swarm.of(seed);
    out.println(swarm);
    LightSimulation simulation = new LightSimulation(swarm, true);
    Throwable failure = null;
    try {
      simulation.run();
    } catch (RuntimeException | AssertionError e) {
      failure = e;
    }
    out.println(Trace.HEADER);
    simulation.outcome().trace().forEach(event -> out.println(event.line()));
    if (failure != null) {
      failure.printStackTrace(out);
      System.exit(1);
    }
  }

  private static void printMany(PrintStream out, long first, long count) {
    Coverage coverage = new Coverage();
    long began = System.nanoTime();
    long nanos = 0;
    long events = 0;
    long chosen = 0;
    long failed = 0;
    for (long seed = first; seed < first + count; seed++) {
      try {
        LightSimulation.Outcome outcome = light(seed);
        coverage.addAll(outcome.coverage());
        nanos += outcome.simulatedNanos();
        events += outcome.events();
        chosen += outcome.chosen();
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
        "%d seeds, %d failed, %.0f simulated seconds, %d events, %d values chosen in %.1f s:"
            + " %.0f simulated seconds a second%n",
        count, failed, nanos / 1e9, events, chosen, seconds, nanos / 1e9 / seconds);
  }
}
