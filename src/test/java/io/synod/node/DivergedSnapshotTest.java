package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Slot;
import io.synod.store.RocksFiles;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/** A state that differs from a quorum's: no snapshot of it is there for the next start. */
class DivergedSnapshotTest {
  /** More than any part of a snapshot waits for the next. */
  private static final long REST_NANOS = 1_000_000_000;

  private static void runOne(PlayedDuties server) {
    Objects.requireNonNull(server.background.poll()).run();
  }

  /**
   * A snapshot is written in parts of four pieces, and each slot takes one: the state is named
   * wrong after so many parts. Returns whether it was not whole before that.
   */
  private static boolean checkNoneIsLeft(int slots, int parts)
      throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles()) {
      NodeSettings.Snapshots seldom = NodeSettings.Snapshots.every(1 << 30);
      PlayedDuties server = new PlayedDuties(1, 0, PlayedDuties.journal(), seldom, files.open());
      server.applyLarge(slots);
      server.duties.want();
      server.turn();
      for (int part = 0; part < parts; part++) {
        runOne(server);
        server.turnAfter(REST_NANOS);
      }
      if (server.background.isEmpty()) {
        assertEquals(server.store.applied(), server.snapshots.newest());
        return false;
      }
      AtomicInteger startedAnew = new AtomicInteger();
      server.duties.discardAll(startedAnew::incrementAndGet);
      // It is set aside between two parts.
      server.background.addFirst(Objects.requireNonNull(server.background.pollLast()));
      server.runBackground();
      assertEquals(1, startedAnew.get());
      List<String> left = server.disk.list();
      assertTrue(left.stream().allMatch(name -> name.endsWith(".damaged")), left::toString);
      assertEquals(Slot.ZERO, server.snapshots.newest());
      server.duties.want();
      server.runBackground();
      assertEquals(left, server.disk.list(), "no other is written");
      return true;
    }
  }

  /**
   * Amid its rows, and when its bytes are durable, or its name is there, or durable too: with one
   * slot more or less, another of these is at the end of a part.
   */
  @Test
  void theOneThatIsBeingWrittenIsNeverBelieved() throws IOException, RocksDBException {
    for (int slots = 5; slots < 9; slots++) {
      int parts = 0;
      while (checkNoneIsLeft(slots, parts)) {
        parts++;
      }
      assertTrue(parts >= 3, "parts of " + slots + " slots: " + parts);
    }
  }
}
