package io.synod.server;

import io.synod.proto.ServerConfig;
import io.synod.text.Nearest;
import io.synod.text.Version;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/**
 * Reads the arguments of a server: one text-format argument or {@code --config FILE}, and options,
 * which win.
 */
final class CommandLineReader {
  private static final String SEE = "; --help lists all options";

  private static final int HELP_WIDTH = 98;
  private static final int HELP_INDENT = 31;

  private CommandLineReader() {}

  /** What the arguments ask for. */
  sealed interface Wish {
    /** To run a server. */
    record Run(Configuration configuration) implements Wish {}

    /** To say that this configuration can be read, and end. */
    record Check(Configuration configuration) implements Wish {}

    /** To print what a data directory or a backup holds, and end. */
    record Inspect(Path path) implements Wish {}

    /** To write a backup of a data directory, and end. */
    record Backup(Path directory, Path file) implements Wish {}

    /** To make data directories of a backup, and end. */
    record Restore(Path backup, io.synod.server.Restore.Plan plan) implements Wish {}

    /**
     * To print this and end.
     *
     * @param asked whether that is what the arguments say; they lack everything otherwise
     */
    record Print(String text, boolean asked) implements Wish {}
  }

  /**
   * Reads them.
   *
   * @param home the project's folder, in which data is kept unless the configuration says where
   */
  static Wish read(List<String> arguments, Optional<Path> home) throws BadConfigurationException {
    CommandLine line = parse(arguments);
    if (line.hasOption("version")) {
      return new Wish.Print(Version.line() + System.lineSeparator(), /* asked= */ true);
    }
    if (line.hasOption("help") || arguments.isEmpty()) {
      return new Wish.Print(help(), line.hasOption("help"));
    }
    Optional<Wish> offline = OfflineReader.read(line);
    if (offline.isPresent()) {
      return offline.get();
    }
    ServerConfig.Builder config = base(line).toBuilder();
    for (Setting setting : Setting.values()) {
      String[] values = line.getOptionValues(setting.optionName());
      if (setting.isFlag() && line.hasOption(setting.optionName())) {
        config.setField(setting.field(), true);
      } else if (values != null) {
        ConfigurationText.set(config, setting, List.of(values));
      }
    }
    Configuration configuration = new ConfigurationReader(config.build(), home).read();
    return line.hasOption("check") ? new Wish.Check(configuration) : new Wish.Run(configuration);
  }

  private static ServerConfig base(CommandLine line) throws BadConfigurationException {
    List<String> texts = line.getArgList();
    String[] files = line.getOptionValues("config");
    if (texts.size() > 1) {
      throw new BadConfigurationException(
          "there are "
              + texts.size()
              + " arguments, '"
              + texts.get(1)
              + "' among them: give the configuration's text as one, in quotes"
              + SEE);
    }
    if (files != null && (files.length > 1 || !texts.isEmpty())) {
      throw new BadConfigurationException(
          "the configuration is given twice: give either one text argument or one --config FILE; options add to it");
    }
    if (files != null) {
      return file(files[0]);
    }
    return texts.isEmpty()
        ? ServerConfig.getDefaultInstance()
        : ConfigurationText.parse(texts.get(0), "the argument");
  }

  private static ServerConfig file(String name) throws BadConfigurationException {
    String text;
    try {
      Path file = Path.of(name);
      if (Files.isDirectory(file)) {
        throw new BadConfigurationException(
            "--config: " + name + " is a folder: name a file with the configuration's text");
      }
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new BadConfigurationException("--config: there is no file " + name, e);
    } catch (AccessDeniedException e) {
      throw new BadConfigurationException("--config: this user may not read " + name, e);
    } catch (CharacterCodingException e) {
      throw new BadConfigurationException("--config: " + name + " is no text in UTF-8", e);
    } catch (IOException | InvalidPathException e) {
      throw new BadConfigurationException(
          "--config: the file " + name + " cannot be read (" + e.getClass().getSimpleName() + ")",
          e);
    }
    return ConfigurationText.parse(text, name);
  }

  private static CommandLine parse(List<String> arguments) throws BadConfigurationException {
    try {
      return DefaultParser.builder()
          .setAllowPartialMatching(false)
          .setStripLeadingAndTrailingQuotes(false)
          .get()
          .parse(
              options(),
              arguments.stream().map(CommandLineReader::withDashes).toArray(String[]::new));
    } catch (UnrecognizedOptionException e) {
      List<String> known =
          options().getOptions().stream().map(option -> "--" + option.getLongOpt()).toList();
      throw new BadConfigurationException(
          "there is no option " + e.getOption() + Nearest.question(e.getOption(), known) + SEE, e);
    } catch (MissingArgumentException e) {
      throw new BadConfigurationException(
          "--" + e.getOption().getLongOpt() + " wants a value" + SEE, e);
    } catch (ParseException e) {
      throw new BadConfigurationException(e.getMessage() + SEE, e);
    }
  }

  /** {@code --my_addr} is the same as {@code --my-addr}: people copy the names of fields. */
  private static String withDashes(String argument) {
    if (!argument.startsWith("--")) {
      return argument;
    }
    int end = argument.indexOf('=') < 0 ? argument.length() : argument.indexOf('=');
    return argument.substring(0, end).replace('_', '-') + argument.substring(end);
  }

  private static Options options() {
    Options options = new Options();
    options.addOption(Option.builder("h").longOpt("help").get());
    options.addOption(Option.builder().longOpt("config").hasArg().get());
    options.addOption(Option.builder().longOpt("check").get());
    options.addOption(Option.builder().longOpt("version").get());
    OfflineReader.addTo(options);
    for (Setting setting : Setting.values()) {
      options.addOption(
          Option.builder().longOpt(setting.optionName()).hasArg(!setting.isFlag()).get());
    }
    return options;
  }

  /** An option on a line or several. */
  private static void explain(List<String> lines, String option, String help) {
    String head = String.format("  --%-26s ", option);
    StringBuilder line = new StringBuilder(head.length() > HELP_INDENT ? head + " " : head);
    for (String word : help.split(" ", -1)) {
      if (line.length() + word.length() > HELP_WIDTH) {
        lines.add(line.toString().stripTrailing());
        line = new StringBuilder(" ".repeat(HELP_INDENT));
      }
      line.append(word).append(' ');
    }
    lines.add(line.toString().stripTrailing());
  }

  static String help() {
    List<String> lines = new ArrayList<>();
    Collections.addAll(
        lines,
        "One server of a replicated key-value store.",
        "",
        "  ./server \"my_addr:'0.0.0.0:8000' my_paxos:'0.0.0.0:9000' replica:'0.0.0.0:9000' ...\"",
        "  ./server --config FILE",
        "  ./server --my-addr localhost:8000 --my-paxos localhost:9000 --replica localhost:9000,...",
        "",
        "The argument and FILE hold the same fields, in protobuf text format; options win over both.",
        "my_addr, my_paxos and the replicas must be there, all else may be left out:",
        "");
    for (Setting setting : Setting.values()) {
      explain(lines, (setting.optionName() + " " + setting.argument()).strip(), setting.help());
    }
    Collections.addAll(
        lines,
        String.format("  --%-26s %s", "config FILE", "a file of fields"),
        String.format(
            "  --%-26s %s",
            "check", "says whether all of that can be read, and ends: no server runs"),
        String.format(
            "  --%-26s %s", "version", "says which version this is, on which JDK, and ends"),
        String.format("  --%-26s %s", "help", "this text"),
        "",
        "With these no server runs; scripts/backup.sh and scripts/restore.sh use them:",
        "");
    OfflineReader.help()
        .forEach(
            (option, help) -> {
              int end = help.indexOf(':');
              explain(lines, option + " " + help.substring(0, end), help.substring(end + 2));
            });
    Collections.addAll(
        lines,
        "",
        "Ends with status 0 after a signal, 1 if a port or folder cannot be used, 2 for a wrong",
        "configuration, 3 if the heap is full, 70 for an error of its own, 74 if the disk fails.",
        "--inspect: 0 whole, 1 damaged; --restore and --backup-of: 0 done, 1 not, and nothing made;",
        "--backup-of: 5 made, without what the directory has lost to damage.",
        "");
    return String.join(System.lineSeparator(), lines);
  }
}
