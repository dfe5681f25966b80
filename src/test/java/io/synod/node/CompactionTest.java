package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.ClientRequest.Operation;
import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CompactionTest {
  private final KeyValueStore store = KeyValueStore.inMemory();
  private final CommandEncoder encoder = new CommandEncoder(1 << 20);
  private long sequence;

  CompactionTest() {
    encoder.putOpenSession(new ServerId(0), new UUID(1, 2));
    apply(0);
  }

  private void apply(long logTimeMillis) {
    Bytes batch = CommandFormat.batch(logTimeMillis, List.of(encoder.take()));
    store.apply(store.applied().next(), batch, (session, number, result) -> {});
  }

  private void put(long logTimeMillis) {
    sequence++;
    encoder.putPut(1, sequence, sequence, Bytes.utf8("key"), Bytes.utf8("a value"));
    apply(logTimeMillis);
  }

  private static Optional<Operation> asked(Optional<ClientRequest> request) {
    return request.map(ClientRequest::operation);
  }

  @Test
  void whatIsOlderInLogTimeThanIsKeptGoes() {
    Compaction compaction = new Compaction(new NodeSettings.History(64_000, 1 << 30), store);
    for (int second = 1; second <= 100; second++) {
      put(1_000L * second); // Makes revision second + 1.
      compaction.note(store.logTimeMillis());
    }
    Optional<ClientRequest> due = compaction.due(100_000, 0);
    assertEquals(Optional.of(new Operation.Compact(37)), asked(due));
    assertTrue(compaction.due(102_000, 0).isEmpty(), "one is under way");
    due.get().answer(new Answer.Unavailable(true, "lost"));
    assertTrue(compaction.due(100_000, 0).isEmpty(), "no note is that old any more");
    assertEquals(Optional.of(new Operation.Compact(39)), asked(compaction.due(102_000, 0)));
  }

  @Test
  void theOlderHalfGoesWhenItIsTooMuch() {
    Compaction compaction = new Compaction(new NodeSettings.History(1 << 30, 2_000), store);
    compaction.note(store.logTimeMillis());
    while (store.historyBytes() <= 2_000) {
      assertTrue(compaction.due(0, 0).isEmpty());
      put(1);
    }
    long half = 1 + (store.revision() - 1) / 2;
    assertEquals(Optional.of(new Operation.Compact(half)), asked(compaction.due(0, 0)));
  }
}
