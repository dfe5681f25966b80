package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.client.FakeServers;
import io.synod.client.FakeServers.Behaviour;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ControlRequest;
import io.synod.proto.MoveCoordinatorRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators type, and what they read. */
@Timeout(30)
class AdminCommandsTest {
  private final FakeServers servers = new FakeServers(2).set(0, Behaviour.ANSWERS);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void close() {
    servers.close();
  }

  private int run(String... args) {
    return ClientMain.run(
            List.of(args),
            new ClientMain.Streams(
                InputStream.nullInputStream(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)),
            /* terminal= */ false,
            servers::channel)
        .number();
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8).replaceAll("  \\([\\d.]+ ms\\)", "");
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aChangeShowsTheMembersAndTheQuorum() {
    assertEquals(0, run("-c", "add localhost:9007"));
    assertEquals(
        """
        done: in force since slot 30
        member  clients         servers         role
        7       localhost:8007  localhost:9007  learner, to replace 1
        1       localhost:8001  localhost:9001  voter
        quorum: 1 of 1 now (before: 1 of 1), 3 of 4 once server 7 has its vote; tolerates no failure then
        a learner gets its vote by itself when it has caught up: MEMBERS shows it
        """,
        out());
    assertEquals(
        List.of(ChangeRequest.newBuilder().setAdd("localhost:9007").build()), servers.operated());
  }

  @Test
  void ofAServerThatDoesNotSayWhatWillBeNothingIsSaidOfIt() {
    assertEquals(0, run("-c", "promote 1"));
    assertTrue(out().endsWith("\nquorum: 1 of 1 (before: 1 of 1)\n"), out());
  }

  @Test
  void anAddressThatIsAnotherNowIsNoLearnerThatJoins() {
    assertEquals(0, run("-c", "add localhost:9001"));
    assertTrue(
        out().endsWith("\nserver 1 was a member already: only its address is another now\n"),
        out());
  }

  @Test
  void aDryRunSaysThatItIsOne() {
    assertEquals(0, run("-c", "REPLACE 1 localhost:9007 --dry-run"));
    assertTrue(out().startsWith("a dry run: nothing was changed; it would be so\n"), out());
    assertTrue(out().endsWith("; server 1 leaves then\n"), out());
    assertEquals(
        List.of(
            ChangeRequest.newBuilder()
                .setReplace(
                    ChangeRequest.Replacement.newBuilder().setServerId(1).setBy("localhost:9007"))
                .setDryRun(true)
                .build()),
        servers.operated());
  }

  @Test
  void whereABackupCannotBeWrittenNoServerIsAsked(@TempDir Path folder) throws IOException {
    servers.set(0, Behaviour.SILENT);
    Path there = Files.writeString(folder.resolve("there"), "mine");
    assertEquals(2, run("-c", "BACKUP \"" + there + "\""));
    assertTrue(err().contains(there + " cannot be written: it is there already"), err());
    assertEquals(2, run("-c", "BACKUP \"" + folder.resolve("none/file") + "\" local"));
    assertTrue(err().contains("cannot be written: its folder is not there"), err());
    assertEquals("mine", Files.readString(there));
  }

  @Test
  void aRefusalIsAnErrorInTheServersWords() {
    assertEquals(2, run("-c", "REMOVE 9"));
    assertTrue(err().contains("localhost:8000: no member has the id 9"), err());
    assertEquals("", out());
  }

  @Test
  void everyVerbAsksForWhatItSays() {
    assertEquals(
        0,
        run(
            "-c",
            "remove 1",
            "-c",
            "promote 1 dry-run",
            "-c",
            "demote 0",
            "-c",
            "move",
            "-c",
            "move 1",
            "-c",
            "failrate 1 0.3",
            "-c",
            "suspend 0 2.5",
            "-c",
            "resume 0",
            "-c",
            "snapshot 1",
            "-c",
            "cut 0 1,2"));
    assertEquals(
        List.of(
            ChangeRequest.newBuilder().setRemove(1).build(),
            ChangeRequest.newBuilder().setPromote(1).setDryRun(true).build(),
            ChangeRequest.newBuilder().setDemote(0).build(),
            MoveCoordinatorRequest.getDefaultInstance(),
            MoveCoordinatorRequest.newBuilder().setTo(1).build(),
            ControlRequest.newBuilder().setServerId(1).setFailRate(0.3).build(),
            ControlRequest.newBuilder().setServerId(0).setSuspendMillis(2_500).build(),
            ControlRequest.newBuilder().setServerId(0).setSuspendMillis(0).build(),
            ControlRequest.newBuilder().setServerId(1).setSnapshot(true).build(),
            ControlRequest.newBuilder()
                .setServerId(0)
                .setCut(ControlRequest.Cut.newBuilder().addServerId(1).addServerId(2))
                .build()),
        servers.operated());
    assertTrue(out().contains("server 1 has no part any more: stop it if it runs;"), out());
    assertTrue(
        out()
            .endsWith(
                """
                server 1 coordinates now
                server 1 coordinates now
                server 1 fails at a rate of 0.3
                server 0 drops all traffic of servers for 2.5 s
                server 0 drops no traffic of servers now
                server 1 writes a snapshot, if there is anything new
                server 0 is cut off from servers 1, 2 until HEAL
                """),
        out());
  }

  @Test
  void healReachesAllMembers() {
    assertEquals(0, run("admin", "HEAL"));
    assertEquals("2 of 2 servers answered; none of them is cut off now\n", out());
    assertEquals(List.of(heal(0), heal(1)), servers.operated());
  }

  @Test
  void healEndsWellThoughAServerIsDown() {
    servers.down(1);
    assertEquals(0, run("--timeout", "1", "-c", "HEAL"));
    assertEquals("1 of 2 servers answered; none of them is cut off now\n", out());
    assertTrue(err().contains("server 1 is down, and cut off from none when it starts: "), err());
  }

  @Test
  void healDoesNotEndWellWhereAServerMayBeCutOffStill() {
    servers.hangs(1);
    assertEquals(3, run("--timeout", "1", "-c", "HEAL"));
    assertEquals("1 of 2 servers answered; none of them is cut off now\n", out());
    assertTrue(err().contains("server 1 may be cut off still, HEAL again: "), err());
  }

  private static ControlRequest heal(int server) {
    return ControlRequest.newBuilder()
        .setServerId(server)
        .setCut(ControlRequest.Cut.getDefaultInstance())
        .build();
  }

  @Test
  void membersAreForPeopleOrForPrograms() {
    assertEquals(0, run("admin", "localhost:8000", "members"));
    assertTrue(out().contains("0 *     localhost:8000"), out());
    assertTrue(
        out()
            .endsWith(
                "membership of slot 0, quorum 2 of 2; 2 live; tolerates no failure now;"
                    + " * coordinates\n"),
        out());
    out.reset();
    assertEquals(0, run("--raw", "admin", "MEMBERS"));
    assertEquals("0\tvoter\tlive\tlocalhost:8000\t\n1\tvoter\tlive\tlocalhost:8001\t\n", out());
    out.reset();
    assertEquals(0, run("--raw", "-c", "coordinator"));
    assertEquals("0\n", out());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ADD",
        "ADD a:1 b:2",
        "REMOVE x",
        "REMOVE -1",
        "REPLACE 1",
        "MOVE 1 2",
        "MOVE 1 --dry-run",
        "FAILRATE 1",
        "FAILRATE 1 1.5",
        "FAILRATE 1 NaN",
        "SUSPEND 1 3601",
        "RESUME",
        "CUT 1",
        "CUT 1 2,,3",
        "HEAL 1",
        "MEMBERS all"
      })
  void whatMakesNoSenseIsNotAsked(String line) {
    assertThrows(WrongInputException.class, () -> CommandParser.parse(line));
  }

  @Test
  void optionsMayStandBehindTheVerb() {
    String raw = "0\tvoter\tlive\tlocalhost:8000\t\n1\tvoter\tlive\tlocalhost:8001\t\n";
    for (List<String> args :
        List.of(
            List.of("admin", "localhost:8000", "MEMBERS", "--raw"),
            List.of("admin", "--raw", "members", "--timeout", "5"),
            List.of("-c", "members --raw"))) {
      out.reset();
      assertEquals(0, run(args.toArray(String[]::new)));
      assertEquals(raw, out());
    }
    out.reset();
    assertEquals(0, run("admin", "MEMBERS", "--help"));
    assertTrue(out().startsWith("./client [options]"), out());
    assertEquals(0, run("admin", "REMOVE", "1", "--dry-run"));
    assertEquals(
        List.of(ChangeRequest.newBuilder().setRemove(1).setDryRun(true).build()),
        servers.operated());
  }

  @Test
  void adminWantsAVerb() {
    assertEquals(2, run("admin", "localhost:8000"));
    assertTrue(err().contains("admin wants a verb"), err());
  }

  @Test
  void theHelpHasEveryVerb() {
    for (String verb : CommandParser.VERBS) {
      assertTrue(Help.VERBS.contains(verb), verb);
    }
  }
}
