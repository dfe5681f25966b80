package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksFiles;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/** How much of the log is kept. */
class LogLimitTest {
  private static final long MILLI = PlayedDuties.MILLI;
  private static final int BATCH_BYTES = 100_000;
  private static final long LIMIT = 3 << 20;
  private static final NodeSettings.Snapshots SMALL =
      new NodeSettings.Snapshots(
          32 << 20, LIMIT, 64 << 20, NodeSettings.Snapshots.USUAL_HELP_NANOS);

  private static PlayedDuties onHeap() throws IOException {
    return new PlayedDuties(1, 10, SMALL);
  }

  private static void applySome(PlayedDuties server, int slots) {
    for (int i = 0; i < slots; i++) {
      server.applyNext(BATCH_BYTES);
      server.runBackground();
    }
  }

  /** What comes with the slot itself is cut in the turn after it. */
  private static void checkStaysWithin(PlayedDuties server, Runnable meanwhile) {
    long most = 0;
    for (int slots = 0; slots < 200; slots++) {
      meanwhile.run();
      applySome(server, 1);
      most = Math.max(most, server.paxos.logBytes());
    }
    long longest = most;
    assertTrue(longest <= LIMIT, () -> longest + " bytes");
    assertTrue(longest > LIMIT / 4, () -> "most of it is kept, not " + longest + " bytes");
    assertEquals(Optional.empty(), server.duties.warning());
  }

  private static void askForSnapshot(PlayedDuties server) {
    server.duties.onPeer(
        new ServerId(0), new PeerMessage.SnapshotRequest(Slot.ZERO, 0, Slot.of(1)));
  }

  @Test
  void itStaysWithinItsLimitUnderWrites() throws IOException {
    checkStaysWithin(onHeap(), () -> {});
  }

  @Test
  void itStaysWithinItsLimitWhileAPeerIsHelped() throws IOException {
    PlayedDuties server = onHeap();
    checkStaysWithin(server, () -> askForSnapshot(server));
    assertTrue(server.paxos.logBytes() > LIMIT / 2, "as much as may be is kept for it");
  }

  @Test
  void itStaysWithinItsLimitOnAnEngineThatKeeps() throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles()) {
      KeyValueStore store = files.open();
      PlayedDuties server = new PlayedDuties(1, 10, PlayedDuties.journal(), SMALL, store);
      checkStaysWithin(server, () -> {});
      checkStaysWithin(server, () -> askForSnapshot(server));
    }
  }

  /** Whoever sends it a snapshot, it goes on from that by anybody's log. */
  @Test
  void itIsKeptForAMemberThatIsBehind() throws IOException {
    PlayedDuties server = onHeap();
    server.hear(0, 12, false);
    checkStaysWithin(server, () -> {});
    PlayedDuties alone = onHeap();
    applySome(alone, 15);
    PlayedDuties helping = onHeap();
    helping.hear(0, 12, false);
    applySome(helping, 15);
    assertTrue(alone.paxos.cut().isAfter(Slot.of(12)), alone.paxos.cut()::toString);
    assertTrue(!helping.paxos.cut().isAfter(Slot.of(12)), helping.paxos.cut()::toString);
  }

  /** A collection of garbage, or a large snapshot that it installs, is no reason to give it up. */
  @Test
  void itIsKeptForAMemberThatIsSilentForSomeSeconds() throws IOException {
    PlayedDuties server = onHeap();
    server.hear(0, 12, false);
    server.hearNobody(20_000 * MILLI);
    applySome(server, 15);
    assertTrue(!server.paxos.cut().isAfter(Slot.of(12)), server.paxos.cut()::toString);
    server.hearNobody(60_000 * MILLI);
    applySome(server, 15);
    assertTrue(server.paxos.cut().isAfter(Slot.of(12)), server.paxos.cut()::toString);
  }

  @Test
  void oneThatCannotBeCutIsWarnedOfWithFiguresUntilItIs() throws IOException {
    PlayedDuties server = onHeap();
    server.disk.capacity(0);
    applySome(server, 200);
    assertTrue(server.paxos.logBytes() > 5 * LIMIT);
    String warning = server.duties.warning().orElseThrow();
    assertTrue(
        warning.matches(
            "the log takes \\d{8} bytes, and log_mib allows 3145728: it cannot be cut behind slot 0,"
                + " .* could not write a snapshot of slot #\\d+: .*; if the log grows on, .*"),
        warning);
    long warned = server.lines.stream().filter(line -> line.startsWith("the log takes")).count();
    assertTrue(warned >= 2 && warned <= 4, () -> server.lines.toString());

    server.disk.capacity(Long.MAX_VALUE);
    server.turnAfter(4_000 * MILLI);
    server.runBackground();
    server.runBackground();
    assertTrue(server.paxos.logBytes() <= LIMIT, () -> server.paxos.logBytes() + " bytes");
    assertEquals(Optional.empty(), server.duties.warning());
    assertTrue(
        server.lines.stream().anyMatch(line -> line.startsWith("the log is within log_mib again")),
        server.lines::toString);
  }
}
