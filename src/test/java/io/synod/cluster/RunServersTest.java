package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The scripts, as a person uses them: {@code ./run_servers.sh} and what goes with it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RunServersTest {
  private static final int CLIENT_PORTS = 8_000;
  private static final int CONSENSUS_PORTS = 9_000;
  private static final int SERVERS = 3;
  private static final long PAUSE_MILLIS = 10;

  @TempDir private Path folder = Path.of("");
  private final int offset = freeOffset();
  private final List<Process> started = new ArrayList<>();

  /** What a script said, both streams, and its status. */
  private record Ran(int status, String said) {
    void is(int expected, String... parts) {
      assertEquals(expected, status, said);
      for (String part : parts) {
        assertTrue(said.contains(part), () -> part + " is not in:\n" + said);
      }
    }
  }

  @AfterEach
  void endAll() throws IOException {
    for (Process process : started) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    // Those that another script started are nobody's descendants.
    for (ProcessHandle server : servers()) {
      server.destroyForcibly();
    }
  }

  private static int freeOffset() {
    while (true) {
      int offset = ThreadLocalRandom.current().nextInt(24_000, 24_700);
      boolean free = true;
      for (int i = 0; i < SERVERS; i++) {
        free &= isFree(CLIENT_PORTS + offset + i) && isFree(CONSENSUS_PORTS + offset + i);
      }
      if (free) {
        return offset;
      }
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port)) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  // ---- scripts

  private Process start(
      Path output, Map<String, String> environment, String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("./" + script));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    List<String> jvm = ClassArchive.serverCommand();
    String archive =
        jvm.stream().filter(word -> word.startsWith("-XX:SharedArchiveFile")).findAny().orElse("");
    builder.environment().put("SYNOD_CLASS_PATH", jvm.get(jvm.indexOf("-cp") + 1));
    builder.environment().put("SYNOD_JVM_OPTIONS", "-XX:TieredStopAtLevel=1 " + archive);
    builder.environment().put("SYNOD_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("SYNOD_HEAP_MIB", "128");
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private Ran run(String script, String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), script, arguments);
  }

  private Ran run(Map<String, String> environment, String script, String... arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "said", ".txt");
    Process process = start(output, environment, script, arguments);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), () -> script + " does not end");
    return new Ran(process.exitValue(), Files.readString(output));
  }

  /** {@code ./run_servers.sh} that goes on. */
  private final class Running {
    final Process process;
    private final Path output = Files.createTempFile(folder, "running", ".txt");

    Running(String... arguments) throws IOException, InterruptedException {
      process = start(output, Map.of(), "run_servers.sh", with(arguments));
    }

    String said() throws IOException {
      return Files.readString(output);
    }

    Running until(String text) throws IOException, InterruptedException {
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
      while (!said().contains(text)) {
        assertTrue(process.isAlive() && System.nanoTime() < end, said());
        Thread.sleep(PAUSE_MILLIS);
      }
      return this;
    }

    /** SIGTERM: all end. */
    void stop() throws IOException, InterruptedException {
      List<ProcessHandle> servers = servers();
      process.destroy();
      assertTrue(process.waitFor(1, TimeUnit.MINUTES), said());
      assertEquals(0, process.exitValue(), said());
      for (ProcessHandle server : servers) {
        assertFalse(runs(server), () -> server.pid() + " still runs");
      }
    }
  }

  private String[] with(String... arguments) {
    return Stream.concat(
            Stream.of("--data", folder.resolve("data").toString(), "--offset", "" + offset),
            Stream.of(arguments))
        .toArray(String[]::new);
  }

  private String data() {
    return folder.resolve("data").toString();
  }

  /** The servers that run by the process ids in the folder. */
  private List<ProcessHandle> servers() throws IOException {
    Path run = folder.resolve("data").resolve("run");
    List<ProcessHandle> running = new ArrayList<>();
    for (int i = 0; i < SERVERS; i++) {
      Path file = run.resolve(i + ".pid");
      if (Files.exists(file)) {
        Optional<ProcessHandle> handle =
            ProcessHandle.of(Long.parseLong(Files.readString(file).strip()));
        handle.filter(RunServersTest::runs).ifPresent(running::add);
      }
    }
    return running;
  }

  /** One that has ended and that nobody has waited for yet has no command any more. */
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }

  private String address(int server) {
    return "localhost:" + (CLIENT_PORTS + offset + server);
  }

  // ---- what a person does

  @Test
  void threeServersAreStartedKilledRemovedStoppedAndStartedAgain() throws Exception {
    Running first = new Running("3").until("Ctrl-C stops them");
    assertTrue(first.said().contains("starting 3 servers ..."), first.said());
    assertTrue(first.said().contains("./client " + address(0) + " talks to them"), first.said());
    assertEquals(3, servers().size());
    run("client", address(0), "-c", "PUT fruit \"a ripe pear\"").is(0, "done");

    run("run_servers.sh", with("3")).is(1, "server 0 runs already (process ");
    run("scripts/partition.sh", "0,1", "2,7", "--data", data())
        .is(1, "there is no server 7", "nothing was cut");

    run("scripts/kill_server.sh", "1", "--data", data()).is(0, "server 1 (process ");
    assertEquals(2, servers().size());
    run("scripts/partition.sh", "0", "1,2", "--data", data())
        .is(1, "server 1 does not run", "nothing was cut");
    run("scripts/start_server.sh", "1", "--data", data(), "--", "--no-such")
        .is(1, "server 1 could not start: there is no option --no-such; --help");
    run("scripts/start_server.sh", "1", "--data", data()).is(0, "and answers");
    first.until("server 1 runs again (process ");

    run("client", "admin", address(1), "REMOVE", "0").is(0, "done: in force since slot");
    first.until("the members are servers 1, 2 now");
    run("client", address(0), "-c", "GET fruit")
        .is(3, "server 0 was removed from the cluster at slot ", "ask another server");
    for (String verb : List.of("STATUS", "MEMBERS")) {
      Ran outside = run("client", address(0), "-c", verb);
      outside.is(3, "ask one of them", address(2).replace("localhost", "127.0.0.1"));
      assertTrue(
          outside.said().startsWith("this server was removed from the cluster at slot "),
          outside.said());
      assertFalse(outside.said().contains("NO"), outside.said());
    }
    run("scripts/kill_server.sh", "0", "--data", data()).is(0, "server 0 (process ");
    run("scripts/start_server.sh", "0", "--data", data())
        .is(1, "server 0 was removed from the cluster at slot ", "it is stopped again");
    assertEquals(2, servers().size());

    // As if it had been taken in again, by a membership that its own log does not have yet.
    Path members = folder.resolve("data/run/members");
    String noted = Files.readString(members);
    Files.writeString(members, "1000000:0,1,2\n");
    run("scripts/start_server.sh", "0", "--data", data())
        .is(0, "does not answer yet: this server was removed");
    assertEquals(3, servers().size());
    Files.writeString(members, noted);
    run("scripts/kill_server.sh", "0", "--data", data()).is(0, "server 0 (process ");

    run("client", address(0) + "," + address(2), "-c", "GET fruit").is(0, "a ripe pear");
    first.stop();
    assertTrue(first.said().contains("which is no member any more"), first.said());
    assertTrue(first.said().contains("stopping 2 servers ..."), first.said());

    run("run_servers.sh", with("3"))
        .is(1, "is of 2 servers (1, 2; others were removed), not 3", "./run_servers.sh 2");
    try (ServerSocket other =
        new ServerSocket(CONSENSUS_PORTS + offset + 2, 1, InetAddress.getLoopbackAddress())) {
      run("run_servers.sh", with("2"))
          .is(1, "port " + other.getLocalPort() + " is in use", "take other data with --data DIR");
    }
    Path cluster = folder.resolve("data/cluster");
    Files.writeString(cluster, Files.readString(cluster) + "quorum=dynamic\n");
    Running second = new Running().until("Ctrl-C stops them");
    assertTrue(second.said().contains("as before (--dynamic)"), second.said());
    assertTrue(Files.readString(cluster).contains("quorum=dynamic\n"), second.said());
    assertTrue(second.said().contains("starting 2 servers ..."), second.said());
    assertEquals(2, servers().size());
    run("client", address(1), "-c", "GET fruit", "-c", "STATUS")
        .is(0, "a ripe pear", "dynamic: votes follow who is live");
    second.stop();
  }

  @Test
  void aJdkThatIsMissingOrTooOldIsSaidInOneLine() throws Exception {
    Path old = folder.resolve("jdk-11");
    Files.createDirectories(old.resolve("bin"));
    Files.writeString(old.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Files.createFile(
        old.resolve("bin/java"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Path tools = Files.createDirectory(folder.resolve("tools"));
    List<String> needed = List.of("bash", "env", "dirname", "readlink", "sed", "sort", "cat");
    for (String tool : needed) {
      Files.createSymbolicLink(tools.resolve(tool), tool(tool));
    }
    Map<String, String> none = Map.of("PATH", tools.toString(), "JAVA_HOME", "");
    for (String script : List.of("run_servers.sh", "client", "server")) {
      Map<Map<String, String>, String> expected =
          Map.of(
              Map.of("SYNOD_JAVA_HOME", old.toString()),
              "SYNOD_JAVA_HOME is " + old + ", a JDK 11: name one of 17 or newer",
              Map.of("SYNOD_JAVA_HOME", tools.toString()),
              "SYNOD_JAVA_HOME is " + tools + ", and there is no bin/java in it",
              with(none, "SYNOD_JAVA_HOME", ""),
              "no JDK found: install one, 17 or newer");
      for (Map.Entry<Map<String, String>, String> each : expected.entrySet()) {
        Ran refused = run(each.getKey(), script, script.equals("run_servers.sh") ? "3" : "--help");
        refused.is(script.equals("client") ? 4 : 1, script + ": " + each.getValue());
        assertEquals(1, refused.said().lines().count(), refused.said());
      }
    }
    for (String tool : needed) {
      Files.delete(tools.resolve(tool));
    }
  }

  private static Map<String, String> with(Map<String, String> some, String key, String value) {
    Map<String, String> all = new HashMap<>(some);
    all.put(key, value);
    return all;
  }

  private static Path tool(String name) {
    for (String folder : Splitter.on(File.pathSeparatorChar).split(System.getenv("PATH"))) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return Path.of(folder, name);
      }
    }
    throw new AssertionError("there is no " + name);
  }

  @Test
  void whatCannotBeIsRefusedInOneLineAndNothingIsLeft() throws Exception {
    run("run_servers.sh", with()).is(2, "say how many servers");
    for (String wrong : List.of("0", "-1", "x", "101", "3.5")) {
      Ran refused = run("run_servers.sh", with(wrong));
      refused.is(2, wrong);
      assertEquals(1, refused.said().lines().count(), refused.said());
    }
    run("run_servers.sh", "3", "--data", "/dev/null").is(1, "/dev/null is a file, not a folder");
    try (ServerSocket other =
        new ServerSocket(CONSENSUS_PORTS + offset + 2, 1, InetAddress.getLoopbackAddress())) {
      run("run_servers.sh", with("3")).is(1, "port " + other.getLocalPort() + " is in use");
    }
    for (List<String> options :
        List.of(
            List.of("--quota-mib", "4096", "quota_mib 4096 does not fit into the heap of"),
            List.of("--storge", "HEAP", "there is no option --storge (did you mean --storage?)"),
            List.of("--data-dir", "x", "--data-dir is given twice"))) {
      Ran refused = run("run_servers.sh", with("3", "--", options.get(0), options.get(1)));
      refused.is(2, "run_servers.sh: " + options.get(2));
      assertEquals(1, refused.said().lines().count(), refused.said());
      assertFalse(Files.exists(Path.of(data())), refused.said());
    }
    assertEquals(List.of(), servers());

    Path mine = folder.resolve("mine");
    Files.createDirectories(mine.resolve("2024"));
    run("run_servers.sh", "3", "--data", mine.toString(), "--clean").is(1, "nothing was deleted");
    try (Stream<Path> left = Files.list(mine)) {
      assertEquals(List.of(mine.resolve("2024")), left.toList());
    }
  }
}
