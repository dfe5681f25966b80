package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ScansTest {
  private static final int KEYS = 5_000;

  private final KeyValueStore store = KeyValueStore.inMemory();
  private Optional<String> unfit = Optional.empty();
  private final Scans scans = new Scans(store, () -> unfit);
  private final CommandEncoder encoder = new CommandEncoder(1 << 20);
  private long sequence;

  private static final class Asked extends ClientRequest {
    private final List<Answer> answers = new ArrayList<>();

    Asked(Range range, long deadlineNanos) {
      super(new Operation.Scan(range, ReadMode.LOCAL), deadlineNanos);
    }

    @Override
    protected void answer(Answer answer) {
      answers.add(answer);
    }

    Answer.Rows rows() {
      assertEquals(1, answers.size());
      return assertInstanceOf(Answer.Rows.class, answers.get(0));
    }
  }

  ScansTest() {
    encoder.putOpenSession(new ServerId(0), new UUID(1, 2));
    for (int i = 0; i < KEYS; i++) {
      put("key" + String.format(Locale.ROOT, "%05d", i));
    }
    apply();
  }

  private void put(String key) {
    sequence++;
    encoder.putPut(1, sequence, sequence, Bytes.utf8(key), Bytes.utf8("v"));
  }

  private void apply() {
    Bytes batch = CommandFormat.batch(0, List.of(encoder.take()));
    store.apply(store.applied().next(), batch, (session, number, result) -> {});
  }

  private Asked ask(Range.Limits limits) {
    Asked asked = new Asked(Range.ofPrefix(Bytes.utf8("key"), OptionalLong.empty(), limits), 100);
    scans.add(asked, (Operation.Scan) asked.operation());
    return asked;
  }

  @Test
  void countsOverSeveralTurnsAsOfTheFirst() {
    Asked asked = ask(Range.Limits.COUNT);
    long revision = store.revision();
    int turns = 0;
    while (asked.answers.isEmpty()) {
      assertTrue(scans.turn());
      put("key9999" + turns++);
      apply();
    }
    assertTrue(turns > 1);
    assertEquals(KEYS, asked.rows().read().count());
    assertEquals(revision, asked.rows().read().revision());
    assertFalse(scans.turn());
  }

  @Test
  void pageIsAnsweredInItsFirstTurnThoughACountIsUnderWay() {
    Asked count = ask(Range.Limits.COUNT);
    Asked page = ask(new Range.Limits(10, 1 << 20));
    scans.turn();
    scans.turn();
    assertTrue(count.answers.isEmpty());
    assertEquals(10, page.rows().read().rows().size());
    assertEquals("key00010", page.rows().read().next().orElseThrow().toUtf8());
  }

  @Test
  void countWhoseRevisionIsCompactedUnderWaySaysSo() {
    Asked asked = ask(Range.Limits.COUNT);
    scans.turn();
    put("key");
    sequence++;
    encoder.putCompact(1, sequence, sequence, store.revision() + 1);
    apply();
    scans.turn();
    Answer.RevisionUnavailable answer =
        assertInstanceOf(Answer.RevisionUnavailable.class, asked.answers.get(0));
    assertTrue(answer.compacted());
  }

  /** It began on a state that was not known to be wrong. */
  @Test
  void endsWhenTheStateIsNotToBeShownAnyMore() {
    Asked asked = ask(Range.Limits.COUNT);
    scans.turn();
    assertTrue(asked.answers.isEmpty());
    unfit = Optional.of("it diverged");
    assertTrue(scans.turn());
    assertEquals(List.of(new Answer.Unavailable(false, "it diverged")), asked.answers);
    assertFalse(scans.turn());
  }

  @Test
  void deadlineEndsIt() {
    Asked asked = ask(Range.Limits.COUNT);
    scans.turn();
    assertEquals(List.of(), scans.expired(99));
    assertEquals(List.of(asked), scans.expired(100));
    assertFalse(scans.turn());
  }
}
