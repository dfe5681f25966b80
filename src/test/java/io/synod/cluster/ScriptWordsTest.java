package io.synod.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the scripts say to words that they do not know. No server runs. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ScriptWordsTest extends WithScripts {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "add_server.sh --what | there is no option --what",
        "add_server.sh 3 | '3' is one word too many",
        "add_server.sh --replace | --replace wants a value",
        "add_server.sh --replace one | not 'one'",
        "backup.sh | say which file",
        "backup.sh --frm d | there is no option --frm",
        "backup.sh f h:1 h:2 | 'h:2' is one word too many",
        "bench_peers.sh --what | there is no option --what",
        "bench_peers.sh --parts writes,all | --parts: 'all' is none of",
        "check_spec --what | there is no option --what",
        "crash_rocksdb often | 'often' is no number",
        "fault_matrix all | 'all' is one word too many",
        "kill_server.sh | say which server",
        "kill_server.sh x | not 'x'",
        "kill_server.sh 1 2 | '2' is one word too many",
        "kill_server.sh 1 --what | there is no option --what",
        "long_tests all | 'all' is one word too many",
        "partition.sh 0,1 2;3 | '2;3' is no group",
        "partition.sh 0,1 | name two groups",
        "partition.sh heal 0,1 | heal stands alone",
        "partition.sh --what | there is no option --what",
        "put_budget --what | there is no option --what",
        "put_budget --seconds x | not 'x'",
        "recover.sh | say how many servers",
        "recover.sh 3 | say where the new cluster's data goes",
        "recover.sh 3 4 | '4' is one word too many",
        "restore.sh | say which file",
        "restore.sh f | say how many servers",
        "restore.sh f many | not 'many'",
        "restore.sh f 3 4 | '4' is one word too many",
        "restore.sh f 3 --offset x | --offset is a number, not 'x'",
        "restore.sh f 3 --into d | '3' does not go with --into",
        "soak long | 'long' is no number",
        "start_server.sh one | not 'one'",
        "start_server.sh 1 --storage heap | there is no option --storage (options of the server",
        "start_times --hot | there is no option --hot",
        "survive 1 2 3 4 | '4' is one word too many",
      })
  void aWrongWordIsNamedBeforeTheUsage(String call, String wrong) throws Exception {
    List<String> words = List.of(call.split(" "));
    String script = words.get(0);
    Scripts.Ran refused =
        scripts.run("scripts/" + script, words.subList(1, words.size()).toArray(String[]::new));
    String first = refused.said().lines().findFirst().orElse("");
    assertTrue(first.startsWith(script + ": ") && first.contains(wrong), refused.said());
    assertEquals(2, refused.status(), refused.said());
    assertTrue(refused.said().contains("scripts/" + script), first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "server", "scripts/bench", "scripts/offline.sh"})
  void helpBuildsNothing(String script) throws Exception {
    Path project = folder.resolve("project");
    Files.createDirectories(project.resolve("scripts"));
    for (String file : List.of(script, "scripts/lib.sh", "scripts/lib_servers.sh")) {
      Files.copy(Path.of(file), project.resolve(file));
    }
    Process help =
        new ProcessBuilder(project.resolve(script).toString(), "--help")
            .redirectErrorStream(true)
            .start();
    String said = new String(help.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, help.waitFor(), said);
    assertTrue(said.contains(script), said);
    assertFalse(said.contains("build") && said.contains("..."), said);
    assertFalse(Files.exists(project.resolve("target")), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"./fault_matrix", "check_history", "simulate", "soak", "long_tests"})
  void everyScriptSaysHowItIsCalled(String script) throws Exception {
    scripts.run("scripts/" + script, "--help").is(0, "scripts/" + script.replace("./", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "much", "-5", "47", "1.5", "12345678901", "999999999"})
  void aHeapThatCannotBeIsRefused(String heap) throws Exception {
    Map<String, String> environment = Map.of("SYNOD_HEAP_MIB", heap);
    scripts
        .run(environment, "run_servers.sh", scripts.with("1"))
        .is(1, "run_servers.sh: SYNOD_HEAP_MIB is ", heap);
    for (String script : List.of("server", "scripts/offline.sh")) {
      Scripts.Ran refused = scripts.run(environment, script, "--inspect", "x");
      refused.is(1, ": SYNOD_HEAP_MIB is ", heap);
      assertEquals(1, refused.said().lines().count(), refused.said());
    }
    assertFalse(Files.exists(Path.of(scripts.data())));
  }

  @Test
  void whatIsNoBackupLeavesNothing() throws Exception {
    Path none = Files.writeString(folder.resolve("none"), "no backup");
    scripts
        .run("scripts/restore.sh", none.toString(), "3", "--data", scripts.data())
        .is(1, "synod: ", none + " is no backup: ");
    assertFalse(Files.exists(Path.of(scripts.data())));
  }

  @Test
  void aServerIsStartedWithTheStorageThatItsDirectoryIsWrittenWith() throws Exception {
    Files.writeString(noted("rocksdb", "").resolve("identity"), "damaged");
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data())
        .is(1, "server 0 could not start: ", "neither identity nor identity.copy");
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data(), "--", "--storage", "heap")
        .is(1, "is written with storage rocksdb, and this server is to have heap");
  }

  @Test
  void aWitnessIsStartedAsOne() throws Exception {
    Files.writeString(
        noted("witness", "--witness --replica 127.0.0.1:1").resolve("identity"), "damaged");
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data())
        .is(1, "server 0 could not start: ", "neither identity nor identity.copy");
  }

  /**
   * The directory of a server, noted as run_servers.sh does, that this storage was written with.
   */
  private Path noted(String storage, String options) throws IOException {
    Path data = Path.of(scripts.data());
    Path run = Files.createDirectories(data.resolve("run"));
    Files.createDirectories(data.resolve("logs"));
    int port = Scripts.CLIENT_PORTS + scripts.offset();
    Path directory = Files.createDirectories(data.resolve("" + port));
    Files.writeString(directory.resolve("storage"), storage.toUpperCase(Locale.ROOT) + "\n");
    int servers = Scripts.CONSENSUS_PORTS + scripts.offset();
    Files.writeString(
        run.resolve("0.conf"),
        "HEAP=64 PORT=%d%nARGUMENTS=(%s --my-addr 127.0.0.1:%d --my-paxos 127.0.0.1:%d --replica 127.0.0.1:%d --data-dir %s)%n"
            .formatted(port, options, port, servers, servers, directory));
    return directory;
  }

  @Test
  void theVersionIsThatOfTheJdkThatRunsIt() throws Exception {
    for (String script : List.of("client", "server")) {
      scripts
          .run(script, "--version")
          .is(0, "synod ", ", JDK " + System.getProperty("java.version"));
    }
  }
}
