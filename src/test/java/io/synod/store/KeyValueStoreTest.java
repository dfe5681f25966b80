package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class KeyValueStoreTest {
  private static final Bytes KEY = Bytes.utf8("key");
  private static final Bytes OTHER = Bytes.utf8("other");
  private static final Bytes VALUE = Bytes.utf8("value");
  private static final ServerId SERVER = new ServerId(0);
  private static final UUID RUN = new UUID(1, 1);

  private final KeyValueStore store = KeyValueStore.inMemory();

  static Bytes batch(long logTimeMillis, List<Command> commands) {
    CommandEncoder encoder = new CommandEncoder(1 << 24);
    commands.forEach(encoder::put);
    return CommandFormat.batch(logTimeMillis, List.of(encoder.take()));
  }

  static List<Result> apply(KeyValueStore store, List<Command> commands) {
    List<Result> results = new ArrayList<>();
    store.apply(
        store.applied().next(),
        batch(store.applied().number(), commands),
        (session, sequence, result) -> results.add(result));
    return results;
  }

  private Result apply(Command command) {
    return apply(store, List.of(command)).get(0);
  }

  private static Command.Put put(long session, long sequence, long lowestOpen) {
    return new Command.Put(new Command.Stamp(session, sequence, lowestOpen), KEY, VALUE);
  }

  private long openSession() {
    Result.SessionOpened opened =
        (Result.SessionOpened) apply(new Command.OpenSession(SERVER, RUN));
    return opened.session();
  }

  @Test
  void firstWriteIsRevisionTwo() {
    long session = openSession();
    assertEquals(1, store.revision());

    assertEquals(new Result.Done(2), apply(put(session, 1, 1)));

    assertEquals(Optional.of(VALUE), store.get(KEY));
    assertEquals(Optional.of(new Row(KEY, VALUE, 2, 2, 1)), store.row(KEY));
    assertEquals(Optional.empty(), store.get(OTHER));
  }

  @Test
  void deleteAndPutAgainBeginsANewLife() {
    long session = openSession();
    apply(put(session, 1, 1));
    apply(put(session, 2, 1));
    assertEquals(Optional.of(new Row(KEY, VALUE, 2, 3, 2)), store.row(KEY));

    Result deleted = apply(new Command.Delete(new Command.Stamp(session, 3, 1), KEY));
    Result absent = apply(new Command.Delete(new Command.Stamp(session, 4, 1), KEY));
    apply(put(session, 5, 1));

    assertEquals(new Result.Done(4), deleted);
    assertEquals(new Result.Done(4), absent);
    assertEquals(Optional.of(new Row(KEY, VALUE, 5, 5, 1)), store.row(KEY));
    assertEquals(1, store.keys());
    assertEquals(KEY.size() + VALUE.size(), store.liveBytes());
  }

  @Test
  void repeatGetsTheFirstResult() {
    long session = openSession();
    apply(put(session, 1, 1));
    apply(put(session, 2, 1));

    assertEquals(new Result.Done(2), apply(put(session, 1, 1)));
    assertEquals(3, store.revision());
  }

  @Test
  void closedSequenceNeverApplies() {
    long session = openSession();
    apply(put(session, 3, 3));

    assertEquals(new Result.GivenUp(), apply(put(session, 2, 1)));
    assertEquals(2, store.revision());
  }

  @Test
  void refusesSequencesBeyondTheWindowUntilLowerOnesAreClosed() {
    long session = openSession();
    long beyond = 1 + Session.WINDOW_SEQUENCES;

    assertEquals(new Result.BeyondWindow(), apply(put(session, beyond, 1)));
    assertEquals(new Result.Done(2), apply(put(session, beyond - 1, 1)));
    assertEquals(new Result.Done(3), apply(put(session, beyond, 2)));
    assertEquals(new Result.Done(2), apply(put(session, beyond - 1, 1)));
  }

  @Test
  void unknownSessionIsNotExecuted() {
    assertEquals(new Result.SessionGone(), apply(put(7, 1, 1)));
    assertEquals(1, store.revision());
  }

  @Test
  void laterRunOfAServerClosesItsEarlierSession() {
    long first = openSession();
    Result second = apply(new Command.OpenSession(SERVER, new UUID(2, 2)));
    Result other = apply(new Command.OpenSession(new ServerId(1), new UUID(3, 3)));

    assertEquals(new Result.SessionOpened(first + 1, SERVER, new UUID(2, 2)), second);
    assertEquals(new Result.SessionOpened(first + 2, new ServerId(1), new UUID(3, 3)), other);
    assertEquals(new Result.SessionGone(), apply(put(first, 1, 1)));
    assertEquals(new Result.Done(2), apply(put(first + 1, 1, 1)));
    assertEquals(new Result.Done(3), apply(put(first + 2, 1, 1)));
  }

  @Test
  void repeatedOpenGetsTheSameSession() {
    long session = openSession();
    apply(put(session, 1, 1));

    assertEquals(session, openSession());
    assertEquals(new Result.Done(2), apply(put(session, 1, 1)));
  }

  @Test
  void lateOpenOfAnEarlierRunDoesNotCloseTheLaterOne() {
    openSession();
    Result.SessionOpened second =
        (Result.SessionOpened) apply(new Command.OpenSession(SERVER, new UUID(2, 2)));

    Result late = apply(new Command.OpenSession(SERVER, RUN));

    assertEquals(new Result.SessionRefused(SERVER, RUN), late);
    assertEquals(new Result.Done(2), apply(put(second.session(), 1, 1)));
  }

  @Test
  void sessionsAreBounded() {
    for (int server = 0; server <= Sessions.LIMIT; server++) {
      apply(new Command.OpenSession(new ServerId(server), new UUID(5, server)));
    }
    assertEquals(Sessions.LIMIT, store.sessions());
    assertEquals(new Result.SessionGone(), apply(put(1, 1, 1)));
    assertEquals(new Result.Done(2), apply(put(2, 1, 1)));
  }

  @Test
  void logTimeNeverGoesBack() {
    store.apply(Slot.of(1), batch(50, List.of()), (session, sequence, result) -> {});
    store.apply(Slot.of(2), batch(40, List.of()), (session, sequence, result) -> {});
    assertEquals(50, store.logTimeMillis());
  }

  @Test
  void slotsAreAppliedInOrderWithoutAGap() {
    store.skip(Slot.of(1));
    assertThrows(Check.InvariantViolation.class, () -> store.skip(Slot.of(3)));
    assertThrows(Check.InvariantViolation.class, () -> store.skip(Slot.of(1)));
    assertEquals(Slot.of(1), store.applied());
  }

  @Test
  void malformedBatchChangesNothing() {
    long session = openSession();
    long hash = store.hash();
    Bytes good = batch(99, List.of(put(session, 1, 1), put(session, 2, 1)));
    Bytes cut = good.slice(0, good.size() - VALUE.size() - 4);

    assertThrows(
        IllegalArgumentException.class,
        () -> store.apply(store.applied().next(), cut, (s, sequence, result) -> {}));

    assertEquals(hash, store.hash());
    assertEquals(Optional.empty(), store.get(KEY));
  }

  @Test
  void hashTellsStatesApart() {
    long session = openSession();
    KeyValueStore other = KeyValueStore.inMemory();
    apply(other, List.of(new Command.OpenSession(SERVER, RUN)));
    assertEquals(other.hash(), store.hash());
    apply(put(session, 1, 1));
    assertNotEquals(other.hash(), store.hash());
    apply(other, List.of(new Command.Put(new Command.Stamp(session, 1, 1), OTHER, VALUE)));
    assertNotEquals(other.hash(), store.hash());
  }

  @Test
  void rangesKeepTheirLimits() {
    long session = openSession();
    for (int i = 0; i < 10; i++) {
      Bytes key = Bytes.utf8("k" + i);
      apply(new Command.Put(new Command.Stamp(session, i + 1L, 1), key, VALUE));
    }
    Optional<Bytes> end = Optional.of(Bytes.utf8("k7"));
    Bytes from = Bytes.utf8("k3");

    assertEquals("k3 k4 k5 k6", keys(new KeyValueStore.Range(from, end, 100, 1_000)));
    assertEquals("k3 k4 ...", keys(new KeyValueStore.Range(from, end, 2, 1_000)));
    assertEquals("k3 k4 ...", keys(new KeyValueStore.Range(from, end, 100, 20)));
    assertEquals("k3 ...", keys(new KeyValueStore.Range(from, end, 100, 1)));
    assertEquals("k3 k4 k5 k6", keys(new KeyValueStore.Range(from, end, 4, 1_000)));
    assertEquals(
        "k8 k9", keys(new KeyValueStore.Range(Bytes.utf8("k8"), Optional.empty(), 9, 1_000)));
    assertEquals("", keys(new KeyValueStore.Range(Bytes.utf8("l"), Optional.empty(), 9, 1_000)));
  }

  private String keys(KeyValueStore.Range range) {
    KeyValueStore.RangeRead read = store.range(range);
    StringBuilder keys = new StringBuilder();
    for (Row row : read.rows()) {
      keys.append(row.key().toUtf8()).append(' ');
    }
    return (read.more() ? keys.append("...") : keys).toString().trim();
  }

  @TestFactory
  Stream<DynamicTest> agreesWithThePlainModelAndWithAnotherInstance() {
    long first = new Random().nextLong();
    return new Random(first)
        .longs(20)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> compare(seed)));
  }

  private static void compare(long seed) {
    Random random = new Random(seed);
    int keys = random.nextBoolean() ? 30 : 20_000;
    RandomCommands commands = new RandomCommands(random, keys);
    KeyValueStore store = KeyValueStore.inMemory();
    KeyValueStore another = KeyValueStore.inMemory();
    StoreModel model = new StoreModel();
    for (int slot = 1; slot <= 1_500; slot++) {
      if (random.nextInt(20) == 0) {
        store.skip(Slot.of(slot));
        another.skip(Slot.of(slot));
        continue;
      }
      List<Command> batch = commands.batch();
      model.results.clear();
      batch.forEach(model::apply);
      assertEquals(model.results, apply(store, batch), "slot " + slot);
      apply(another, batch);
      assertEquals(store.hash(), another.hash(), "slot " + slot);
      assertEquals(model.revision, store.revision());
    }
    assertEquals(new ArrayList<>(model.rows.values()), all(store));
    assertEquals(model.rows.size(), store.keys());
    assertEquals(model.liveBytes(), store.liveBytes());
    model.rows.values().forEach(row -> assertEquals(Optional.of(row), store.row(row.key())));
  }

  static List<Row> all(KeyValueStore store) {
    return store
        .range(
            new KeyValueStore.Range(
                Bytes.EMPTY, Optional.empty(), Integer.MAX_VALUE, Integer.MAX_VALUE))
        .rows();
  }
}
