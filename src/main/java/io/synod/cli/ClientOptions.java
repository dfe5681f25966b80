package io.synod.cli;

import io.synod.client.ClientSettings;
import io.synod.client.ReadMode;
import io.synod.client.Retries;
import io.synod.client.ServerAddress;
import io.synod.text.Nearest;
import io.synod.text.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/**
 * What the client was called with.
 *
 * @param commands to carry out instead of reading any
 * @param raw whether only the bytes of values are printed
 * @param asked what to print instead of doing anything, if that is asked for
 */
record ClientOptions(
    ClientSettings settings,
    List<String> commands,
    boolean demo,
    boolean raw,
    Optional<String> asked) {
  /** What a verb never takes as a word of its own. */
  private static final Pattern OWN_OPTION =
      Pattern.compile("--(raw|local|lease|retry|help|version)|-h|--timeout=.*");

  private static final double LONGEST_SECONDS = 86_400;

  /** Of the environment: not among the arguments, which all users of a machine can see. */
  private static final String TOKEN = "SYNOD_CLUSTER_TOKEN";

  static ClientOptions parse(List<String> args) throws WrongInputException {
    CommandLine line = line(withoutAdmin(args), options());
    List<String> servers = line.getArgList();
    if (servers.size() > 1) {
      throw new WrongInputException(
          "'"
              + servers.get(1)
              + "' is one argument too many: give servers as one, with commas, and commands with -c");
    }
    String[] commands = line.getOptionValues("command");
    if (commands != null && line.hasOption("demo")) {
      throw new WrongInputException("--demo brings its own commands");
    }
    return new ClientOptions(
        settings(
            line, servers.isEmpty() ? "localhost:" + ServerAddress.USUAL_PORT : servers.get(0)),
        commands == null ? List.of() : List.of(commands),
        line.hasOption("demo"),
        line.hasOption("raw"),
        asked(line));
  }

  private static Optional<String> asked(CommandLine line) {
    if (line.hasOption("version")) {
      return Optional.of(Version.line());
    }
    return line.hasOption("help") ? Optional.of(Help.USAGE) : Optional.empty();
  }

  /**
   * {@code admin [SERVERS] VERB ...} is {@code [SERVERS] -c "VERB ..."}; options may stand
   * anywhere.
   */
  private static List<String> withoutAdmin(List<String> args) throws WrongInputException {
    int at = args.indexOf("admin");
    if (at < 0 || (at > 0 && args.get(at - 1).matches("-c|--command|--timeout"))) {
      return args;
    }
    List<String> plain = new ArrayList<>(args.subList(0, at));
    List<String> words = args.subList(at + 1, args.size());
    boolean named =
        !words.isEmpty() && !words.get(0).startsWith("-") && !isMeantAsVerb(words.get(0));
    if (named) {
      plain.add(words.get(0));
    }
    List<String> command = new ArrayList<>();
    for (int i = named ? 1 : 0; i < words.size(); i++) {
      String word = words.get(i);
      if (OWN_OPTION.matcher(word).matches()) {
        plain.add(word);
      } else if (word.equals("--timeout") && i + 1 < words.size()) {
        plain.addAll(words.subList(i, i + 2));
        i++;
      } else {
        command.add(word);
      }
    }
    if (command.isEmpty() && Collections.disjoint(plain, List.of("--help", "-h", "--version"))) {
      throw new WrongInputException("admin wants a verb: ./client admin localhost:8000 MEMBERS");
    }
    if (!command.isEmpty()) {
      plain.add("--command");
      plain.add(String.join(" ", command));
    }
    return plain;
  }

  /** Also one that was mistyped, unless it has a port. */
  private static boolean isMeantAsVerb(String word) {
    return CommandParser.VERBS.contains(word.toUpperCase(Locale.ROOT))
        || (!word.contains(":") && CommandParser.meant(word).isPresent());
  }

  private static ClientSettings settings(CommandLine line, String servers)
      throws WrongInputException {
    ClientSettings settings;
    try {
      settings = ClientSettings.usual(ServerAddress.parseList(servers));
    } catch (IllegalArgumentException e) {
      throw new WrongInputException(e.getMessage() == null ? servers : e.getMessage(), e);
    }
    if (line.hasOption("timeout")) {
      settings = settings.withDeadline(seconds("--timeout", line.getOptionValue("timeout")));
    }
    if (line.hasOption("local") && line.hasOption("lease")) {
      throw new WrongInputException("--local and --lease: a read is one or the other");
    }
    if (line.hasOption("local")) {
      settings = settings.withReadMode(ReadMode.LOCAL);
    } else if (line.hasOption("lease")) {
      settings = settings.withReadMode(ReadMode.LEASE);
    }
    if (line.hasOption("retry")) {
      settings = settings.withRetries(Retries.UNTIL_DEADLINE);
    }
    String token = System.getenv(TOKEN);
    return token == null || token.isEmpty() ? settings : settings.withClusterToken(token);
  }

  /** Seconds as a person writes them. */
  static Duration seconds(String option, String text) throws WrongInputException {
    try {
      double seconds = Double.parseDouble(text);
      if (seconds >= 0.001 && seconds <= LONGEST_SECONDS) {
        return Duration.ofMillis(Math.round(seconds * 1_000));
      }
    } catch (NumberFormatException e) {
      throw new WrongInputException(option + " takes seconds, not '" + text + "'", e);
    }
    throw new WrongInputException(option + " takes 0.001 to 86400 seconds, not " + text);
  }

  private static Options options() {
    Options options = new Options();
    options.addOption(Option.builder("c").longOpt("command").hasArg().get());
    options.addOption(Option.builder("h").longOpt("help").get());
    options.addOption(Option.builder().longOpt("timeout").hasArg().get());
    for (String flag : List.of("demo", "lease", "local", "raw", "retry", "version")) {
      options.addOption(Option.builder().longOpt(flag).get());
    }
    return options;
  }

  /** Parses, with messages of our own. */
  static CommandLine line(List<String> args, Options options) throws WrongInputException {
    try {
      return DefaultParser.builder()
          .setAllowPartialMatching(false)
          .setStripLeadingAndTrailingQuotes(false)
          .get()
          .parse(options, args.toArray(String[]::new));
    } catch (UnrecognizedOptionException e) {
      List<String> known =
          options.getOptions().stream().map(option -> "--" + option.getLongOpt()).toList();
      throw new WrongInputException(
          "there is no option " + e.getOption() + Nearest.question(e.getOption(), known), e);
    } catch (MissingArgumentException e) {
      Option option = e.getOption();
      throw new WrongInputException("--" + option.getLongOpt() + " wants a value", e);
    } catch (ParseException e) {
      throw new WrongInputException(String.valueOf(e.getMessage()), e);
    }
  }

  Output.Style style(boolean terminal) {
    if (raw) {
      return Output.Style.RAW;
    } else if (!terminal) {
      return Output.Style.LINES;
    }
    return System.getenv("NO_COLOR") == null ? Output.Style.COLOURS : Output.Style.TERMINAL;
  }
}
