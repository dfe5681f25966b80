package io.synod.server;

import io.synod.paxos.Address;
import io.synod.server.CommandLineReader.Wish;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Reads the options with which no server runs: those that look at files, and make some. */
final class OfflineReader {
  /** Each option and what it is for; all take a value. */
  private static final Map<String, String> OPTIONS =
      new TreeMap<>(
          Map.of(
              "inspect", "PATH: says what a data directory or a backup holds, changing nothing",
              "backup-of", "DIR: with --to FILE, a backup of a data directory whose server is gone",
              "to", "FILE: see --backup-of",
              "restore",
                  "FILE: with --into DIR, makes a new cluster's data directories of a backup, each"
                      + " DIR/<client port>; with --storage rocksdb also of one larger than memory",
              "into", "DIR: see --restore",
              "members",
                  "LIST: the new cluster's servers, each CONSENSUS/CLIENT as in"
                      + " localhost:9000/localhost:8000; those that were voters if left out",
              "only", "I: of the members only this one, by its place; the others are elsewhere",
              "token",
                  "TEXT: with --only, on the other machines what the first one printed; never one that was"
                      + " used before"));

  private static final String STORAGE = "storage";

  private final CommandLine line;

  private OfflineReader(CommandLine line) {
    this.line = line;
  }

  static void addTo(Options options) {
    OPTIONS
        .keySet()
        .forEach(name -> options.addOption(Option.builder().longOpt(name).hasArg().get()));
  }

  /** The options and what they are for, each without the dashes. */
  static Map<String, String> help() {
    return OPTIONS;
  }

  /** What they ask for; none if there are none of them. */
  static Optional<Wish> read(CommandLine line) throws BadConfigurationException {
    return new OfflineReader(line).read();
  }

  private Optional<Wish> read() throws BadConfigurationException {
    if (OPTIONS.keySet().stream().noneMatch(line::hasOption)) {
      return Optional.empty();
    }
    String verb = verb();
    if (!line.getArgList().isEmpty()) {
      throw new BadConfigurationException(
          "--" + verb + " takes no configuration, as " + line.getArgList());
    }
    return Optional.of(
        switch (verb) {
          case "inspect" -> {
            goesWith();
            yield new Wish.Inspect(path("inspect"));
          }
          case "backup-of" -> {
            goesWith("to");
            yield new Wish.Backup(path("backup-of"), path("to"));
          }
          default -> restore();
        });
  }

  /** The option that says what to do. */
  private String verb() throws BadConfigurationException {
    List<String> verbs =
        List.of("inspect", "backup-of", "restore").stream().filter(line::hasOption).toList();
    if (verbs.size() != 1) {
      throw new BadConfigurationException(
          verbs.isEmpty()
              ? "--" + line.getOptions()[0].getLongOpt() + " goes with --restore or --backup-of"
              : "--" + verbs.get(0) + " and --" + verbs.get(1) + " do not go together");
    }
    return verbs.get(0);
  }

  private void goesWith(String... others) throws BadConfigurationException {
    List<String> may = new ArrayList<>(List.of(others));
    may.add(verb());
    for (Option each : line.getOptions()) {
      String name = each.getLongOpt();
      if (!may.contains(name) || line.getOptionValues(name).length > 1) {
        throw new BadConfigurationException(
            "--"
                + name
                + " does not go with --"
                + verb()
                + ", or not twice; --help lists all options");
      }
    }
  }

  private Wish restore() throws BadConfigurationException {
    goesWith("into", "members", "only", "token", STORAGE);
    OptionalInt only = OptionalInt.empty();
    if (line.hasOption("only")) {
      String text = line.getOptionValue("only");
      if (!text.matches("[0-9]{1,4}")) {
        throw new BadConfigurationException(
            "--only " + text + ": the place of one of the members, from 0 on");
      }
      only = OptionalInt.of(Integer.parseInt(text));
    }
    String token = line.getOptionValue("token", UUID.randomUUID().toString());
    return new Wish.Restore(
        path("restore"), new Restore.Plan(path("into"), members(), only, token, storage()));
  }

  /** An option of a server, too. */
  private Configuration.Storage storage() throws BadConfigurationException {
    String text = line.getOptionValue(STORAGE, "heap").toLowerCase(Locale.ROOT);
    return switch (text) {
      case "heap" -> Configuration.Storage.HEAP;
      case "rocksdb" -> Configuration.Storage.ROCKSDB;
      default ->
          throw new BadConfigurationException(
              "--storage " + text + ": what is restored is of storage heap or rocksdb");
    };
  }

  private List<Restore.Seat> members() throws BadConfigurationException {
    List<Restore.Seat> seats = new ArrayList<>();
    if (!line.hasOption("members")) {
      return seats;
    }
    for (String each : line.getOptionValue("members").split(",", -1)) {
      String[] two = each.strip().split("/", -1);
      try {
        if (two.length != 2) {
          throw new IllegalArgumentException("not two addresses");
        }
        seats.add(new Restore.Seat(Address.parse(two[0]), Address.parse(two[1])));
      } catch (IllegalArgumentException e) {
        throw new BadConfigurationException(
            "--members: '"
                + each
                + "' is no CONSENSUS/CLIENT, as localhost:9000/localhost:8000 is: "
                + e.getMessage(),
            e);
      }
    }
    return seats;
  }

  private Path path(String option) throws BadConfigurationException {
    String text = line.getOptionValue(option);
    if (text == null || text.isEmpty()) {
      throw new BadConfigurationException("--" + verb() + " goes with --" + option);
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new BadConfigurationException("--" + option + " " + text + ": " + e.getMessage(), e);
    }
  }
}
