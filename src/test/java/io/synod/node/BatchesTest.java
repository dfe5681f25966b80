package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.Value;
import io.synod.store.Command;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static final int QUEUE_BYTES = 10_000;
  private static final int BATCH_BYTES = 1_000;
  private static final int BATCH_COMMANDS = 8;
  private final Batches batches =
      new Batches(Bounds.of(new UUID(1, 2), 16, QUEUE_BYTES, BATCH_BYTES, BATCH_COMMANDS, 1_000));
  private long sequence;

  /** So many PUTs with values of this size, in sequence. */
  private Bytes run(int commands, int valueBytes) {
    CommandEncoder encoder = new CommandEncoder(1 << 20);
    for (int i = 0; i < commands; i++) {
      encoder.putPut(1, ++sequence, 1, Bytes.utf8("k"), Bytes.utf8("v".repeat(valueBytes)));
    }
    return encoder.take();
  }

  private static List<Long> sequences(List<Value.Batch> taken) {
    List<Long> sequences = new ArrayList<>();
    for (Value.Batch batch : taken) {
      byte[] whole = batch.commands().toArray();
      byte[] run = Arrays.copyOfRange(whole, CommandFormat.batchSizeBytes(List.of()), whole.length);
      for (Command command : CommandFormat.commands(Bytes.wrap(run))) {
        sequences.add(((Command.Put) command).stamp().sequence());
      }
    }
    return sequences;
  }

  /** Found by seed 930801 of the simulator: what was sent again filled the queue for good. */
  @Test
  void whatWaitsAlreadyIsNotAddedAgain() {
    Bytes first = run(2, 10);
    assertTrue(batches.offer(first));
    long before = batches.sizeBytes();
    assertTrue(batches.offer(first));
    assertEquals(before, batches.sizeBytes());
    sequence = 1;
    assertTrue(batches.offer(run(3, 10)));
    assertEquals(List.of(1L, 2L, 3L, 4L), sequences(batches.take(64, 0)));
    assertTrue(batches.offer(first));
    assertEquals(List.of(1L, 2L), sequences(batches.take(64, 0)), "it may be lost by now");
  }

  /** Each start of a server, and each client of a peer that lies, is a session of its own. */
  @Test
  void sessionsOfWhichNothingWaitsAreForgotten() {
    for (int session = 1; session <= 10; session++) {
      CommandEncoder encoder = new CommandEncoder(1 << 20);
      encoder.putPut(session, 7, 1, Bytes.utf8("k"), Bytes.utf8("v"));
      Bytes run = encoder.take();
      assertTrue(batches.offer(run));
      assertEquals(1, batches.sessions());
      assertEquals(1, batches.take(64, 0).size());
      assertEquals(0, batches.sessions());
    }
  }

  @Test
  void theyAreForgottenAlsoWhereSomethingAlwaysWaits() {
    assertTrue(batches.offer(run(1, 700)));
    for (int session = 2; session <= 1_000; session++) {
      CommandEncoder encoder = new CommandEncoder(1 << 20);
      encoder.putPut(session, 7, 1, Bytes.utf8("k"), Bytes.utf8("v".repeat(700)));
      assertTrue(batches.offer(encoder.take()));
      assertEquals(1, batches.take(1, 0).size());
      assertFalse(batches.isEmpty());
    }
    assertTrue(batches.sessions() < 100, batches.sessions() + " sessions");
    Bytes waits = run(1, 700);
    assertTrue(batches.offer(waits));
    long before = batches.sizeBytes();
    assertTrue(batches.offer(waits));
    assertEquals(before, batches.sizeBytes(), "what waits is not added again");
  }

  @Test
  void allThatCameIsOneBatchInOrder() {
    assertTrue(batches.offer(run(1, 10)) && batches.offer(run(2, 10)) && batches.offer(run(3, 10)));

    List<Value.Batch> taken = batches.take(64, 77);

    assertEquals(1, taken.size());
    assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), sequences(taken));
    assertEquals(77, CommandFormat.logTimeMillis(taken.get(0).commands()));
    assertTrue(batches.isEmpty());
    assertEquals(0, batches.sizeBytes());
  }

  @Test
  void aBatchClosesBeforeItWouldHaveTooManyCommands() {
    for (int i = 0; i < 3; i++) {
      assertTrue(batches.offer(run(BATCH_COMMANDS - 3, 1)));
    }
    assertEquals(3, batches.take(64, 0).size());
  }

  @Test
  void aBatchClosesBeforeItWouldBeTooLarge() {
    for (int i = 0; i < 4; i++) {
      assertTrue(batches.offer(run(1, 400)));
    }
    List<Value.Batch> taken = batches.take(64, 0);
    assertEquals(2, taken.size());
    assertEquals(List.of(1L, 2L, 3L, 4L), sequences(taken));
  }

  @Test
  void oneCommandAloneMayBeLargerThanABatch() {
    assertTrue(batches.offer(run(1, 5 * BATCH_BYTES)));
    assertTrue(batches.offer(run(1, 1)));
    List<Value.Batch> taken = batches.take(64, 0);
    assertEquals(2, taken.size());
    assertTrue(taken.get(0).commands().size() > 5 * BATCH_BYTES);
  }

  @Test
  void noMoreAreTakenThanThereIsRoomFor() {
    for (int i = 0; i < 4; i++) {
      assertTrue(batches.offer(run(1, BATCH_BYTES)));
    }
    assertEquals(List.of(), batches.take(0, 0));
    assertEquals(List.of(1L), sequences(batches.take(1, 0)));
    assertEquals(List.of(2L, 3L), sequences(batches.take(2, 0)));
    assertFalse(batches.isEmpty());
    assertTrue(batches.sizeBytes() > BATCH_BYTES && batches.sizeBytes() < 2 * BATCH_BYTES);
  }

  @Test
  void aRunThatWouldExceedTheQueueIsRefusedWhole() {
    Bytes large = run(1, QUEUE_BYTES / 2);
    assertTrue(batches.offer(large));
    assertFalse(batches.offer(run(1, QUEUE_BYTES / 2)));
    assertEquals(large.size(), batches.sizeBytes());
    assertEquals(1, batches.take(64, 0).size());
    assertTrue(batches.offer(large));
  }

  @Test
  void whatIsGivenUpIsGone() {
    assertTrue(batches.offer(run(3, 10)));
    batches.giveUp();
    assertTrue(batches.isEmpty());
    assertEquals(0, batches.sizeBytes());
    assertEquals(List.of(), batches.take(64, 0));
    assertTrue(batches.offer(run(1, QUEUE_BYTES - 1_000)));
  }

  @Test
  void aTakenBatchIsWellFormed() {
    assertTrue(batches.offer(run(2, 3)) && batches.offer(run(1, 3)));
    assertEquals(3, CommandFormat.checkBatch(batches.take(1, 5).get(0).commands()));
  }
}
