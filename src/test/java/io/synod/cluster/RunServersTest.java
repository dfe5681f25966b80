package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./run_servers.sh} as a person uses it, and the scripts that kill, start and cut apart. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("long")
class RunServersTest extends WithScripts {
  /** Loopback as well, by another name than all else has. */
  private static final String ELSEWHERE = "127.0.0.2";

  @Test
  void threeServersAreStartedKilledRemovedStoppedAndStartedAgain() throws Exception {
    Scripts.Running first = scripts.start("3").until("Ctrl-C stops them");
    assertTrue(first.said().contains("starting 3 servers ..."), first.said());
    assertTrue(
        first.said().contains("./client " + scripts.address(0) + " talks to them"), first.said());
    assertEquals(3, scripts.servers().size());
    scripts.run("client", scripts.address(0), "-c", "PUT fruit \"a ripe pear\"").is(0, "done");

    scripts
        .run("run_servers.sh", scripts.with("3"))
        .is(1, "servers 0, 1, 2 run already (processes ", "stop the other run_servers.sh");
    scripts
        .run("scripts/partition.sh", "0,1", "2,7", "--data", scripts.data())
        .is(1, "there is no server 7", "nothing was cut");

    scripts
        .run("scripts/kill_server.sh", "1", "--data", scripts.data())
        .is(0, "server 1 (process ");
    assertEquals(2, scripts.servers().size());
    scripts
        .run("scripts/partition.sh", "0", "1,2", "--data", scripts.data())
        .is(1, "server 1 does not run", "nothing was cut");
    scripts
        .run("scripts/start_server.sh", "1", "--data", scripts.data(), "--", "--no-such")
        .is(1, "server 1 could not start: there is no option --no-such; --help");
    scripts.run("scripts/start_server.sh", "1", "--data", scripts.data()).is(0, "and answers");
    first.until("server 1 runs again (process ");
    String said = first.said();
    assertEquals(said.indexOf("runs again"), said.lastIndexOf("runs again"), said);

    scripts
        .run("client", "admin", scripts.address(1), "REMOVE", "0")
        .is(0, "done: in force since slot");
    first.until("the members are servers 1, 2 now");
    scripts
        .run("client", scripts.address(0), "-c", "GET fruit")
        .is(3, "server 0 was removed from the cluster at slot ", "ask another server");
    for (String verb : List.of("STATUS", "MEMBERS")) {
      Scripts.Ran outside = scripts.run("client", scripts.address(0), "-c", verb);
      outside.is(3, "ask one of them", scripts.address(2).replace("localhost", "127.0.0.1"));
      assertTrue(
          outside.said().startsWith("this server was removed from the cluster at slot "),
          outside.said());
      assertFalse(outside.said().contains("NO"), outside.said());
    }
    scripts
        .run("scripts/kill_server.sh", "0", "--data", scripts.data())
        .is(0, "server 0 (process ");
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data())
        .is(1, "server 0 was removed from the cluster at slot ", "it is stopped again");
    assertEquals(2, scripts.servers().size());

    // As if it had been taken in again, by a membership that its own log does not have yet.
    Path members = folder.resolve("data/run/members");
    String noted = Files.readString(members);
    Files.writeString(members, "1000000:0,1,2\n");
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data())
        .is(0, "does not answer yet: this server was removed");
    assertEquals(3, scripts.servers().size());
    Files.writeString(members, noted);
    scripts
        .run("scripts/kill_server.sh", "0", "--data", scripts.data())
        .is(0, "server 0 (process ");

    scripts
        .run("client", scripts.address(0) + "," + scripts.address(2), "-c", "GET fruit")
        .is(0, "a ripe pear");
    first.stop();
    assertTrue(first.said().contains("which is no member any more"), first.said());
    assertTrue(first.said().contains("stopping 2 servers ..."), first.said());

    scripts
        .run("run_servers.sh", scripts.with("3"))
        .is(1, "is of 2 servers (1, 2; others were removed), not 3", "./run_servers.sh 2");
    try (ServerSocket other =
        new ServerSocket(
            Scripts.CONSENSUS_PORTS + scripts.offset() + 2, 1, InetAddress.getLoopbackAddress())) {
      scripts
          .run("run_servers.sh", scripts.with("2"))
          .is(1, "port " + other.getLocalPort() + " is in use", "take other data with --data DIR");
    }
    Path cluster = folder.resolve("data/cluster");
    Files.writeString(cluster, Files.readString(cluster) + "quorum=dynamic\n");
    Scripts.Running second = scripts.start().until("Ctrl-C stops them");
    assertTrue(second.said().contains("as before (--dynamic)"), second.said());
    assertTrue(Files.readString(cluster).contains("quorum=dynamic\n"), second.said());
    assertTrue(second.said().contains("starting 2 servers ..."), second.said());
    assertEquals(2, scripts.servers().size());
    scripts
        .run("client", scripts.address(1), "-c", "GET fruit", "-c", "STATUS")
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
        Scripts.Ran refused =
            scripts.run(each.getKey(), script, script.equals("run_servers.sh") ? "3" : "--help");
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
    scripts.run("run_servers.sh", scripts.with()).is(2, "say how many servers");
    for (String wrong : List.of("0", "-1", "x", "101", "3.5")) {
      Scripts.Ran refused = scripts.run("run_servers.sh", scripts.with(wrong));
      refused.is(2, wrong);
      assertEquals(1, refused.said().lines().count(), refused.said());
    }
    scripts
        .run("run_servers.sh", "3", "--data", "/dev/null")
        .is(1, "/dev/null is a file, not a folder");
    try (ServerSocket other =
        new ServerSocket(
            Scripts.CONSENSUS_PORTS + scripts.offset() + 2, 1, InetAddress.getLoopbackAddress())) {
      scripts
          .run("run_servers.sh", scripts.with("3"))
          .is(1, "port " + other.getLocalPort() + " is in use");
    }
    for (List<String> options :
        List.of(
            List.of("--quota-mib", "4096", "quota_mib 4096 does not fit into the heap of"),
            List.of("--storge", "HEAP", "there is no option --storge (did you mean --storage?)"),
            List.of("--data-dir", "x", "--data-dir is given twice"))) {
      Scripts.Ran refused =
          scripts.run("run_servers.sh", scripts.with("3", "--", options.get(0), options.get(1)));
      refused.is(2, "run_servers.sh: " + options.get(2));
      assertEquals(1, refused.said().lines().count(), refused.said());
      assertFalse(Files.exists(Path.of(scripts.data())), refused.said());
    }
    assertEquals(List.of(), scripts.servers());

    Path mine = folder.resolve("mine");
    Files.createDirectories(mine.resolve("2024"));
    scripts
        .run("run_servers.sh", "3", "--data", mine.toString(), "--clean")
        .is(1, "nothing was deleted");
    try (Stream<Path> left = Files.list(mine)) {
      assertEquals(List.of(mine.resolve("2024")), left.toList());
    }
  }

  private List<String> left() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(scripts.data()))) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void aFirstStartThatFailedLeavesNothingThatBindsTheNext() throws Exception {
    int port = Scripts.CONSENSUS_PORTS + scripts.offset() + 1;
    // Nobody listens there, so that the look at all ports beforehand does not see it.
    try (SocketChannel other = SocketChannel.open()) {
      SocketChannel unused = other.bind(new InetSocketAddress(ELSEWHERE, port));
      Scripts.Ran failed = scripts.run("run_servers.sh", scripts.with("2", "--host", ELSEWHERE));
      failed.is(1, "server 1 could not start: ", port + "", "all are stopped");
      assertEquals(List.of("cluster", "logs"), left(), failed.said());
    }
    Scripts.Running one = scripts.start("1", "--", "--storage", "memory").until("Ctrl-C stops it");
    assertTrue(one.said().contains("no data is kept (--storage memory), logs in "), one.said());
    one.stop();
    assertTrue(one.said().contains("stopped; no data is kept, with --storage memory"), one.said());
  }

  @Test
  void whatTheServersWereStartedWithCountsForTheNextStartToo() throws Exception {
    scripts
        .start("1", "--fail-rate", "0.1", "--", "--storage=ROCKSDB", "--quota_mib", "40")
        .until("Ctrl-C stops it")
        .stop();
    Path cluster = Path.of(scripts.data(), "cluster");
    assertTrue(
        Files.readString(cluster).endsWith("\noptions= --storage=ROCKSDB --quota-mib=40\n"),
        Files.readString(cluster));
    Scripts.Running again =
        scripts.start("--dynamic", "--", "--quota-mib", "41").until("Ctrl-C stops it");
    assertTrue(again.said().contains("as before: -- --storage ROCKSDB\n"), again.said());
    assertTrue(again.said().contains("votes follow who is there from now on"), again.said());
    String started = Files.readString(Path.of(scripts.data(), "run/0.conf"));
    assertTrue(
        started.contains("--quota-mib 41") && !started.contains("--fail-rate"), () -> started);
    again.stop();
    // Also if it is only the directory that knows.
    Files.writeString(cluster, "servers=1\noffset=" + scripts.offset() + "\nquorum=dynamic\n");
    Scripts.Running last = scripts.start("--", "--quorum", "MAJORITY").until("Ctrl-C stops it");
    assertTrue(last.said().contains("votes do not follow who is there any more"), last.said());
    scripts.run("client", scripts.address(0), "-c", "PUT a b").is(0, "done");

    String pid = String.valueOf(scripts.servers().get(0).pid());
    assertEquals(0, new ProcessBuilder("kill", "-STOP", pid).start().waitFor());
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data())
        .is(1, "server 0 is there, stopped by a signal (process " + pid + "): kill -CONT " + pid);
    assertEquals(0, new ProcessBuilder("kill", "-CONT", pid).start().waitFor());
    scripts
        .run("scripts/start_server.sh", "0", "--data", scripts.data())
        .is(1, "server 0 runs already (process " + pid + ")\n");
    last.stop();
    assertFalse(Files.readString(cluster).contains("quorum"), Files.readString(cluster));
  }
}
