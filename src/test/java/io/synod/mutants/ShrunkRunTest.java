package io.synod.mutants;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the simulator says of a seed at which it finds a defect: a smaller run that finds it too.
 */
class ShrunkRunTest {
  private static final String MUTANT = "BallotOfAnEarlierRun";
  private static final Pattern REPLAY =
      Pattern.compile(
          "replay: scripts/simulate (--light --seed \\d+ --without (\\S+) --until (\\d+))");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private static Method method(ClassLoader loader, String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    Method method =
        loader.loadClass("io.synod.simulator.Simulate").getDeclaredMethod(name, parameters);
    method.setAccessible(true);
    return method;
  }

  private int simulate(ClassLoader loader, List<String> arguments)
      throws ReflectiveOperationException {
    out.reset();
    PrintStream stream = new PrintStream(out, /* autoFlush= */ true, StandardCharsets.UTF_8);
    return (int)
        method(loader, "run", List.class, PrintStream.class, PrintStream.class)
            .invoke(null, arguments, stream, stream);
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theReplayFailsAlikeWithFewerFaultsThatEndEarlier() throws Exception {
    Mutant mutant =
        Catalogue.all().stream()
            .filter(each -> each.name().equals(MUTANT))
            .findFirst()
            .orElseThrow();
    KillTable.Kill kill = Objects.requireNonNull(KillTable.read().get(MUTANT));
    ClassLoader broken = new MutantLoader(MutantCompiler.compile(mutant));
    long seed = kill.seeds().get(0);
    Throwable thrown =
        assertThrows(
                InvocationTargetException.class,
                () -> method(broken, "light", long.class).invoke(null, seed))
            .getCause();
    String message = String.valueOf(Objects.requireNonNull(thrown).getMessage());
    Matcher replay = REPLAY.matcher(message);
    assertTrue(replay.find(), message);
    List<String> arguments = new ArrayList<>(List.of(replay.group(1).split(" ", -1)));
    arguments.add("--quiet");

    assertEquals(1, simulate(broken, arguments), this::said);
    assertTrue(said().contains(kill.invariant()), this::said);
    List<String> left = faults(said());
    List<String> before = faults(message);
    assertTrue(left.size() < before.size(), message);
    assertEquals(before.size() - left.size(), replay.group(2).split(",", -1).length);
    assertTrue(Long.parseLong(replay.group(3)) <= until(message) / 2, message);

    assertEquals(0, simulate(new MutantLoader(Map.of()), arguments), this::said);
    List<String> soak = List.of("--light", "--seeds", "1", "--first", Long.toString(seed));
    assertEquals(1, simulate(broken, soak), this::said);
    assertTrue(said().contains(replay.group()), this::said);
  }

  private static List<String> faults(String text) {
    return List.of(found("faults until \\d+ ms: \\[(.*)\\]", text).split(", ", -1));
  }

  private static long until(String text) {
    return Long.parseLong(found("faults until (\\d+) ms", text));
  }

  private static String found(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }
}
