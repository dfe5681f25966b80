package io.synod.cli;

import io.synod.client.ServerAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/**
 * What the load generator was called with.
 *
 * @param store whether the store is measured, or the echo alone
 * @param outstanding calls under way at a time; a run for each number
 * @param readPercent how many of a hundred operations are reads
 * @param pids the servers' processes, whose processor time is counted
 */
record BenchOptions(
    boolean help,
    boolean store,
    Operation operation,
    List<ServerAddress> servers,
    Through through,
    List<Integer> outstanding,
    int channels,
    int keys,
    int valueBytes,
    int readPercent,
    Duration warmUp,
    Duration duration,
    int rounds,
    Echo echo,
    List<Long> pids,
    Path json) {

  static final String USAGE =
      """
      scripts/bench [put|get|mixed|echo] [options]

      Measures the store under a closed loop: so many calls are under way at any time.
      `echo` measures a bare gRPC server of the same messages alone; --echo measures it beside the store.

        --servers HOST:PORT,...   where the store is (default localhost:8000)
        --through all|coordinator the calls are spread over all given servers, or go to the coordinator (default all)
        --outstanding N,...       calls under way at a time; a run for each number (default 1,64,256)
        --channels C              connections, at least one for each server (default 2)
        --keys K                  different keys, used evenly at random (default 10000)
        --value-size BYTES        (default 256)
        --reads PERCENT           of mixed (default 50)
        --warm-up SECONDS         not counted (default 5)
        --duration SECONDS        counted (default 10)
        --rounds R                each run so many times, in turn; the table shows the middle one (default 1)
        --echo                    also measures a bare gRPC echo, in a process of its own
        --echo-here               the same, in the load generator's process
        --pids PID,...            the servers' processes, whose processor time is counted
        --json FILE               (default target/bench.json)

      Ends with status 0 if every run had answers, 2 for wrong input, 3 if the store was not available.""";

  /** What the calls are. */
  enum Operation {
    PUT,
    GET,
    MIXED;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    boolean reads() {
      return this != PUT;
    }
  }

  /** Which servers take the calls. */
  enum Through {
    ALL,
    COORDINATOR
  }

  /** Whether a bare gRPC echo is measured too, and where it runs. */
  enum Echo {
    NONE,
    OWN_PROCESS,
    SAME_PROCESS
  }

  static BenchOptions parse(List<String> args) throws WrongInputException {
    CommandLine line = ClientOptions.line(args, options());
    List<String> words = line.getArgList();
    if (words.size() > 1) {
      throw new WrongInputException("'" + words.get(1) + "' is one argument too many");
    }
    String word = words.isEmpty() ? "put" : words.get(0).toLowerCase(Locale.ROOT);
    boolean echoAlone = word.equals("echo");
    Operation operation =
        switch (word) {
          case "put", "echo" -> Operation.PUT;
          case "get" -> Operation.GET;
          case "mixed" -> Operation.MIXED;
          default ->
              throw new WrongInputException("'" + word + "' is none of put, get, mixed and echo");
        };
    Echo echo =
        line.hasOption("echo-here")
            ? Echo.SAME_PROCESS
            : echoAlone || line.hasOption("echo") ? Echo.OWN_PROCESS : Echo.NONE;
    return new BenchOptions(
        line.hasOption("help"),
        !echoAlone,
        operation,
        servers(line),
        through(line),
        numbers(line, "outstanding", "1,64,256").stream().map(n -> Math.toIntExact(n)).toList(),
        number(line, "channels", 2),
        number(line, "keys", 10_000),
        number(line, "value-size", 256),
        readPercent(line, operation),
        seconds(line, "warm-up", "5"),
        seconds(line, "duration", "10"),
        number(line, "rounds", 1),
        echo,
        numbers(line, "pids", ""),
        Path.of(line.getOptionValue("json", "target/bench.json")));
  }

  private static Duration seconds(CommandLine line, String option, String otherwise)
      throws WrongInputException {
    return ClientOptions.seconds("--" + option, line.getOptionValue(option, otherwise));
  }

  private static int readPercent(CommandLine line, Operation operation) throws WrongInputException {
    return switch (operation) {
      case PUT -> 0;
      case GET -> 100;
      case MIXED -> Math.min(100, number(line, "reads", 50));
    };
  }

  private static List<ServerAddress> servers(CommandLine line) throws WrongInputException {
    try {
      return ServerAddress.parseList(line.getOptionValue("servers", "localhost:8000"));
    } catch (IllegalArgumentException e) {
      throw new WrongInputException(String.valueOf(e.getMessage()), e);
    }
  }

  private static Through through(CommandLine line) throws WrongInputException {
    String text = line.getOptionValue("through", "all");
    return switch (text) {
      case "all" -> Through.ALL;
      case "coordinator" -> Through.COORDINATOR;
      default -> throw new WrongInputException("--through is all or coordinator, not " + text);
    };
  }

  private static int number(CommandLine line, String option, int otherwise)
      throws WrongInputException {
    List<Long> numbers = numbers(line, option, Integer.toString(otherwise));
    if (numbers.size() != 1) {
      throw new WrongInputException("--" + option + " takes one number");
    }
    return Math.toIntExact(numbers.get(0));
  }

  private static List<Long> numbers(CommandLine line, String option, String otherwise)
      throws WrongInputException {
    String text = line.getOptionValue(option, otherwise);
    List<Long> numbers = new ArrayList<>();
    if (text.isEmpty()) {
      return numbers;
    }
    for (String part : text.split(",", -1)) {
      long number;
      try {
        number = Integer.parseInt(part.trim());
      } catch (NumberFormatException e) {
        throw new WrongInputException("--" + option + ": '" + part + "' is no number", e);
      }
      if (number < 1) {
        throw new WrongInputException("--" + option + ": " + number + " is too small");
      }
      numbers.add(number);
    }
    return numbers;
  }

  private static Options options() {
    Options options = new Options();
    options.addOption(Option.builder("h").longOpt("help").get());
    options.addOption(Option.builder().longOpt("echo").get());
    options.addOption(Option.builder().longOpt("echo-here").get());
    for (String name :
        List.of(
            "servers",
            "through",
            "outstanding",
            "channels",
            "keys",
            "value-size",
            "reads",
            "warm-up",
            "duration",
            "rounds",
            "pids",
            "json")) {
      options.addOption(Option.builder().longOpt(name).hasArg().get());
    }
    return options;
  }
}
