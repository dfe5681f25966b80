package io.synod.cli;

import java.util.List;

/** Fills the store with a few pairs and shows the verbs. */
final class Demo {
  private static final List<String> LINES =
      List.of(
          "PUT greeting \"hello there\"",
          "GET greeting",
          "PUT mercury 88",
          "PUT venus 225",
          "PUT earth 365",
          "PUT mars 687",
          "GET mars",
          "PUT pluto 90560",
          "DELETE pluto",
          "GET pluto",
          "STATUS");

  private Demo() {}

  /** Runs it. A key that is not found is part of it. */
  static ExitStatus run(CommandRunner runner, Output output) {
    for (String line : LINES) {
      output.text("> " + line);
      if (runner.run(line).compareTo(ExitStatus.NOT_FOUND) > 0) {
        return runner.worst();
      }
    }
    return ExitStatus.DONE;
  }
}
