package io.synod.simulator.checker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Histories as text: what is written is read again, and what is no history is refused. */
class HistoryFileTest {
  private static final String GOOD =
      """
      # a comment
      10 a invoke PUT k v1
      20 b invoke GET k
      30 a ok PUT k

      40 b ok GET k v1
      """;

  private static final String BAD =
      """
      10 a invoke PUT k v1
      20 a ok PUT k
      30 a invoke GET k
      40 a ok GET k
      """;

  private final Path directory;

  HistoryFileTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void readsWhatTheRecorderWrote() throws UnreadableHistoryException {
    AtomicLong clock = new AtomicLong();
    History history = new History(() -> clock.addAndGet(10));
    String strange = "a \"b\" \\ # \t\n é";
    history.invoke("c 1", KeyValueOperation.PUT.on(strange, ""));
    history.invoke("c2", KeyValueOperation.GET.on(strange));
    history.invoke("c3", KeyValueOperation.DELETE.on("#"));
    history.invoke("c4", KeyValueOperation.PUT.on("k", "v"));
    history.ok("c 1");
    history.ok("c2", "");
    history.unknown("c3");
    history.failed("c4");
    history.invoke("c3", KeyValueOperation.GET.on("k"));
    history.ok("c3");
    Path file = directory.resolve("history");
    history.write(file);
    assertEquals(history.operations(), HistoryFile.read(file).operations());
    assertEquals(4, history.operations().size(), "without the failed one");
    assertEquals(10, history.size());
  }

  @Test
  void keepsTheOrderOfEventsWhenTheClockGoesBack() {
    long[] readings = {100, 50};
    int[] next = {0};
    History history = new History(() -> readings[next[0]++]);
    history.invoke("c", KeyValueOperation.GET.on("k"));
    history.ok("c");
    assertEquals(
        OptionalLong.of(100), history.operations().get(0).answer().orElseThrow().at().nanos());
  }

  @Test
  void refusesAnEventThatDoesNotFollow() {
    History history = new History(() -> 0);
    assertThrows(IllegalStateException.class, () -> history.ok("c"));
    history.invoke("c", KeyValueOperation.GET.on("k"));
    assertThrows(
        IllegalStateException.class, () -> history.invoke("c", KeyValueOperation.GET.on("k")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x a invoke GET k                  | 1 | nanoseconds",
        "1 a invoke                        | 1 | nanos, client, event, operation and key",
        "1 a call GET k                    | 1 | one of invoke, ok, fail, unknown instead of call",
        "1 a invoke JUMP k                 | 1 | one of GET, PUT, DELETE instead of JUMP",
        "1 a invoke PUT k                  | 1 | PUT takes 1 arguments",
        "1 a ok GET k v                    | 1 | an invocation",
        "1 a invoke GET k;2 a invoke GET k | 2 | an answer to what client a invoked in line 1",
        "1 a invoke GET k;2 a ok GET j     | 2 | an answer to GET k",
        "1 a invoke GET k;2 a ok GET k v w | 2 | at most 1 results",
        "5 a invoke GET k;2 a ok GET k     | 2 | a time no earlier than 5",
        "1 a invoke GET \"k                | 1 | a closing quote",
        "# nothing                         | 2 | an event",
        "INFO  jepsen.util - 0 :hello      | 1 | INFO jepsen.util - <process>",
        "INFO  jepsen.util - 0 :invoke :write nil | 1 | WRITE takes 1 arguments",
        "{:process 0}                      | 1 | {:process <number>"
      })
  void namesFileLineAndExpectation(String text, int line, String expected) throws IOException {
    Path file = directory.resolve("history");
    Files.writeString(file, text.replace(';', '\n') + "\n");
    UnreadableHistoryException refused =
        assertThrows(UnreadableHistoryException.class, () -> HistoryFile.read(file));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.startsWith(file + ":" + line + ": expected "), message);
    assertTrue(message.contains(expected), message);
  }

  @Test
  void exitsWithTheVerdict() throws IOException {
    Path file = directory.resolve("history");
    Files.writeString(file, GOOD);
    assertEquals(CheckHistory.LINEARIZABLE, run(Budget.STANDARD, file.toString()));
    assertEquals(
        CheckHistory.UNDECIDED, run(new Budget(1, Duration.ofSeconds(60)), file.toString()));
    Files.writeString(file, BAD);
    assertEquals(CheckHistory.NOT_LINEARIZABLE, run(Budget.STANDARD, file.toString()));
    Files.writeString(file, "no history\n");
    assertEquals(CheckHistory.UNREADABLE, run(Budget.STANDARD, file.toString()));
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertEquals(CheckHistory.UNREADABLE, run(Budget.STANDARD, file.toString()));
    assertEquals(CheckHistory.UNREADABLE, run(Budget.STANDARD, directory.toString()));
    assertEquals(CheckHistory.UNREADABLE, run(Budget.STANDARD, file + "-missing"));
    assertEquals(CheckHistory.UNREADABLE, run(Budget.STANDARD));
  }

  @Test
  void printsTheWindow() throws IOException {
    Path file = directory.resolve("history");
    Files.writeString(file, BAD);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    CheckHistory.run(List.of(file.toString()), Budget.STANDARD, stream, stream);
    String text = out.toString(StandardCharsets.UTF_8);
    assertTrue(text.startsWith("NOT LINEARIZABLE"), text);
    assertTrue(text.contains("GET k -> absent"), text);
    assertTrue(text.contains("which leads to v1"), text);
  }

  private static int run(Budget budget, String... arguments) {
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    return CheckHistory.run(List.of(arguments), budget, nowhere, nowhere);
  }
}
