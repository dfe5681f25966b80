package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The prompt in a process of its own, on a terminal that {@code script} makes. */
@Timeout(60)
class PromptTest {
  private static final Path SCRIPT = Path.of("/usr/bin/script");
  private static final String LEFT = "\u0002";

  @TempDir private Path folder = Path.of("");

  private Process start(Path temporary, Path said) throws IOException {
    assumeTrue(Files.isExecutable(SCRIPT), "there is nothing to make a terminal with");
    String java =
        String.join(
            " ",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dsynod.terminal=true",
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            ClientMain.class.getName(),
            "localhost:1");
    ProcessBuilder builder =
        new ProcessBuilder(
            SCRIPT.toString(),
            "-q",
            "-e",
            "-c",
            "stty rows 24 cols 80 && exec " + java,
            "/dev/null");
    builder.environment().put("TERM", "xterm");
    builder.environment().put("HOME", folder.toString());
    return builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
  }

  @Test
  void whatIsTypedWhileItStartsIsNotLost() throws Exception {
    Path said = folder.resolve("said");
    Process process = start(folder, said);
    try {
      type(process.getOutputStream(), said, "", "HELP\rEXIT\r");
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> "it does not end: " + text(said));
      assertEquals(0, process.exitValue(), () -> text(said));
      assertTrue(text(said).contains("so does Ctrl-D"), () -> text(said));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void editsLinesAndLeavesNoFileBehind() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Path said = folder.resolve("said");
    Process process = start(temporary, said);
    try {
      OutputStream keys = process.getOutputStream();
      type(keys, said, "synod> ", "heplp" + LEFT + LEFT + "\b\r");
      type(keys, said, "so does Ctrl-D", "EXIT\r");
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> "it does not end: " + text(said));
      assertEquals(0, process.exitValue(), () -> text(said));
    } finally {
      process.destroyForcibly();
    }
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
  }

  /** Types once the terminal shows this. */
  private static void type(OutputStream keys, Path said, String prompt, String typed)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!text(said).contains(prompt)) {
      assertTrue(System.nanoTime() < end, () -> prompt + " is not in: " + text(said));
      Thread.sleep(20);
    }
    keys.write(typed.getBytes(StandardCharsets.UTF_8));
    keys.flush();
  }

  private static String text(Path said) {
    try {
      return Files.readString(said);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
