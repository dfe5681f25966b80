package io.synod.cli;

import io.synod.client.ServerAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/**
 * What the load generator was called with.
 *
 * @param systems what is measured; without the echo
 * @param paces a run for each
 * @param readPercent how many of a hundred operations of mixed are reads
 * @param warmSystems how long each system is loaded before all runs
 * @param figures a Markdown file whose figures are to be replaced, if any
 * @param section which of its figures, if it has several
 * @param conditions a file with what is said before them
 */
record BenchOptions(
    boolean help,
    List<Operation> operations,
    List<BenchSystem> systems,
    List<Through> throughs,
    List<Pace> paces,
    int channels,
    Keys keys,
    int readPercent,
    Duration warmUp,
    Duration duration,
    int rounds,
    Duration warmSystems,
    Echo echo,
    Path json,
    Optional<Path> figures,
    Optional<String> section,
    Optional<Path> conditions) {

  static final String USAGE =
      """
      scripts/bench [put|get|mixed,...|echo] [options]

      Measures the store under load: a closed loop, in which so many calls are under way at any time, or with --rate
      an open loop, in which calls begin at a rate whatever the servers do, and latencies count from the intended start.
      `echo` measures a bare gRPC server of the same messages alone; --echo measures it beside the store.

        --servers HOST:PORT,...   where the store is (default localhost:8000)
        --through all|coordinator the calls are spread over all given servers, or go to the coordinator (default all);
                                  `all,coordinator` measures both
        --outstanding N,...       calls under way at a time; a run for each number (default 1,64,256; none with --rate)
        --rate R,...              calls begun in a second; a run for each. `half`: half of the most that was reached
                                  in the same round with what --outstanding has to name then
        --channels C              connections, or some more: as many to each server (default 2)
        --keys K                  different keys (default 10000)
        --distribution uniform|zipf  which of them are used how often (default uniform)
        --value-size BYTES        (default 256)
        --reads PERCENT           of mixed (default 50)
        --warm-up SECONDS         not counted (default 5)
        --duration SECONDS        counted (default 10)
        --rounds R                each run so many times, in turn; the table shows medians (default 1)
        --warm-systems SECONDS    each system is loaded for so long before the first round (default 0)
        --echo                    also measures a bare gRPC echo, in a process of its own
        --echo-here               the same, in the load generator's process
        --pids PID,...            the servers' processes, whose processor time is counted
        --system NAME=KIND@HOST:PORT,...[+PID,...]
                                  measures this instead of --servers; may be given several times, which are then run
                                  in turn. KIND: synod, synod_lease (reads under the lease),
                                  synod_stream (many operations on a call), etcd, zookeeper
        --json FILE               (default target/bench.json); charts are drawn beside it, as FILE-rate.svg and so on
        --figures FILE            also puts tables and charts between the marks in this Markdown file
        --section NAME            between the marks of this name
        --conditions FILE         and before them what this file says

      Ends with status 0 if every run had answers, 2 for wrong input, 3 if the store was not available.""";

  /** Which keys and values there are. */
  record Keys(int count, int valueBytes, Workload.Distribution distribution) {}

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

  /** How many runs there will be, without those of the echo. */
  int runs() {
    return rounds * operations.size() * throughs.size() * paces.size() * systems.size();
  }

  static BenchOptions parse(List<String> args) throws WrongInputException {
    CommandLine line = ClientOptions.line(args, options());
    List<String> words = line.getArgList();
    if (words.size() > 1) {
      throw new WrongInputException("'" + words.get(1) + "' is one argument too many");
    }
    String word = words.isEmpty() ? "put" : words.get(0).toLowerCase(Locale.ROOT);
    boolean echoAlone = word.equals("echo");
    List<Operation> operations = new ArrayList<>();
    for (String each : echoAlone ? List.of("put") : List.of(word.split(",", -1))) {
      operations.add(choice("the call", each, Operation.class));
    }
    Echo echo =
        line.hasOption("echo-here")
            ? Echo.SAME_PROCESS
            : echoAlone || line.hasOption("echo") ? Echo.OWN_PROCESS : Echo.NONE;
    List<Through> throughs = new ArrayList<>();
    for (String each : line.getOptionValue("through", "all").split(",", -1)) {
      throughs.add(choice("--through", each, Through.class));
    }
    return new BenchOptions(
        line.hasOption("help"),
        operations,
        echoAlone ? List.of() : systems(line),
        throughs,
        paces(line),
        number(line, "channels", 2),
        new Keys(
            number(line, "keys", 10_000),
            number(line, "value-size", 256),
            choice(
                "--distribution",
                line.getOptionValue("distribution", "uniform"),
                Workload.Distribution.class)),
        Math.min(100, number(line, "reads", 50)),
        seconds(line, "warm-up", "5"),
        seconds(line, "duration", "10"),
        number(line, "rounds", 1),
        line.hasOption("warm-systems") ? seconds(line, "warm-systems", "") : Duration.ZERO,
        echo,
        Path.of(line.getOptionValue("json", "target/bench.json")),
        Optional.ofNullable(line.getOptionValue("figures")).map(Path::of),
        Optional.ofNullable(line.getOptionValue("section")),
        Optional.ofNullable(line.getOptionValue("conditions")).map(Path::of));
  }

  private static <E extends Enum<E>> E choice(String what, String text, Class<E> type)
      throws WrongInputException {
    List<String> words = new ArrayList<>();
    for (E each : type.getEnumConstants()) {
      if (each.name().equalsIgnoreCase(text)) {
        return each;
      }
      words.add(each.name().toLowerCase(Locale.ROOT));
    }
    throw new WrongInputException(
        what + " is one of " + String.join(", ", words) + ", not '" + text + "'");
  }

  private static List<BenchSystem> systems(CommandLine line) throws WrongInputException {
    String[] given = line.getOptionValues("system");
    if (given == null) {
      return List.of(
          new BenchSystem(
              "store", BenchSystem.Kind.SYNOD, servers(line), numbers(line, "pids", "")));
    }
    List<BenchSystem> systems = new ArrayList<>();
    for (String each : given) {
      systems.add(BenchSystem.parse(each));
    }
    return systems;
  }

  private static List<Pace> paces(CommandLine line) throws WrongInputException {
    List<Pace> paces = new ArrayList<>();
    boolean open = line.hasOption("rate");
    for (long outstanding : numbers(line, "outstanding", open ? "" : "1,64,256")) {
      paces.add(new Pace(Pace.Kind.CLOSED, Math.toIntExact(outstanding)));
    }
    boolean closed = !paces.isEmpty();
    List<String> rates = new ArrayList<>();
    for (String each : line.getOptionValue("rate", "").split(",", -1)) {
      if (!each.trim().equals("half")) {
        rates.add(each);
      } else if (closed) {
        paces.add(new Pace(Pace.Kind.HALF, 0));
      } else {
        throw new WrongInputException("--rate half needs --outstanding, to know the whole");
      }
    }
    for (long rate : numbers("rate", String.join(",", rates))) {
      paces.add(new Pace(Pace.Kind.OPEN, Math.toIntExact(rate)));
    }
    return paces;
  }

  private static Duration seconds(CommandLine line, String option, String otherwise)
      throws WrongInputException {
    return ClientOptions.seconds("--" + option, line.getOptionValue(option, otherwise));
  }

  private static List<ServerAddress> servers(CommandLine line) throws WrongInputException {
    try {
      return ServerAddress.parseList(line.getOptionValue("servers", "localhost:8000"));
    } catch (IllegalArgumentException e) {
      throw new WrongInputException(String.valueOf(e.getMessage()), e);
    }
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
    return numbers(option, line.getOptionValue(option, otherwise));
  }

  private static List<Long> numbers(String option, String text) throws WrongInputException {
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
            "distribution",
            "rate",
            "system",
            "figures",
            "section",
            "conditions",
            "reads",
            "warm-up",
            "duration",
            "rounds",
            "warm-systems",
            "pids",
            "json")) {
      options.addOption(Option.builder().longOpt(name).hasArg().get());
    }
    return options;
  }
}
