package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.synod.client.FakeServers;
import io.synod.client.FakeServers.Behaviour;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
    PrintStream results = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    ByteArrayInputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    return ClientMain.run(
            List.of(args),
            new ClientMain.Streams(in, results, errors),
            /* terminal= */ false,
            servers::channel)
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
    assertTrue(out().matches("(?s)done  \\([\\d.]+ ms\\)\nb c  \\([\\d.]+ ms\\)\ndone .*"), out());
    assertEquals("", err());
  }

  @Test
  void carriesOutCommandsOfArguments() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("", "localhost:8000", "-c", "PUT a b", "--command", "GET a"));
    assertTrue(out().contains("b  ("), out());
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
            list x
            count b
            count
            """));
    String listed = out().replaceAll("  \\([\\d.]+ ms\\)", "");
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
        2 keys
        0 keys
        3 keys
        5 keys
        """,
        listed);
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
    assertTrue(out().startsWith("not found  ("), out());
  }

  @Test
  void endsWithTwoForWrongInputAndGoesOn() {
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(2, run("FETCH a\nPUT a b\nGET nothing\n"));
    assertEquals(ByteString.copyFromUtf8("b"), servers.pairs().get(ByteString.copyFromUtf8("a")));
    assertTrue(err().contains("there is no verb FETCH"), err());
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
    assertTrue(err().startsWith("outcome unknown after "), err());
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
  void localReadSaysHowFarItSees() {
    servers.pairs().put(ByteString.copyFromUtf8("a"), ByteString.copyFromUtf8("b"));
    servers.set(0, Behaviour.ANSWERS);
    assertEquals(0, run("", "--local", "-c", "GET a"));
    assertTrue(out().startsWith("b  (localhost:8000 as of slot 42, "), out());
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
