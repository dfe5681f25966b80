package io.synod.spec;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs TLC on one configuration of the specification, in a process of its own with bounded memory
 * and time: TLC ends the process that it runs in.
 */
final class ModelChecker {
  /** The specification, relative to the project, where Maven runs the tests. */
  static final Path SPECIFICATION = Path.of("docs", "spec");

  private static final long TIMEOUT_SECONDS = 300;
  private static final Pattern DISTINCT =
      Pattern.compile("^\\d+ states generated, (\\d+) distinct states found", Pattern.MULTILINE);
  private static final Pattern VIOLATED =
      Pattern.compile(
          "^Error: (?:Invariant|Action property) (\\w+) is violated", Pattern.MULTILINE);
  private static final Pattern INVARIANTS =
      Pattern.compile("^INVARIANTS.*?^CHECK_DEADLOCK", Pattern.MULTILINE | Pattern.DOTALL);

  private ModelChecker() {}

  /**
   * What a run came to.
   *
   * @param holds all states were visited and nothing was violated
   * @param violated the invariant that was
   * @param distinctStates how many were found until then
   * @param report all that TLC printed
   */
  record Outcome(boolean holds, Optional<String> violated, long distinctStates, String report) {}

  /** Checks a model as it is written. */
  static Outcome check(String model) throws IOException, InterruptedException {
    return run(model, configuration(model), List.of());
  }

  /** Checks nothing but {@code invariant} in a model with a planted defect. */
  static Outcome checkMutant(String mutant, String model, String invariant)
      throws IOException, InterruptedException {
    String configuration =
        configuration(model).replace("Mutant = \"none\"", "Mutant = \"" + mutant + "\"");
    configuration =
        INVARIANTS
            .matcher(configuration)
            .replaceFirst("INVARIANTS " + invariant + "\nCHECK_DEADLOCK");
    // The runs are short: the second compiler would cost more than it gains.
    return run("mutant-" + mutant, configuration, List.of("-XX:TieredStopAtLevel=1"));
  }

  private static String configuration(String model) throws IOException {
    return Files.readString(SPECIFICATION.resolve(model + ".cfg"));
  }

  private static Outcome run(String name, String configuration, List<String> jvm)
      throws IOException, InterruptedException {
    Path folder = Path.of("target", "spec-test", name).toAbsolutePath();
    prepare(folder, configuration);
    Path report = folder.resolve("tlc.log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC"));
    command.addAll(jvm);
    command.addAll(List.of("-Djava.io.tmpdir=" + folder, "-cp", tlc().toString(), "tlc2.TLC"));
    command.addAll(List.of("-workers", "1", "-config", "run.cfg", "SynodModels.tla"));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(report.toFile())
            .start();
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            name + " not finished in " + TIMEOUT_SECONDS + " s:\n" + Files.readString(report));
      }
    } finally {
      process.destroyForcibly();
    }
    return outcome(process.exitValue(), Files.readString(report));
  }

  private static Outcome outcome(int status, String report) {
    Matcher violated = VIOLATED.matcher(report);
    Matcher distinct = DISTINCT.matcher(report);
    long states = 0;
    while (distinct.find()) {
      states = Long.parseLong(distinct.group(1));
    }
    boolean holds =
        status == 0 && report.contains("Model checking completed. No error has been found.");
    return new Outcome(
        holds, violated.find() ? Optional.of(violated.group(1)) : Optional.empty(), states, report);
  }

  private static void prepare(Path folder, String configuration) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> old = Files.walk(folder)) {
        old.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
    }
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("run.cfg"), configuration);
    for (String module : List.of("Synod.tla", "SynodModels.tla")) {
      Files.copy(SPECIFICATION.resolve(module), folder.resolve(module));
    }
  }

  /**
   * The jar that TLC is in; it is on the tests' class path, and is not loaded into this process.
   */
  private static Path tlc() {
    try {
      Class<?> entry = Class.forName("tlc2.TLC", false, ModelChecker.class.getClassLoader());
      return Path.of(entry.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (ClassNotFoundException | URISyntaxException e) {
      throw new IllegalStateException("TLC is not on the class path", e);
    }
  }
}
