package io.synod.simulator;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

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

  /** What was asked for. */
  static final class Options {
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

    /**
     * @throws IllegalArgumentException that says what is wrong with them
     */
    Options(List<String> arguments) {
      Iterator<String> rest = arguments.iterator();
      while (rest.hasNext()) {
        String option = rest.next();
        switch (option) {
          case "--light" -> light = true;
          case "--quiet" -> quiet = true;
          case "--seed" -> seed = OptionalLong.of(whole(option, value(option, rest)));
          case "--first" -> first = whole(option, value(option, rest));
          case "--seeds" -> seeds = positive(option, value(option, rest));
          case "--minutes" -> minutes = number(option, value(option, rest));
          case "--html" -> html = Optional.of(Path.of(value(option, rest)));
          case "--until" -> untilNanos = OptionalLong.of(millis(option, value(option, rest)));
          case "--window" -> windowNanos = millis(option, value(option, rest));
          case "--without" -> without.addAll(faults(value(option, rest)));
          default -> throw new IllegalArgumentException("there is no option " + option);
        }
      }
      if (seed.isEmpty() && seeds == 0 && minutes == 0) {
        throw new IllegalArgumentException("nothing to do: one of --seed, --seeds, --minutes");
      }
      if (html.isPresent() && seed.isEmpty()) {
        throw new IllegalArgumentException("--html draws one seed: --seed is missing");
      }
    }

    private static String value(String option, Iterator<String> rest) {
      if (!rest.hasNext()) {
        throw new IllegalArgumentException(option + " wants a value");
      }
      return rest.next();
    }

    private static long whole(String option, String text) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(option + " wants a whole number, not " + text, e);
      }
    }

    private static long positive(String option, String text) {
      long number = whole(option, text);
      if (number <= 0) {
        throw notPositive(option);
      }
      return number;
    }

    /** More than 0 too. */
    private static double number(String option, String text) {
      double number;
      try {
        number = Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(option + " wants a number, not " + text, e);
      }
      if (!(number > 0)) {
        throw notPositive(option);
      }
      return number;
    }

    private static IllegalArgumentException notPositive(String option) {
      return new IllegalArgumentException(option + " wants more than 0");
    }

    private static long millis(String option, String text) {
      return positive(option, text) * Swarm.MILLI;
    }

    private static Set<Fault> faults(String names) {
      Set<Fault> faults = EnumSet.noneOf(Fault.class);
      for (String name : names.split(",", -1)) {
        faults.add(
            Stream.of(Fault.values())
                .filter(fault -> fault.name().equals(name))
                .findFirst()
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "there is no fault "
                                + name
                                + "; there are "
                                + EnumSet.allOf(Fault.class))));
      }
      return faults;
    }

    Run run(long of) {
      Swarm swarm = Swarm.of(of).without(without);
      return new Run(
          untilNanos.isPresent() ? swarm.endingAt(untilNanos.getAsLong()) : swarm, light);
    }
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** Does what the options say; returns the exit status: 0 good, 1 something is wrong, 2 usage. */
  static int run(List<String> arguments, PrintStream out, PrintStream err)
      throws IOException, InterruptedException {
    Options options;
    try {
      options = new Options(arguments);
    } catch (IllegalArgumentException e) {
      err.println("simulate: " + e.getMessage());
      err.println(USAGE);
      return 2;
    }
    boolean good;
    if (options.seed.isPresent()) {
      good = one(out, options);
    } else {
      Soak soak = new Soak(out, options::run, run -> run.result(/* keepsTrace= */ false));
      good =
          options.minutes > 0
              ? soak.minutes(options.first, options.minutes)
              : soak.seeds(options.first, options.seeds);
    }
    return good ? 0 : 1;
  }

  private static boolean one(PrintStream out, Options options) throws IOException {
    Run run = options.run(options.seed.orElseThrow());
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
        "trace hash %016x, %d events, %.1f simulated seconds, %d operations; %s%n",
        result.outcome().traceHash(),
        result.outcome().events(),
        result.outcome().simulatedNanos() / 1e9,
        result.outcome().answered(),
        result.failure().isEmpty() ? "nothing was wrong" : "WRONG, as said above");
    return result.failure().isEmpty();
  }
}
