package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The project's scripts, run as a person runs them, with data in a folder and ports of their own.
 */
final class Scripts implements AutoCloseable {
  static final int CLIENT_PORTS = 8_000;
  static final int CONSENSUS_PORTS = 9_000;

  /** With those that are added. */
  private static final int MOST_SERVERS = 4;

  private static final long PAUSE_MILLIS = 10;

  private final Path folder;
  private final int offset = freeOffset();
  private final List<Process> started = new ArrayList<>();

  /**
   * @param folder for data, and for what the scripts say
   */
  Scripts(Path folder) {
    this.folder = folder;
  }

  /** What a script said, both streams, and its status. */
  record Ran(int status, String said) {
    void is(int expected, String... parts) {
      assertEquals(expected, status, said);
      for (String part : parts) {
        assertTrue(said.contains(part), () -> part + " is not in:\n" + said);
      }
    }
  }

  /** Ends all that still runs. */
  @Override
  public void close() throws IOException {
    for (Process process : started) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    // Those that another script started are nobody's descendants.
    for (ProcessHandle server : servers()) {
      server.destroyForcibly();
    }
  }

  /** What is added to all ports. */
  int offset() {
    return offset;
  }

  private static int freeOffset() {
    while (true) {
      int offset = ThreadLocalRandom.current().nextInt(24_000, 24_700);
      boolean free = true;
      for (int i = 0; i < MOST_SERVERS; i++) {
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

  private Process begin(
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

  Ran run(String script, String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), script, arguments);
  }

  Ran run(Map<String, String> environment, String script, String... arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "said", ".txt");
    Process process = begin(output, environment, script, arguments);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), () -> script + " does not end");
    return new Ran(process.exitValue(), Files.readString(output));
  }

  /** {@code ./run_servers.sh}, which goes on. */
  Running start(String... arguments) throws IOException, InterruptedException {
    return new Running(arguments);
  }

  /** One that goes on. */
  final class Running {
    final Process process;
    private final Path output = Files.createTempFile(folder, "running", ".txt");

    private Running(String... arguments) throws IOException, InterruptedException {
      process = begin(output, Map.of(), "run_servers.sh", with(arguments));
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

  /** Arguments in front of those that name the folder and the ports. */
  String[] with(String... arguments) {
    return Stream.concat(
            Stream.of("--data", folder.resolve("data").toString(), "--offset", "" + offset),
            Stream.of(arguments))
        .toArray(String[]::new);
  }

  String data() {
    return folder.resolve("data").toString();
  }

  /** The servers that run by the process ids in the folder. */
  List<ProcessHandle> servers() throws IOException {
    Path run = folder.resolve("data").resolve("run");
    List<ProcessHandle> running = new ArrayList<>();
    for (int i = 0; i < MOST_SERVERS; i++) {
      Path file = run.resolve(i + ".pid");
      if (Files.exists(file)) {
        Optional<ProcessHandle> handle =
            ProcessHandle.of(Long.parseLong(Files.readString(file).strip()));
        handle.filter(Scripts::runs).ifPresent(running::add);
      }
    }
    return running;
  }

  /** One that has ended and that nobody has waited for yet has no command any more. */
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }

  String address(int server) {
    return "localhost:" + (CLIENT_PORTS + offset + server);
  }
}
