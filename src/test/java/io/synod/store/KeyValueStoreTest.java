package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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
  void rangesKeepTheirLimits() throws RevisionUnavailableException {
    long session = openSession();
    for (int i = 0; i < 10; i++) {
      Bytes key = Bytes.utf8("k" + i);
      apply(new Command.Put(new Command.Stamp(session, i + 1L, 1), key, VALUE));
    }
    Optional<Bytes> end = Optional.of(Bytes.utf8("k7"));
    Bytes from = Bytes.utf8("k3");

    assertEquals("k3 k4 k5 k6", keys(from, end, 100, 1_000));
    assertEquals("k3 k4 ... k5", keys(from, end, 2, 1_000));
    assertEquals("k3 k4 ... k5", keys(from, end, 100, 20));
    assertEquals("k3 ... k4", keys(from, end, 100, 1));
    assertEquals("k3 k4 k5 k6", keys(from, end, 4, 1_000));
    assertEquals("k8 k9", keys(Bytes.utf8("k8"), Optional.empty(), 9, 1_000));
    assertEquals("", keys(Bytes.utf8("l"), Optional.empty(), 9, 1_000));
  }

  private String keys(Bytes from, Optional<Bytes> until, int rows, int sizeBytes)
      throws RevisionUnavailableException {
    Range range = new Range(from, until, OptionalLong.empty(), new Range.Limits(rows, sizeBytes));
    RangeRead read = store.range(range, 1_000);
    StringBuilder keys = new StringBuilder();
    for (Row row : read.rows()) {
      keys.append(row.key().toUtf8()).append(' ');
    }
    read.next().ifPresent(next -> keys.append("... ").append(next.toUtf8()));
    return keys.toString().trim();
  }

  @Test
  void countsByPrefixAFewKeysAtATime() throws RevisionUnavailableException {
    long session = openSession();
    String[] keys = {"a", "b", "b1", "b2", "b2x", "c"};
    for (int i = 0; i < keys.length; i++) {
      Bytes key = Bytes.utf8(keys[i]);
      apply(new Command.Put(new Command.Stamp(session, i + 1L, 1), key, VALUE));
    }
    Range range = Range.ofPrefix(Bytes.utf8("b"), OptionalLong.empty(), Range.Limits.COUNT);
    RangeRead first = store.range(range, 3);
    assertEquals(new RangeRead(List.of(), 7, 3, Optional.of(Bytes.utf8("b2x"))), first);
    apply(put(session, 7, 1));
    apply(new Command.Put(new Command.Stamp(session, 8, 1), Bytes.utf8("b2y"), VALUE));
    RangeRead rest = store.range(range.continued(first.next().orElseThrow(), 7), 3);
    assertEquals(new RangeRead(List.of(), 7, 1, Optional.empty()), rest);
    assertEquals(
        Optional.empty(),
        Range.ofPrefix(Bytes.wrap(new byte[] {-1, -1}), OptionalLong.empty(), Range.Limits.COUNT)
            .until());
  }

  @Test
  void readsWhatAKeyWasAtEachRevision() throws RevisionUnavailableException {
    long session = openSession();
    apply(put(session, 1, 1)); // revision 2
    apply(new Command.Put(new Command.Stamp(session, 2, 1), KEY, OTHER)); // 3
    apply(new Command.Delete(new Command.Stamp(session, 3, 1), KEY)); // 4
    apply(new Command.Delete(new Command.Stamp(session, 4, 1), KEY)); // 4: nothing to delete
    apply(put(session, 5, 1)); // 5

    assertEquals(Optional.empty(), store.row(KEY, 1));
    assertEquals(Optional.of(new Row(KEY, VALUE, 2, 2, 1)), store.row(KEY, 2));
    assertEquals(Optional.of(new Row(KEY, OTHER, 2, 3, 2)), store.row(KEY, 3));
    assertEquals(Optional.empty(), store.row(KEY, 4));
    assertEquals(Optional.of(new Row(KEY, VALUE, 5, 5, 1)), store.row(KEY, 5));
  }

  @Test
  void deletedKeyThatComesBackKeepsWhatItWas() throws RevisionUnavailableException {
    long session = openSession();
    apply(put(session, 1, 1)); // revision 2
    apply(new Command.Delete(new Command.Stamp(session, 2, 1), KEY)); // 3
    apply(new Command.Put(new Command.Stamp(session, 3, 1), OTHER, VALUE)); // 4
    apply(put(session, 4, 1)); // 5
    apply(new Command.Delete(new Command.Stamp(session, 5, 1), KEY)); // 6
    assertEquals("2: key; 3: ; 4: other; 5: key other; 6: other; ", keysFrom(2));

    // What is freed goes, and the key's chain goes on from what is left of it.
    apply(new Command.Compact(new Command.Stamp(session, 6, 1), 5));
    while (store.sweepSome()) {
      // All of it.
    }
    assertEquals("5: key other; 6: other; ", keysFrom(5));
    apply(put(session, 7, 1)); // 7
    assertEquals("5: key other; 6: other; 7: key other; ", keysFrom(5));
    apply(new Command.Delete(new Command.Stamp(session, 8, 1), KEY)); // 8
    apply(new Command.Compact(new Command.Stamp(session, 9, 1), 8));
    while (store.sweepSome()) {
      // Nothing is left of the key.
    }
    assertEquals(0, store.historyBytes());
    apply(put(session, 10, 1)); // 9
    assertEquals("8: other; 9: key other; ", keysFrom(8));
    assertEquals(Optional.of(new Row(KEY, VALUE, 9, 9, 1)), store.row(KEY, 9));
  }

  /** The keys at each revision from this one on. */
  private String keysFrom(long revision) throws RevisionUnavailableException {
    StringBuilder keys = new StringBuilder();
    for (long at = revision; at <= store.revision(); at++) {
      List<String> found = all(store, at).stream().map(row -> row.key().toUtf8()).toList();
      keys.append(at).append(": ").append(String.join(" ", found)).append("; ");
    }
    return keys.toString();
  }

  @Test
  void compactedAndFutureRevisionsAreRefusedByName() throws RevisionUnavailableException {
    long session = openSession();
    for (int i = 1; i <= 4; i++) {
      apply(put(session, i, 1)); // revisions 2 to 5
    }
    Command compact = new Command.Compact(new Command.Stamp(session, 5, 1), 4);
    assertEquals(new Result.Done(5), apply(compact));
    assertEquals(4, store.compacted());
    assertEquals(Optional.of(new Row(KEY, VALUE, 2, 4, 3)), store.row(KEY, 4));
    RevisionUnavailableException old =
        assertThrows(RevisionUnavailableException.class, () -> store.row(KEY, 3));
    assertEquals(RevisionUnavailableException.Why.COMPACTED, old.why());
    assertEquals(
        "revision 3 has been compacted: the oldest that can be read is 4", old.getMessage());
    RevisionUnavailableException future =
        assertThrows(RevisionUnavailableException.class, () -> store.row(KEY, 6));
    assertEquals(RevisionUnavailableException.Why.FUTURE, future.why());

    assertEquals(new Result.Done(5), apply(compact));
    Command again = new Command.Compact(new Command.Stamp(session, 6, 1), 4);
    assertEquals(new Result.AlreadyCompacted(), apply(again));
    assertEquals(new Result.AlreadyCompacted(), apply(again));
    Command ahead = new Command.Compact(new Command.Stamp(session, 7, 1), 6);
    assertEquals(new Result.FutureRevision(), apply(ahead));
    assertEquals(new Result.FutureRevision(), apply(ahead));
    assertEquals(4, store.compacted());
  }

  @Test
  void severalWritesInOneShareARevision() throws RevisionUnavailableException {
    long session = openSession();
    apply(put(session, 1, 1));
    Command several =
        new Command.Writes(
            new Command.Stamp(session, 2, 1),
            List.of(
                new Command.Change(OTHER, Optional.of(VALUE)),
                new Command.Change(KEY, Optional.empty()),
                new Command.Change(Bytes.utf8("absent"), Optional.empty())));
    assertEquals(new Result.Done(3), apply(several));
    assertEquals(new Result.Done(3), apply(several));
    assertEquals(Optional.of(new Row(OTHER, VALUE, 3, 3, 1)), store.row(OTHER));
    assertEquals(Optional.empty(), store.get(KEY));
    assertEquals(Optional.of(VALUE), store.row(KEY, 2).map(Row::value));
    Command nothing =
        new Command.Writes(
            new Command.Stamp(session, 3, 1),
            List.of(new Command.Change(Bytes.utf8("absent"), Optional.empty())));
    assertEquals(new Result.Done(3), apply(nothing));
    assertEquals(3, store.revision());
  }

  @Test
  void whatACompactionFreesIsRemovedByAndBy() throws RevisionUnavailableException {
    long session = openSession();
    List<Command> puts = new ArrayList<>();
    for (int i = 1; i <= 2_000; i++) {
      puts.add(put(session, i, i));
    }
    apply(store, puts);
    long before = store.historyBytes();
    assertFalse(store.sweepSome());
    apply(new Command.Compact(new Command.Stamp(session, 2_001, 2_001), store.revision()));
    long hash = store.hash();
    assertTrue(store.historyBytes() > before / 2);
    int sweeps = 0;
    while (store.sweepSome()) {
      sweeps++;
    }
    assertTrue(sweeps > 10, "in " + sweeps + " pieces");
    assertEquals(0, store.historyBytes());
    assertEquals(hash, store.hash());
    assertEquals(store.row(KEY), store.row(KEY, store.revision()));
  }

  @TestFactory
  Stream<DynamicTest> agreesWithThePlainModelAndWithAnotherInstance() {
    long first = new Random().nextLong();
    return new Random(first)
        .longs(20)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> compare(seed)));
  }

  private static void compare(long seed) throws RevisionUnavailableException {
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
      assertEquals(model.compacted, store.compacted());
      if (random.nextInt(200) == 0) {
        compareAt(model, store, random);
      }
      if (random.nextInt(5) == 0) {
        store.sweepSome();
        assertEquals(store.hash(), another.hash(), "slot " + slot);
      }
    }
    compareAt(model, store, random);
    assertEquals(new ArrayList<>(model.rows.values()), all(store));
    assertEquals(model.rows.size(), store.keys());
    assertEquals(model.liveBytes(), store.liveBytes());
    model.rows.values().forEach(row -> assertEquals(Optional.of(row), store.row(row.key())));
  }

  static void compareAt(StoreModel model, KeyValueStore store, Random random)
      throws RevisionUnavailableException {
    long at = model.compacted + random.nextInt((int) (model.revision - model.compacted) + 1);
    List<Row> expected = model.rowsAt(at);
    assertEquals(expected, all(store, at), "at revision " + at + " of " + model.revision);
    if (!expected.isEmpty()) {
      Row row = expected.get(random.nextInt(expected.size()));
      assertEquals(Optional.of(row), store.row(row.key(), at));
    }
    if (model.compacted > 1) {
      assertThrows(RevisionUnavailableException.class, () -> store.row(KEY, store.compacted() - 1));
    }
  }

  static List<Row> all(KeyValueStore store) throws RevisionUnavailableException {
    return all(store, store.revision());
  }

  /** All rows at a revision, read by pages of different kinds. */
  static List<Row> all(KeyValueStore store, long at) throws RevisionUnavailableException {
    List<Row> all = new ArrayList<>();
    Range range =
        new Range(
            Bytes.EMPTY, Optional.empty(), OptionalLong.of(at), new Range.Limits(700, 20_000));
    RangeRead page = store.range(range, 1_000);
    all.addAll(page.rows());
    while (page.next().isPresent()) {
      page = store.range(range.continued(page.next().get(), at), 1_000);
      all.addAll(page.rows());
    }
    return all;
  }
}
