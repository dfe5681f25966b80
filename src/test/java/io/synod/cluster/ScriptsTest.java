package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The scripts that go with {@code ./run_servers.sh}, where all goes well. */
@Tag("long")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ScriptsTest extends WithScripts {
  /** Loopback as well, so that it is seen who listens where. */
  private static final String HOST = "127.0.0.2";

  private String at(int server) {
    return scripts.address(server).replace("localhost", HOST);
  }

  private Scripts.Ran client(int server, String... commands) throws Exception {
    String[] arguments = new String[3 + 2 * commands.length];
    arguments[0] = at(server);
    arguments[1] = "--timeout";
    arguments[2] = "5";
    for (int i = 0; i < commands.length; i++) {
      arguments[3 + 2 * i] = "-c";
      arguments[4 + 2 * i] = commands[i];
    }
    return scripts.run("client", arguments);
  }

  @Test
  void serversOnAHostAreCutApartCopiedJoinedRestoredAndThrownAway() throws Exception {
    Scripts.Running first = scripts.start("3", "--host", HOST).until("Ctrl-C stops them");
    assertTrue(first.said().contains("./client " + at(0) + " talks to them"), first.said());
    scripts.run("client", scripts.address(0), "-c", "GET fruit").is(3, "connection refused");
    client(0, "PUT fruit pear").is(0, "done");

    scripts
        .run("scripts/partition.sh", "2", "0,1", "--data", scripts.data())
        .is(
            0,
            "server 2 is cut off from servers 0, 1 until HEAL",
            "server 0 is cut off from server 2",
            "server 1 is cut off from server 2");
    client(0, "PUT fruit apple").is(0, "done");
    scripts.run("client", at(2), "--timeout", "1", "-c", "GET fruit").is(3, "no ");
    scripts
        .run("scripts/partition.sh", "0", "2", "--data", scripts.data())
        .is(
            0,
            "3 of 3 servers answered; none of them is cut off now",
            "server 0 is cut off from server 2 until HEAL",
            "server 2 is cut off from server 0");
    client(1, "PUT fruit fig").is(0, "done");
    client(1, "PUT fruit apple").is(0, "done");
    scripts
        .run("scripts/partition.sh", "heal", "--data", scripts.data())
        .is(0, "3 of 3 servers answered; none of them is cut off now", "3 live");
    client(2, "GET fruit").is(0, "apple");

    Path backup = folder.resolve("monday.backup");
    scripts
        .run("scripts/backup.sh", backup.toString(), "--data", scripts.data())
        .is(0, "whole", "keys             1, ");
    client(1, "PUT fruit plum").is(0, "done");
    Path data = Path.of(scripts.data());
    Path own = data.resolve("" + (Scripts.CLIENT_PORTS + scripts.offset()));
    Path other = folder.resolve("other.backup");
    scripts
        .run("scripts/backup.sh", other.toString(), "--from", own.toString())
        .is(1, own + " is in use by process ");
    assertFalse(Files.exists(other));

    scripts
        .run("scripts/add_server.sh", "--data", scripts.data())
        .is(0, "server 3 runs (process ", "is a member and has its vote", at(3));
    first.until("server 3 was added");
    client(3, "GET fruit").is(0, "plum");
    assertEquals(4, scripts.servers().size());
    first.stop();
    assertTrue(first.said().contains("stopping 4 servers ..."), first.said());

    scripts
        .run("scripts/backup.sh", other.toString(), "--from", own.toString())
        .is(0, "keys             1, ");
    Path recovered = folder.resolve("recovered");
    scripts
        .run("scripts/recover.sh", "1", "--data", scripts.data(), "--into", recovered.toString())
        .is(0, own + ": all up to slot ", "goes on from ", "of 1 servers begins behind slot ");
    assertTrue(Files.exists(recovered.resolve("8000/identity")));
    assertFalse(Files.exists(folder.resolve("recovered.rescue")));
    Files.move(data, folder.resolve("before"));
    scripts
        .run(
            "scripts/restore.sh",
            backup.toString(),
            "1",
            "--data",
            scripts.data(),
            "--offset",
            "" + scripts.offset(),
            "--host",
            HOST)
        .is(0, "cluster ", " of 1 servers begins behind slot ", "starts it");
    Scripts.Running restored = scripts.start("1", "--host", HOST).until("Ctrl-C stops it");
    client(0, "GET fruit").is(0, "apple");
    restored.stop();

    Scripts.Running clean = scripts.start("1", "--host", HOST, "--clean").until("Ctrl-C stops it");
    client(0, "GET fruit").is(1, "not found");
    clean.stop();
  }
}
