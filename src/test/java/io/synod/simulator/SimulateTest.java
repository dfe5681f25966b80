package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The command line; {@code io.synod.mutants.ShrunkRunTest} has a seed at which something is wrong.
 */
class SimulateTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... arguments) throws IOException, InterruptedException {
    return Simulate.run(
        List.of(arguments),
        new PrintStream(out, /* autoFlush= */ true, StandardCharsets.UTF_8),
        new PrintStream(err, /* autoFlush= */ true, StandardCharsets.UTF_8));
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8);
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        bad("nothing to do"),
        bad("nothing to do", "--light", "--quiet"),
        bad("there is no option --sed", "--sed", "1"),
        bad("there is no option 7", "7"),
        bad("--seed wants a value", "--light", "--seed"),
        bad("--seed wants a whole number, not one", "--seed", "one"),
        bad("--seeds wants a whole number, not 1.5", "--seeds", "1.5"),
        bad("--seeds wants more than 0", "--seeds", "0"),
        bad("--minutes wants a number, not long", "--minutes", "long"),
        bad("--minutes wants more than 0", "--minutes", "-1"),
        bad("--minutes wants more than 0", "--minutes", "NaN"),
        bad("--until wants more than 0", "--seed", "1", "--until", "-5"),
        bad("--window wants a value", "--seed", "1", "--window"),
        bad("there is no fault LUCK; there are [LOSS, ", "--seed", "1", "--without", "LUCK"),
        bad("there is no fault ; there are", "--seed", "1", "--without", "LOSS,"),
        bad("--html draws one seed: --seed is missing", "--seeds", "3", "--html", "f.html"));
  }

  private static Arguments bad(String why, String... arguments) {
    return Arguments.of(why, arguments);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void optionsThatMakeNoSenseAreNamedAndRunNothing(String why, String[] arguments)
      throws IOException, InterruptedException {
    assertEquals(2, run(arguments));
    String message = err.toString(StandardCharsets.UTF_8);
    assertTrue(message.startsWith("simulate: " + why), message);
    assertTrue(message.contains("usage: scripts/simulate"), message);
    assertEquals("", said());
  }

  private static String shortSeed(boolean light) {
    return (light ? "--light " : "") + "--seed 12 --until 500 --without LOST_DISK";
  }

  @Test
  void theTraceOfASeedHasALineAnEvent() throws IOException, InterruptedException {
    assertEquals(0, run(shortSeed(true).split(" ", -1)));
    Swarm swarm = new Simulate.Options(List.of(shortSeed(true).split(" ", -1))).run(12).swarm();
    List<String> lines = said().lines().toList();
    assertEquals(swarm.toString(), lines.get(0));
    assertEquals(Trace.HEADER, lines.get(1));
    Outcome outcome = new Simulate.Run(swarm, true).result(true).outcome();
    assertEquals(
        outcome.trace().stream().map(Trace.Event::line).toList(),
        lines.subList(2, lines.size() - 1));
    String last = lines.get(lines.size() - 1);
    assertTrue(last.startsWith(String.format("trace hash %016x, ", outcome.traceHash())), last);
    assertFalse(swarm.has(Fault.LOST_DISK));
    assertEquals(500 * Swarm.MILLI, swarm.faultsEndNanos);
  }

  @Test
  void quietLeavesTheResultOnly() throws IOException, InterruptedException {
    assertEquals(0, run((shortSeed(true) + " --quiet").split(" ", -1)));
    assertEquals(2, said().lines().count(), this::said);
  }

  @Test
  void aPictureIsWrittenInPlaceOfTheTrace(@TempDir Path folder)
      throws IOException, InterruptedException {
    Path picture = folder.resolve("seed.html");
    assertEquals(0, run((shortSeed(false) + " --html " + picture).split(" ", -1)));
    assertTrue(said().contains("picture: " + picture), this::said);
    assertEquals(3, said().lines().count(), this::said);
    assertTrue(Files.readString(picture).startsWith("<!DOCTYPE html>"));
  }

  @Test
  void manySeedsAreCounted() throws IOException, InterruptedException {
    assertEquals(0, run("--light", "--seeds", "3", "--first", "5", "--until", "200"));
    assertTrue(said().contains(": 3 seeds, 0 failed, "), this::said);
    assertTrue(said().contains("  notice."), this::said);
  }
}
