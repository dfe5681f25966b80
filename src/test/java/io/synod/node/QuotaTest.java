package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class QuotaTest {
  /** A key of 2 bytes, a value of 70, and what a key counts besides. */
  private static final int PAIR_BYTES = 200;

  private static final Bytes VALUE = Bytes.wrap(new byte[70]);

  private final KeyValueStore store = KeyValueStore.inMemory();
  private final List<String> reports = new ArrayList<>();
  private final Quota quota = new Quota(10 * PAIR_BYTES, store, reports::add);
  private final CommandEncoder encoder = new CommandEncoder(1 << 20);
  private long sequence;

  QuotaTest() {
    encoder.putOpenSession(new ServerId(0), new UUID(1, 2));
    apply();
  }

  private void apply() {
    Bytes batch = CommandFormat.batch(0, List.of(encoder.take()));
    store.apply(store.applied().next(), batch, (session, number, result) -> {});
    quota.check();
  }

  private static Bytes key(int i) {
    return Bytes.utf8("k" + i);
  }

  private void put(int i) {
    sequence++;
    encoder.putPut(1, sequence, sequence, key(i), VALUE);
    apply();
  }

  private void delete(int i) {
    sequence++;
    encoder.putDelete(1, sequence, sequence, key(i));
    apply();
  }

  private Optional<String> refusal(int i) {
    return quota.refusal(new Operation.Put(key(i), VALUE).growthBytes());
  }

  @Test
  void putsAreRefusedFromTheLimitOnAndTakenAgainBelowIt() {
    for (int i = 0; i < 10; i++) {
      assertEquals(Optional.empty(), refusal(i));
      put(i);
    }
    String why = refusal(10).orElseThrow();
    assertTrue(why.contains("10 keys of 720 bytes, counted as 2,000 of 2,000 bytes"), why);
    assertTrue(why.contains("delete keys"), why);

    delete(1);
    assertEquals(Optional.empty(), refusal(1));
  }

  @Test
  void onlyPutsMakeTheStoreHoldMore() {
    assertEquals(72, new Operation.Put(key(1), VALUE).growthBytes());
    for (Operation other :
        List.of(
            new Operation.Delete(key(1)),
            new Operation.Compact(2),
            new Operation.Get(key(1), ReadMode.LOCAL))) {
      assertEquals(0, other.growthBytes(), other::toString);
    }
  }

  @Test
  void warnsOnceAndAgainOnlyAfterThereWasRoom() {
    for (int i = 0; i < 9; i++) {
      put(i);
    }
    assertEquals(1, reports.size(), reports::toString);
    assertTrue(reports.get(0).startsWith("the store is 80 % full: 8 keys"), reports.get(0));
    put(9);
    delete(9);
    assertEquals(3, reports.size(), reports::toString);
    assertTrue(reports.get(1).startsWith("the quota is reached"), reports.get(1));
    assertTrue(reports.get(2).startsWith("puts are taken again"), reports.get(2));
    delete(8);
    put(8);
    assertEquals(3, reports.size(), reports::toString);
    for (int i = 0; i < 9; i++) {
      delete(i);
    }
    for (int i = 0; i < 9; i++) {
      put(i);
    }
    assertEquals(4, reports.size(), reports::toString);
  }

  /** What is left is of no use to who is refused, however little of it the quota lacks. */
  @Test
  void theQuotaIsReachedWhenAPutIsRefusedThoughSomeOfItIsLeft() {
    for (int i = 0; i < 9; i++) {
      put(i);
    }
    assertTrue(quota.warning().orElseThrow().startsWith("the store is 90 % full: 9 keys"));
    Bytes large = Bytes.wrap(new byte[71]);
    assertTrue(quota.refusal(new Operation.Put(key(9), large).growthBytes()).isPresent());
    quota.check();
    String warning = quota.warning().orElseThrow();
    assertTrue(warning.startsWith("the quota is reached, puts are refused: 9 keys"), warning);
    assertTrue(warning.contains("delete keys, or raise quota_mib"), warning);
    assertEquals(warning, reports.get(1));
    quota.check();
    assertEquals(2, reports.size(), reports::toString);
    delete(8);
    assertTrue(reports.get(2).startsWith("puts are taken again: 8 keys"), reports::toString);
    for (int i = 0; i < 8; i++) {
      delete(i);
    }
    assertEquals(Optional.empty(), quota.warning());
  }
}
