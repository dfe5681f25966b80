package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksFiles;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/** At which pace a server writes a snapshot of its own. */
class OwnSnapshotsTest {
  private static final long MILLI = PlayedDuties.MILLI;
  private static final int STATE_MIB = 12;
  private static final long LOG_BYTES = 64L << 20;

  private static NodeSettings.Snapshots settings(int mibASecond) {
    return new NodeSettings.Snapshots(
        LOG_BYTES / 2, LOG_BYTES, (long) mibASecond << 20, NodeSettings.Snapshots.USUAL_HELP_NANOS);
  }

  /** Until a snapshot is whole, in the driver's time; the disk takes none of it. */
  private static long millisToWrite(PlayedDuties server) {
    Slot slot = server.store.applied();
    server.duties.want();
    long millis = 0;
    while (server.snapshots.newest().isBefore(slot) && millis < 60_000) {
      server.runBackgroundNow();
      server.turnAfter(MILLI);
      millis++;
    }
    assertEquals(slot, server.snapshots.newest(), server.lines::toString);
    return millis;
  }

  private static PlayedDuties onHeap(int mibASecond) throws IOException {
    PlayedDuties server = new PlayedDuties(1, 10, settings(mibASecond));
    server.applyLarge(STATE_MIB);
    return server;
  }

  @Test
  void itTakesTheTimeThatItsSizeNeeds() throws IOException {
    long millis = millisToWrite(onHeap(4));
    // Those of a session that was opened come with the first of them.
    long least = 1_000L * (STATE_MIB - 1) / 4;
    assertTrue(millis >= least * 0.6 && millis <= least * 1.1, () -> millis + " ms");
  }

  @Test
  void aLargeOneTakesNoMoreThanSomeSeconds() throws IOException {
    // By its pace alone it would take minutes.
    PlayedDuties server =
        new PlayedDuties(
            1,
            10,
            new NodeSettings.Snapshots(
                LOG_BYTES / 2, LOG_BYTES, 64L << 10, NodeSettings.Snapshots.USUAL_HELP_NANOS));
    server.applyLarge(STATE_MIB);
    long millis = millisToWrite(server);
    assertTrue(millis >= 5_000 && millis <= 11_000, () -> millis + " ms");
  }

  /** Its peer asks again and again until it is there. */
  @Test
  void whoAsksWhileItIsWrittenHasNoOtherWritten() throws IOException {
    PlayedDuties server = onHeap(4);
    PeerMessage request = new PeerMessage.SnapshotRequest(Slot.ZERO, 0, Slot.of(11));
    server.duties.onPeer(new ServerId(0), request);
    server.turn();
    server.applyLarge(2);
    server.runBackgroundNow();
    server.duties.onPeer(new ServerId(0), request);
    server.runBackground();
    server.turnAfter(10_000 * MILLI);
    server.runBackground();
    long written =
        server.lines.stream().filter(line -> line.startsWith("snapshot of slot")).count();
    assertEquals(1, written, server.lines::toString);
  }

  @Test
  void aLogThatGrowsTooLongLeavesNoTimeToRest() throws IOException {
    // All that the store has applied is in the log.
    Recovered log = PlayedDuties.journal(10 + STATE_MIB, new Value.Noop());
    PlayedDuties server = new PlayedDuties(1, 10, log, settings(4), KeyValueStore.inMemory());
    server.applyLarge(STATE_MIB);
    server.duties.want();
    server.turnAfter(MILLI);
    server.runBackgroundNow();
    server.turnAfter(MILLI);
    assertTrue(server.background.isEmpty(), "it rests");
    while (server.paxos.logBytes() <= LOG_BYTES / 2) {
      server.applyNext(1 << 20);
    }
    server.turnAfter(MILLI);
    assertEquals(1, server.background.size());
  }

  /** They see the same log. */
  @Test
  void serversOfAClusterWriteTheirsAtDifferentTimes() throws IOException {
    List<Slot> slots = new ArrayList<>();
    // Server 2 sends them the log.
    for (int id = 0; id < 2; id++) {
      PlayedDuties server = new PlayedDuties(id, 10, NodeSettings.Snapshots.every(1 << 20));
      while (server.snapshots.newest().equals(Slot.ZERO)) {
        server.applyNext(50_000);
        server.runBackground();
      }
      slots.add(server.snapshots.newest());
    }
    assertEquals(2, Set.copyOf(slots).size(), slots::toString);
  }

  @Test
  void oneBesideADatabaseRestsToo() throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles()) {
      KeyValueStore store = files.open();
      PlayedDuties server = new PlayedDuties(1, 10, PlayedDuties.journal(), settings(4), store);
      server.applyLarge(STATE_MIB);
      long millis = millisToWrite(server);
      assertTrue(millis >= 1_500, () -> millis + " ms");
    }
  }
}
