package io.synod.simulator;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** What {@code scripts/simulate} runs: one seed with its trace, many seeds, or a soak. */
public final class Simulate {
  private static final String USAGE =
      """
      usage: scripts/simulate --seed S [--html FILE]   one seed: its trace, or a picture of it
             scripts/simulate --seeds N [--first S]    so many seeds, one after another
             scripts/simulate --minutes M [--first S]  a soak on all cores
        --light              the protocol cores alone
        --without A,B,..     these classes of faults stay away
        --until MILLIS       the faults end then
        --window MILLIS      how much of the end, or around the failing window, is drawn
        --quiet              no trace, only the result""";

  private Simulate() {}

  /**
   * Runs one seed on the light harness.
   *
   * @throws AssertionError that names the seed and the command to replay it, if anything is wrong
   */
  static Outcome light(long seed) {
    return new Run(Swarm.of(seed), true).orReport();
  }

  /**
   * Runs one seed on whole servers.
   *
   * @throws AssertionError that names the seed and the command to replay it, if anything is wrong
   */
  static Outcome full(long seed) {
    return new Run(Swarm.of(seed), false).orReport();
  }

  /**
   * What is wrong with one seed, if anything is: for callers that load the simulator themselves.
   */
  public static Optional<Throwable> failure(long seed, boolean light) {
    return new Run(Swarm.of(seed), light).result(false).failure();
  }

  /** One run of one seed. */
  record Run(Swarm swarm, boolean light) {

    /** What came of it, and what was wrong, if anything was. */
    record Result(Outcome outcome, Optional<Throwable> failure) {}

    Result result(boolean keepsTrace) {
      if (light) {
        LightSimulation simulation = new LightSimulation(swarm, keepsTrace);
        Optional<Throwable> failure = failureOf(simulation::run);
        return new Result(simulation.outcome(), failure);
      }
      FullSimulation simulation = new FullSimulation(swarm, keepsTrace);
      Optional<Throwable> failure = failureOf(simulation::run);
      return new Result(simulation.outcome(), failure);
    }

    private static Optional<Throwable> failureOf(Runnable run) {
      try {
        run.run();
        return Optional.empty();
      } catch (RuntimeException | AssertionError e) {
        return Optional.of(e);
      }
    }

    /** The command that runs this again. */
    String command() {
      return "scripts/simulate " + (light ? "--light " : "") + swarm.options();
    }

    Outcome orReport() {
      Result result = result(false);
      if (result.failure().isPresent()) {
        Throwable failure = result.failure().get();
        Run small = Shrinker.shrink(this, failure);
        throw new AssertionError(
            "seed " + swarm.seed + ": " + failure + "\nreplay: " + small.command() + "\n" + swarm,
            failure);
      }
      return result.outcome();
    }
  }

  // ---- the command line
  // ------------------------------------------------------------------------------------------------------------------

  private static final class Options {
    OptionalLong seed = OptionalLong.empty();
    long first = 1;
    long seeds;
    double minutes;
    boolean light;
    boolean quiet;
    Optional<Path> html = Optional.empty();
    OptionalLong untilNanos = OptionalLong.empty();
    long windowNanos = 500 * Swarm.MILLI;
    Set<Fault> without = EnumSet.noneOf(Fault.class);

    Options(String[] arguments) {
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--seed" -> seed = OptionalLong.of(Long.parseLong(arguments[++i]));
          case "--first" -> first = Long.parseLong(arguments[++i]);
          case "--seeds" -> seeds = Long.parseLong(arguments[++i]);
          case "--minutes" -> minutes = Double.parseDouble(arguments[++i]);
          case "--light" -> light = true;
          case "--quiet" -> quiet = true;
          case "--html" -> html = Optional.of(Path.of(arguments[++i]));
          case "--until" -> untilNanos = OptionalLong.of(millis(arguments[++i]));
          case "--window" -> windowNanos = millis(arguments[++i]);
          case "--without" -> {
            for (String each : arguments[++i].split(",", -1)) {
              without.add(Fault.valueOf(each));
            }
          }
          default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
        }
      }
      if (seed.isEmpty() && seeds == 0 && minutes == 0) {
        throw new IllegalArgumentException("nothing to do");
      }
    }

    private static long millis(String text) {
      return Long.parseLong(text) * Swarm.MILLI;
    }

    Swarm swarm(long of) {
      Swarm swarm = Swarm.of(of).without(without);
      return untilNanos.isPresent() ? swarm.endingAt(untilNanos.getAsLong()) : swarm;
    }
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    PrintStream out = System.out;
    Options options;
    try {
      options = new Options(arguments);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      System.err.println("simulate: " + e.getMessage());
      System.err.println(USAGE);
      System.exit(2);
      return;
    }
    boolean good;
    if (options.seed.isPresent()) {
      good = one(out, options);
    } else {
      Soak soak = new Soak(out, options::swarm, options.light);
      good =
          options.minutes > 0
              ? soak.minutes(options.first, options.minutes)
              : soak.seeds(options.first, options.seeds);
    }
    System.exit(good ? 0 : 1);
  }

  private static boolean one(PrintStream out, Options options) throws IOException {
    Run run = new Run(options.swarm(options.seed.orElseThrow()), options.light);
    boolean keeps = !options.quiet || options.html.isPresent();
    Run.Result result = run.result(keeps);
    List<String> lines = new ArrayList<>();
    lines.add(run.swarm().toString());
    if (options.html.isPresent()) {
      String picture = new SpaceTimePicture(run.swarm(), result, options.windowNanos).html();
      Files.writeString(options.html.get(), picture);
      lines.add("picture: " + options.html.get());
    } else if (!options.quiet) {
      lines.add(Trace.HEADER);
      result.outcome().trace().forEach(event -> lines.add(event.line()));
    }
    lines.forEach(out::println);
    if (result.failure().isPresent()) {
      result.failure().get().printStackTrace(out);
    }
    out.printf(
        "trace hash %016x, %d events, %.1f simulated seconds, %d operations%n",
        result.outcome().traceHash(),
        result.outcome().events(),
        result.outcome().simulatedNanos() / 1e9,
        result.outcome().answered());
    return result.failure().isEmpty();
  }
}
