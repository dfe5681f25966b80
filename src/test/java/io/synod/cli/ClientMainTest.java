package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.synod.client.ClientSettings;
import io.synod.client.FakeServers;
import io.synod.client.FakeServers.Behaviour;
import io.synod.client.Statuses;
import io.synod.client.SynodClient;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
import io.synod.text.Version;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ClientMainTest {
  private final FakeServers servers = new FakeServers(2);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void close() {
    servers.close();
  }

  private int run(String input, String... args) {
    return run(input.getBytes(StandardCharsets.UTF_8), /* terminal= */ false, args);
  }

  private int run(byte[] input, boolean terminal, String... args) {
    PrintStream results = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    ByteArrayInputStream in = new ByteArrayInputStream(input);
    return ClientMain.run(
            List.of(args), new ClientMain.Streams(in, results, errors), terminal, servers::channel)
        .number();
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void carriesOutCommandsOfStandardInput() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("put a \"b c\"\nget a\n\ndelete a\nexit\nget a\n"));
    assertEquals("done\nb c\ndone\n", out());
    assertEquals("", err());
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run(latin("PUT bin \"\u00ff\u00fe\"\nPUT a b\n"), /* terminal= */ false));
    assertEquals(
        "line 1: byte 10 of the line is not UTF-8: write \\xff, within quotes, for it\n", err());
    assertEquals(Set.of(ByteString.copyFromUtf8("a")), servers.pairs().keySet());
  }

  @Test
  void refusesWhatStandsForBytesThatAreNotUtf8() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run("", "-c", "PUT a \"\ufffd\""));
    assertTrue(err().contains("not UTF-8"), err());
    assertTrue(servers.pairs().isEmpty());
  }

  @Test
  void keepsEveryByteThatItIsGiven() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("PUT a \"\\xff\u00e9\ufffd\"\r\nGET a"));
    assertEquals(
        ByteString.copyFrom(latin("\u00ff\u00c3\u00a9\u00ef\u00bf\u00bd")),
        servers.pairs().get(ByteString.copyFromUtf8("a")));
    assertEquals("done\n\"\\xff\u00e9\\xef\\xbf\\xbd\"\n", out());
  }

  @Test
  void saysForWhatACommandWaitsToAPersonOnly() {
    servers.set(0, Behaviour.SILENT);
    assertEquals(3, run(new byte[0], /* terminal= */ true, "--timeout", "3", "-c", "GET a"));
    assertTrue(
        err().contains("no answer yet: server 0 hears the coordinator; Ctrl-C ends the wait"),
        err());
    err.reset();
    assertEquals(3, run("", "--timeout", "3", "-c", "GET a"));
    assertFalse(err().contains("no answer yet"), err());
  }

  @Test
  void whatIsSaidWhileACommandWaitsNamesWhoIsMissing() {
    StatusResponse.Builder status = StatusResponse.newBuilder().setServerId(0).setQuorum(2);
    for (int i = 0; i < 3; i++) {
      status.addMember(
          MemberStatus.newBuilder()
              .setServerId(i)
              .setRole(MemberStatus.Role.VOTER)
              .setLive(i == 0));
    }
    assertEquals(
        "no answer yet: server 0 hears no coordinator, quorum 2 of 3; 1 live; no quorum: all waits"
            + " until 1 more of servers 1, 2 answers; Ctrl-C ends the wait",
        LongWait.words(Statuses.of(status.build())));
    assertEquals(
        "no answer yet: server 0: waiting for one; Ctrl-C ends the wait",
        LongWait.words(Statuses.of(status.setWaitingFor("waiting for one").build())));
  }

  @Test
  void shortensAndAlignsForAPersonOnly() {
    servers.set(0, Behaviour.ANSWERS);
    String lines = "PUT a %s\nPUT long-one b\n".formatted("x".repeat(1_000));
    assertEquals(0, run(lines));
    assertEquals(0, run("PUT %s v\n".formatted("y".repeat(5_000))));
    assertEquals(0, run(new byte[0], /* terminal= */ true, "-c", "LIST", "-c", "GET a"));
    assertTrue(out().contains("\na         x"), out());
    assertTrue(out().contains("\nlong-one  b\n"), out());
    assertTrue(out().contains("x ... (1,000 bytes; --raw prints all)"), out());
    assertTrue(out().contains("y ... (5,000 bytes; --raw prints all)  v\n"), out());
    assertTrue(out().lines().allMatch(line -> line.length() < 400), out());
    out.reset();
    assertEquals(0, run("GET a\nLIST\n"));
    assertEquals("x".repeat(1_000), out().lines().findFirst().orElse(""));
    assertTrue(out().contains("\nlong-one  b\n"), out());
    assertTrue(out().endsWith("\n%s  v\n3 keys\n".formatted("y".repeat(5_000))), out());
  }

  @Test
  void saysThatRefusedWriteHadNoEffect() {
    servers.set(0, Behaviour.NOT_PROPOSED);
    assertEquals(3, run("PUT a b\nGET a\n"));
    List<String> lines = err().lines().toList();
    assertTrue(lines.get(0).endsWith("; it had no effect"), err());
    assertFalse(lines.get(1).contains("effect"), err());
  }

  @Test
  void fullOrOverloadedServerTookNothing() {
    servers.set(0, Behaviour.OVERLOADED);
    assertEquals(3, run("PUT a b\n"));
    assertTrue(
        err().contains(": not taken (localhost:8000: the queue is full); it had no effect"), err());
  }

  @Test
  void cancelledCommandSaysWhatIsKnownOfIt() throws InterruptedException {
    servers.set(0, Behaviour.SILENT);
    for (String line : List.of("PUT a b", "GET a")) {
      int before = servers.calls(0);
      Prompt.Cancelling cancelling = new Prompt.Cancelling(Thread.currentThread());
      // Nothing runs yet.
      cancelling.cancel();
      Thread typing =
          new Thread(
              () -> {
                while (servers.calls(0) == before) {
                  Thread.onSpinWait();
                }
                cancelling.cancel();
              });
      typing.start();
      cancelling.run(() -> assertEquals(3, run("", "-c", line)));
      typing.join();
      assertFalse(Thread.currentThread().isInterrupted());
    }
    List<String> lines = err().lines().toList();
    assertEquals(2, lines.size(), err());
    assertTrue(
        lines
            .get(0)
            .matches("cancelled after .* ms; outcome unknown: it may take effect, now or later"),
        err());
    assertTrue(lines.get(1).matches("cancelled after .* ms"), err());
  }

  @Test
  void linesThatArePastedTogetherAreCommandsEach() {
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      CommandRunner runner = runner(client);
      Prompt.Cancelling cancelling = new Prompt.Cancelling(Thread.currentThread());
      Prompt.runEach("put a \"b c\"\nget a\r\n\nexit\nput never 1\n", runner, cancelling);
      assertEquals("done\nb c\n", out());
      assertTrue(runner.isEnded());
    }
    assertEquals(Set.of(ByteString.copyFromUtf8("a")), servers.pairs().keySet());
  }

  @Test
  void cancellingOnePastedLineCancelsTheRest() {
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      Prompt.Cancelling cancelling = new Prompt.Cancelling(Thread.currentThread());
      PrintStream cancels =
          new PrintStream(out, true, StandardCharsets.UTF_8) {
            @Override
            public void flush() {
              cancelling.cancel();
              super.flush();
            }
          };
      CommandRunner runner =
          new CommandRunner(client, new Output(cancels, cancels, Output.Style.LINES));
      Prompt.runEach("put a 1\nput b 2\nput c 3", runner, cancelling);
    }
    assertEquals(Set.of(ByteString.copyFromUtf8("a")), servers.pairs().keySet());
    assertFalse(Thread.currentThread().isInterrupted());
  }

  private SynodClient client() {
    return SynodClient.of(
        ClientSettings.usual(List.of(servers.addresses().get(0))), servers::channel);
  }

  private CommandRunner runner(SynodClient client) {
    PrintStream results = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    return new CommandRunner(client, new Output(results, errors, Output.Style.LINES));
  }

  @Test
  void endsWithFourIfResultsCannotBeWrittenAndAsksNoMore() {
    servers.set(0, Behaviour.ANSWERS);
    PrintStream full =
        new PrintStream(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("No space left on device");
              }
            },
            true,
            StandardCharsets.UTF_8);
    InputStream in =
        new ByteArrayInputStream("PUT a 1\nPUT b 2\n".getBytes(StandardCharsets.UTF_8));
    ExitStatus status =
        ClientMain.run(
            List.of(),
            new ClientMain.Streams(in, full, new PrintStream(err)),
            /* terminal= */ false,
            servers::channel);
    assertEquals(4, status.number());
    assertEquals(Set.of(ByteString.copyFromUtf8("a")), servers.pairs().keySet());
  }

  @Test
  void carriesOutCommandsOfArguments() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("", "localhost:8000", "-c", "PUT a b", "--command", "GET a"));
    assertEquals("done\nb\n", out());
  }

  @Test
  void listsAndCountsByPrefix() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(
        0,
        run(
            """
            put a 1
            put b1 2
            put b2 "3 4"
            put b3 5
            put c 6
            list b
            list
            LIST b 2
            LIST b 3
            list x
            count b
            count
            """));
    assertEquals(
        """
        done
        done
        done
        done
        done
        b1  2
        b2  3 4
        b3  5
        3 keys
        a  1
        b1  2
        b2  3 4
        b3  5
        c  6
        5 keys
        b1  2
        b2  3 4
        2 keys; there are more
        b1  2
        b2  3 4
        b3  5
        3 keys
        0 keys
        3 keys
        5 keys
        """,
        out());
    assertEquals("", err());
  }

  @Test
  void listsKeysAloneIfRaw() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("put a 1\nput b 2\nlist\ncount\n", "--raw"));
    assertEquals("a\nb\n2\n", out());
  }

  @Test
  void endsWithOneIfNotFound() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(1, run("GET nothing\nPUT a b\n"));
    assertEquals("not found\ndone\n", out());
  }

  @Test
  void endsWithTwoForWrongInputAndGoesOn() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run("FETCH a\nPUT a b\nGET nothing\n"));
    assertEquals(ByteString.copyFromUtf8("b"), servers.pairs().get(ByteString.copyFromUtf8("a")));
    assertTrue(err().startsWith("line 1: there is no verb FETCH (did you mean GET?): HELP"), err());
  }

  @Test
  void saysWhichOfSeveralCommandsFailed() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run("", "-c", "PUT a b", "-c", "PUT k"));
    assertTrue(err().startsWith("command 2: PUT "), err());
    assertEquals(2, run("", "-c", "PUT k"));
    assertFalse(err().contains("command 1: "), err());
  }

  @Test
  void errorsNameTheirLineOfAScriptAndNothingElse() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run("# comment\nPUT a b\n\nPUT k\nGET none\nLIST a b --raw\n"));
    List<String> lines = err().lines().toList();
    assertEquals(2, lines.size(), err());
    assertTrue(lines.get(0).startsWith("line 4: PUT takes a key and a value"), err());
    assertTrue(lines.get(1).startsWith("line 6: a limit is a number"), err());
    err.reset();
    servers.set(0, Behaviour.NOT_PROPOSED);
    assertEquals(3, run("\nGET a --raw"));
    assertTrue(err().startsWith("line 2: failed after "), err());
    err.reset();
    assertEquals(2, run("", "-c", "PUT k"));
    assertTrue(err().startsWith("PUT takes"), err());
  }

  @Test
  void saysWhichVersionItIsAndOnWhichJdk() {
    assertEquals(0, run("", "--version"));
    assertEquals(0, run("", "admin", "--version"));
    assertEquals((Version.line() + "\n").repeat(2), out());
  }

  @Test
  void asksWhetherAnotherVerbOrOptionWasMeant() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run("pot a b\n"));
    assertTrue(err().contains("there is no verb pot (did you mean PUT?): HELP"), err());
    assertEquals(2, run("", "--rwa"));
    assertTrue(err().contains("there is no option --rwa (did you mean --raw?); "), err());
    assertEquals(2, run("", "admin", "set", "a", "b"));
    assertTrue(err().contains("there is no verb set (did you mean PUT?): HELP"), err());
    assertEquals(2, run("", "admin", "REMOV", "2"));
    assertTrue(err().contains("there is no verb REMOV (did you mean REMOVE?): HELP"), err());
  }

  @Test
  void endsWithTwoIfServerRefuses() {
    servers.set(0, Behaviour.INVALID);
    assertEquals(2, run("PUT a b\n"));
    assertTrue(err().contains("the key is too long"), err());
  }

  @Test
  void endsWithThreeIfNobodyAnswers() {
    assertEquals(3, run("GET a\n", servers.list()));
    assertTrue(err().contains("localhost:8000") && err().contains("localhost:8001"), err());
  }

  @Test
  void saysThatOutcomeIsUnknown() {
    servers.set(0, Behaviour.DONE_BUT_UNKNOWN);
    assertEquals(3, run("PUT a b\n"));
    assertTrue(err().startsWith("line 1: outcome unknown after "), err());
  }

  @Test
  void movesOnToServerThatAnswers() {
    servers.set(1, Behaviour.ANSWERS);
    assertEquals(0, run("PUT a b\nGET a\n", servers.list()));
  }

  @Test
  void printsBytesAlone() {
    servers.pairs().put(ByteString.copyFromUtf8("a"), ByteString.copyFrom(new byte[] {-1, 7}));
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(1, run("GET a\nPUT b c\nGET nothing\n", "--raw"));
    assertEquals(
        ByteString.copyFrom(new byte[] {-1, 7, '\n'}), ByteString.copyFrom(out.toByteArray()));
  }

  @Test
  void rawMayStandBehindOneCommandThatReads() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(
        0,
        run(
            """
            put a "\\t"
            put --raw key
            get a --raw
            get --raw
            list a 10 --raw
            count --raw
            get a
            """));
    assertEquals("done\ndone\n\t\nkey\na\n2\n\"\\t\"\n", out());
    assertEquals(2, run("put a b --raw\n"));
  }

  @Test
  void localReadSaysHowFarItSees() {
    servers.pairs().put(ByteString.copyFromUtf8("a"), ByteString.copyFromUtf8("b"));
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("", "--local", "-c", "GET a"));
    assertEquals("b\n", out());
    assertEquals("(localhost:8000 as of slot 42)\n", err());
  }

  @Test
  void readsUnderALeaseIfAskedTo() {
    servers.pairs().put(ByteString.copyFromUtf8("a"), ByteString.copyFromUtf8("b"));
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("", "--lease", "-c", "GET a"));
    assertEquals("b\n", out());
    assertEquals(List.of("lease"), servers.readModes());
    assertEquals(2, run("", "--lease", "--local", "-c", "GET a"));
  }

  @Test
  void demonstratesTheVerbs() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("", "--demo"));
    for (String verb : List.of("PUT", "GET", "DELETE", "STATUS")) {
      assertTrue(out().contains("> " + verb), out());
    }
    assertTrue(servers.pairs().size() > 2);
  }

  @Test
  void explainsItself() {
    assertEquals(0, run("", "--help"));
    assertTrue(out().lines().allMatch(line -> line.length() <= 100), out());
    assertTrue(out().contains("--timeout") && out().contains("PUT key value"), out());
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("help\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:b",
        "--nothing",
        "-c",
        "localhost:8000 extra",
        "--timeout 0",
        "--timeout soon",
        "--demo -c EXIT"
      })
  void refusesWrongArguments(String args) {
    assertEquals(2, run("", args.split(" ")));
    assertTrue(err().startsWith("client: "), err());
  }
}
