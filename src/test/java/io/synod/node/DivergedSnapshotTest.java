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
  private static void runOne(PlayedDuties server) {
    Objects.requireNonNull(server.background.poll()).run();
  }

  /**
   * Beside a store with files of its own a snapshot is written in parts of so many pieces, and each
   * slot takes one: the state is named wrong after so many parts.
   */
  private static void checkNoneIsLeft(int slots, int parts) throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles()) {
      NodeSettings.Snapshots seldom = NodeSettings.Snapshots.every(1 << 30);
      PlayedDuties server = new PlayedDuties(1, 0, PlayedDuties.journal(), seldom, files.open());
      server.applyLarge(slots);
      server.duties.want();
      server.turn();
      for (int part = 0; part < parts; part++) {
        runOne(server);
        server.turn();
      }
      assertEquals(1, server.background.size(), "a part is to come");
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
    }
  }

  @Test
  void theOneThatIsBeingWrittenIsNotPublishedAnyMore() throws IOException, RocksDBException {
    checkNoneIsLeft(20, 0);
    checkNoneIsLeft(20, 1);
  }

  /** Its bytes are durable, or its name is there, or durable too. */
  @Test
  void theOneThatIsBeingPublishedIsSetAside() throws IOException, RocksDBException {
    checkNoneIsLeft(12, 1);
    checkNoneIsLeft(11, 1);
    checkNoneIsLeft(10, 1);
  }
}
