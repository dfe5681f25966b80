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
import java.util.SplittableRandom;
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
  void openLoopKeepsItsRateAndHalfLoadHalfOfWhatWasReached() throws Exception {
    try (EchoServer.Running store = EchoServer.startHere(256)) {
      String[] args = {
        "put,get",
        "--servers",
        store.address().toString(),
        "--outstanding",
        "4",
        "--rate",
        "half,400",
        "--distribution",
        "zipf",
        "--through",
        "all"
      };
      assertEquals(0, run(args), err::toString);
    }
    String json = Files.readString(folder.resolve("bench.json"));
    assertTrue(json.contains("\"mode\": \"open\", \"rate\": 400"), json);
    assertTrue(json.contains("\"distribution\": \"zipf\""), json);
    double reached = perSecond(json, "\"operation\": \"put\", \"mode\": \"closed\"");
    double half = perSecond(json, "\"operation\": \"put\", \"mode\": \"open\"");
    double rate = perSecond(json, "\"operation\": \"put\", \"mode\": \"open\", \"rate\": 400");
    assertTrue(half < reached * 0.8, reached + " and half of it " + half);
    assertTrue(rate > 250 && rate < 550, "400/s: " + rate);
    for (String chart : List.of("put-all-rate", "put-all-p99", "get-all-p50")) {
      String svg = Files.readString(folder.resolve("bench-" + chart + ".svg"));
      assertTrue(svg.startsWith("<svg ") && svg.contains("4 outstanding"), svg);
    }
  }

  private static double perSecond(String json, String run) {
    int at = json.indexOf("\"perSecond\": ", json.indexOf(run)) + 13;
    return Double.parseDouble(json.substring(at, json.indexOf(',', at)).trim());
  }

  @Test
  void putsFiguresBetweenMarks() throws Exception {
    Path page = folder.resolve("page.md");
    Files.writeString(
        page,
        "before\n<!-- figures of writes: begin -->old<!-- figures of writes: end -->\nafter\n");
    try (EchoServer.Running one = EchoServer.startHere(256);
        EchoServer.Running other = EchoServer.startHere(256)) {
      String[] args = {
        "put",
        "--echo-here",
        "--system",
        "one=synod@" + one.address(),
        "--system",
        "other=synod@" + other.address() + "+" + ProcessHandle.current().pid(),
        "--outstanding",
        "2",
        "--rounds",
        "3",
        "--section",
        "writes",
        "--figures",
        page.toString()
      };
      assertEquals(0, run(args), err::toString);
    }
    String text = Files.readString(page);
    assertTrue(text.startsWith("before\n<!-- figures of writes: begin -->"), text);
    assertTrue(text.endsWith("<!-- figures of writes: end -->\nafter\n"), text);
    assertTrue(text.contains("| other | 2 outstanding |") && !text.contains("old"), text);
    assertTrue(Files.exists(folder.resolve("page/writes-put-all-cpu.svg")), text);
  }

  @Test
  void zipfUsesFewKeysOften() {
    Workload workload = new Workload(1_000, 1, Workload.Distribution.ZIPF, 0);
    int[] used = new int[1_000];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100_000; i++) {
      used[workload.nextKey(random)]++;
    }
    // The chance of the k-th is k^-0.99 by the sum of these, which is 7.7 for a thousand.
    assertEquals(100_000 / 7.73, used[0], 600);
    assertEquals(used[0] / Math.pow(10, 0.99), used[9], 300);
    assertTrue(used[999] < 60, "the last: " + used[999]);
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
    assertEquals(2, run("put", "--rate", "half"));
    assertEquals(2, run("put", "--rate", "fast"));
    assertEquals(2, run("put", "--distribution", "odd"));
    assertEquals(2, run("put", "--system", "etcd@localhost:1"));
    assertEquals(2, run("put", "--system", "it=redis@localhost:1"));
  }
}
