package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BenchTest {
  private final Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  BenchTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private int run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--warm-up", "0.1", "--duration", "0.3", "--keys", "10"));
    all.addAll(List.of("--json", folder.resolve("bench.json").toString()));
    return Bench.run(
            all,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .number();
  }

  @Test
  void measuresStoreAndEcho() throws Exception {
    try (EchoServer.Running store = EchoServer.startHere(256)) {
      String pid = Long.toString(ProcessHandle.current().pid());
      String servers = store.address().toString();
      for (String calls : List.of("put", "get", "mixed")) {
        assertEquals(
            0,
            run(calls, "--servers", servers, "--outstanding", "1,8", "--echo-here", "--pids", pid),
            err::toString);
      }
    }
    String table = out.toString(StandardCharsets.UTF_8);
    assertTrue(table.contains("of echo"), table);
    String json = Files.readString(folder.resolve("bench.json"));
    assertEquals(4, json.split("\"target\"", -1).length - 1, json);
    assertTrue(
        json.contains("\"operation\": \"mixed\", \"mode\": \"closed\", \"outstanding\": 8"), json);
    assertTrue(json.contains("\"failed\": 0"), json);
  }

  @Test
  void measuresEchoInProcessOfItsOwn() {
    assertEquals(0, run("echo", "--outstanding", "4"), err::toString);
  }

  @Test
  void saysThatStoreIsNotThere() {
    assertEquals(3, run("get", "--servers", "localhost:1", "--outstanding", "1"));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("localhost:1: connection refused"));
  }

  @Test
  void refusesWrongArguments() {
    assertEquals(2, run("drink"));
    assertEquals(2, run("put", "--outstanding", "many"));
    assertEquals(2, run("put", "--outstanding", "0"));
    assertEquals(2, run("put", "--through", "nobody"));
  }
}
