package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CommandFormatTest {
  private static final Bytes KEY = Bytes.utf8("key");
  private static final Bytes VALUE = Bytes.utf8("value");
  private static final List<Command> ONE_OF_EACH =
      List.of(
          new Command.OpenSession(new ServerId(4), new UUID(7, -8)),
          new Command.Put(new Command.Stamp(1, 9, 3), KEY, VALUE),
          new Command.Put(new Command.Stamp(Long.MAX_VALUE, 1, 1), KEY, Bytes.EMPTY),
          new Command.Delete(new Command.Stamp(2, 5, 5), KEY),
          new Command.Compact(new Command.Stamp(2, 6, 5), 77),
          new Command.Writes(
              new Command.Stamp(2, 7, 5),
              List.of(
                  new Command.Change(KEY, Optional.of(VALUE)),
                  new Command.Change(Bytes.utf8("k2"), Optional.empty()),
                  new Command.Change(Bytes.utf8("k3"), Optional.of(Bytes.EMPTY)))));

  private final CommandEncoder encoder = new CommandEncoder(1 << 20);

  private Bytes run(List<Command> commands) {
    commands.forEach(encoder::put);
    return encoder.take();
  }

  @Test
  void readsWhatWasWritten() {
    Bytes run = run(ONE_OF_EACH);

    assertEquals(ONE_OF_EACH, CommandFormat.commands(run));
    assertEquals(6, CommandFormat.check(run));
    assertEquals(6, CommandFormat.count(run));
  }

  @Test
  void batchIsRunsOneBehindTheOther() {
    Bytes first = run(ONE_OF_EACH.subList(0, 2));
    Bytes second = run(ONE_OF_EACH.subList(2, ONE_OF_EACH.size()));

    Bytes batch = CommandFormat.batch(1234, List.of(first, second));

    assertEquals(ONE_OF_EACH.size(), CommandFormat.checkBatch(batch));
    assertEquals(1234, CommandFormat.logTimeMillis(batch));
    assertEquals(run(ONE_OF_EACH), batch.slice(9, batch.size()));
    assertEquals(CommandFormat.batchSizeBytes(List.of(first, second)), batch.size());
  }

  @Test
  void knowsSizesBeforehand() {
    for (Command command : ONE_OF_EACH) {
      int expected;
      if (command instanceof Command.Put put) {
        expected = CommandFormat.putSizeBytes(put.key(), put.value());
      } else if (command instanceof Command.Delete delete) {
        expected = CommandFormat.deleteSizeBytes(delete.key());
      } else if (command instanceof Command.Compact) {
        expected = CommandFormat.compactSizeBytes();
      } else if (command instanceof Command.Writes writes) {
        expected = CommandFormat.writesSizeBytes(writes.changes());
      } else {
        expected = CommandFormat.openSessionSizeBytes();
      }
      assertEquals(expected, run(List.of(command)).size(), command.toString());
    }
  }

  @Test
  void encoderIsBoundedButTakesOneLargeCommand() {
    CommandEncoder small = new CommandEncoder(100);
    Bytes large = Bytes.wrap(new byte[200]);
    assertTrue(small.hasRoom(CommandFormat.putSizeBytes(KEY, large)));
    small.putPut(1, 1, 1, KEY, large);
    assertFalse(small.hasRoom(1));
    assertThrows(IllegalStateException.class, () -> small.putDelete(1, 2, 1, KEY));
    Bytes run = small.take();
    assertEquals(1, CommandFormat.count(run));
    assertEquals(0, small.sizeBytes());
    small.putDelete(1, 2, 1, KEY);
    assertEquals(1, small.count());
  }

  @Test
  void encoderRefusesWhatPeersWouldRefuse() {
    Bytes longKey = Bytes.wrap(new byte[CommandFormat.KEY_LIMIT_BYTES + 1]);
    Bytes longValue = Bytes.wrap(new byte[CommandFormat.VALUE_LIMIT_BYTES + 1]);
    assertThrows(IllegalArgumentException.class, () -> encoder.putPut(1, 1, 1, Bytes.EMPTY, VALUE));
    assertThrows(IllegalArgumentException.class, () -> encoder.putPut(1, 1, 1, longKey, VALUE));
    assertThrows(IllegalArgumentException.class, () -> encoder.putPut(1, 1, 1, KEY, longValue));
    assertThrows(IllegalArgumentException.class, () -> encoder.putPut(0, 1, 1, KEY, VALUE));
    assertThrows(IllegalArgumentException.class, () -> encoder.putDelete(1, 1, 2, KEY));
    assertThrows(IllegalArgumentException.class, () -> encoder.putDelete(1, 1, 1, longKey));
    assertEquals(0, encoder.count());
    assertEquals(0, encoder.sizeBytes());
  }

  @Test
  void refusesEveryTruncation() {
    Bytes run = run(ONE_OF_EACH);
    List<Integer> ends = new ArrayList<>();
    int end = 0;
    for (Command command : ONE_OF_EACH) {
      end += run(List.of(command)).size();
      ends.add(end);
    }
    for (int size = 0; size < run.size(); size++) {
      Bytes cut = run.slice(0, size);
      if (ends.contains(size)) {
        assertDoesNotThrow(() -> CommandFormat.check(cut));
      } else {
        assertThrows(IllegalArgumentException.class, () -> CommandFormat.check(cut));
      }
    }
  }

  @Test
  void refusesMalformedCommandsNamingWhatIsWrong() {
    assertRefused("a run without commands", Bytes.EMPTY);
    assertRefused("unknown kind 99", changed(4, (byte) 99));
    assertRefused("unknown kind 6 (transaction)", changed(4, (byte) 6));
    assertRefused("unknown kind 11 (delete range)", changed(4, (byte) 11));
    assertRefused("a size of -", changed(0, (byte) 0x80));
    assertRefused("a size of 16", changed(0, (byte) 1));
    // The first is a put with the key's size at 29.
    assertRefused("a key of 0 bytes", changed(32, (byte) 0));
    assertRefused("a key of 100 bytes in a put of", changed(32, (byte) 100));
    assertRefused("a key of -", changed(29, (byte) 0x80));
    assertRefused("session -", changed(5, (byte) 0x80));
    assertRefused("sequence -", changed(13, (byte) 0x80));
    assertRefused("lowest open 200", changed(28, (byte) 200));
    assertRefused("lowest open 0", changed(28, (byte) 0));
    Bytes open = run(List.of(ONE_OF_EACH.get(0)));
    assertRefused("server id -", with(open, 5, (byte) 0x80));
    assertRefused("an open session of", with(with(open, 3, (byte) 20), 4, (byte) 1));
    assertRefused("a put of", with(open, 4, (byte) 2));
    assertRefused("a delete of", with(open, 4, (byte) 3));
    assertRefused("a compact of", with(open, 4, (byte) 4));
    assertRefused("writes of", with(open, 4, (byte) 5));
    Bytes compact = run(List.of(ONE_OF_EACH.get(4)));
    assertRefused("a compact at revision -", with(compact, 29, (byte) 0x80));
    // One change: its key's size at 29, its value's at 33, the key at 37.
    Bytes writes =
        run(
            List.of(
                new Command.Writes(
                    new Command.Stamp(1, 9, 3),
                    List.of(
                        new Command.Change(KEY, Optional.of(VALUE)),
                        new Command.Change(Bytes.utf8("kez"), Optional.empty())))));
    assertRefused("one key in two changes", with(writes, 55, (byte) 'y'));
    assertRefused("a key of 0 bytes", with(writes, 32, (byte) 0));
    assertRefused("a change of 100 and 5 bytes", with(writes, 32, (byte) 100));
    assertRefused("a change of 3 and 100 bytes", with(writes, 36, (byte) 100));
    assertRefused("a change of 3 and -", with(writes, 33, (byte) 0x80));
    assertRefused(
        "0 changes of 0 bytes", with(with(writes.slice(0, 29), 3, (byte) 25), 2, (byte) 0));
  }

  @Test
  void encoderRefusesTooManyChanges() {
    List<Command.Change> many = new ArrayList<>();
    for (int i = 0; i <= CommandFormat.CHANGES_LIMIT; i++) {
      many.add(new Command.Change(Bytes.utf8("k" + i), Optional.empty()));
    }
    assertThrows(IllegalArgumentException.class, () -> encoder.putWrites(1, 1, 1, many));
    encoder.putWrites(1, 1, 1, many.subList(1, many.size()));
    assertEquals(1, CommandFormat.check(encoder.take()));
  }

  private Bytes changed(int position, byte value) {
    return with(
        run(List.of(new Command.Put(new Command.Stamp(1, 9, 3), KEY, VALUE))), position, value);
  }

  private static Bytes with(Bytes bytes, int position, byte value) {
    byte[] changed = bytes.toArray();
    changed[position] = value;
    return Bytes.wrap(changed);
  }

  private static void assertRefused(String why, Bytes run) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> CommandFormat.check(run));
    assertTrue(String.valueOf(refused.getMessage()).contains(why), refused.getMessage());
  }

  @Test
  void refusesBatchesOfOtherVersionsOrWithoutHeader() {
    Bytes batch = CommandFormat.batch(5, List.of(run(ONE_OF_EACH)));
    assertThrows(
        IllegalArgumentException.class, () -> CommandFormat.checkBatch(with(batch, 0, (byte) 2)));
    assertThrows(IllegalArgumentException.class, () -> CommandFormat.checkBatch(batch.slice(0, 8)));
  }

  @Test
  void garbageIsRefusedOrReadWhole() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      Bytes run = run(ONE_OF_EACH);
      byte[] bytes = run.toArray();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        int count = CommandFormat.check(Bytes.wrap(bytes));
        assertEquals(count, CommandFormat.commands(Bytes.wrap(bytes)).size(), "seed " + seed);
      } catch (IllegalArgumentException refused) {
        assertTrue(String.valueOf(refused.getMessage()).startsWith("command "), "seed " + seed);
      }
    }
  }

  @Test
  void runInTheMiddleOfALargerArrayIsRead() {
    Bytes run = run(ONE_OF_EACH);
    ByteBuffer larger = ByteBuffer.allocate(run.size() + 20).position(7);
    run.writeTo(larger);
    Bytes view = Bytes.wrap(larger.array(), 7, run.size());
    assertEquals(ONE_OF_EACH, CommandFormat.commands(view));
  }
}
