package io.synod.simulator.checker;

import static io.synod.simulator.checker.KeyValueOperation.DELETE;
import static io.synod.simulator.checker.KeyValueOperation.GET;
import static io.synod.simulator.checker.KeyValueOperation.PUT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Small histories whose verdict a person can see. */
class LinearizabilityCheckerTest {
  private final AtomicLong clock = new AtomicLong();
  private final History history = new History(() -> clock.addAndGet(1_000));

  @Test
  void acceptsAnEmptyHistory() {
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void acceptsAReadOfWhatWasWritten() {
    put("a", "1");
    get("a", "1");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void rejectsAStaleRead() {
    put("a", "1");
    put("a", "2");
    get("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void rejectsALostWrite() {
    put("a", "1");
    get("a");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void rejectsAValueThatWasNeverWritten() {
    put("a", "1");
    get("a", "7");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void rejectsAValueThatIsWrittenLater() {
    get("a", "1");
    put("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void acceptsAnAbsentKeyAfterADelete() {
    put("a", "1");
    delete("a");
    get("a");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void rejectsADeletedValue() {
    put("a", "1");
    delete("a");
    get("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void tellsAnEmptyValueFromAnAbsentKey() {
    put("a", "");
    get("a", "");
    assertVerdict(Verdict.LINEARIZABLE);
    get("a");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void acceptsOverlappingWritesInEitherOrder() {
    history.invoke("x", PUT.on("a", "1"));
    history.invoke("y", PUT.on("a", "2"));
    history.ok("y");
    history.ok("x");
    get("a", "2");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void rejectsOverlappingWritesReadInBothOrders() {
    history.invoke("x", PUT.on("a", "1"));
    history.invoke("y", PUT.on("a", "2"));
    history.ok("y");
    history.ok("x");
    get("a", "2");
    get("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void rejectsAReadThatUndoesAnEarlierOneWhileTheWriteIsUnderWay() {
    history.invoke("x", PUT.on("a", "1"));
    get("a", "1");
    get("a");
    history.ok("x");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void acceptsAnUnknownWriteThatTookEffect() {
    unknownPut("a", "1");
    get("a", "1");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void acceptsAnUnknownWriteThatDidNotTakeEffect() {
    unknownPut("a", "1");
    get("a");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void acceptsAnUnknownWriteThatTakesEffectMuchLater() {
    unknownPut("a", "1");
    put("a", "2");
    get("a", "2");
    get("a", "1");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void rejectsAnUnknownWriteThatTakesEffectTwice() {
    unknownPut("a", "1");
    get("a", "1");
    put("a", "2");
    get("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void rejectsAnUnknownWriteThatTakesEffectBeforeItIsInvoked() {
    get("a", "1");
    unknownPut("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void keepsTheUnknownWriteThatIsNeededLater() {
    history.invoke("w", RegisterOperation.WRITE.on("a", "1"));
    history.unknown("w");
    history.invoke("s", RegisterOperation.CAS.on("a", "0", "1"));
    history.unknown("s");
    put("a", "0");
    get("a", "1"); // by the cas: the write could explain it too, but nothing else the last read
    put("a", "2");
    get("a", "1");
    assertVerdict(Verdict.LINEARIZABLE);
    put("a", "0");
    get("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void rejectsAFailedWriteThatTookEffect() {
    history.invoke("x", PUT.on("a", "1"));
    history.failed("x");
    get("a", "1");
    assertVerdict(Verdict.NOT_LINEARIZABLE);
  }

  @Test
  void takesAnOperationWithoutAnEndForUnknown() {
    history.invoke("x", PUT.on("a", "1"));
    get("a");
    get("a", "1");
    assertVerdict(Verdict.LINEARIZABLE);
  }

  @Test
  void judgesEachKeyOnItsOwn() {
    put("a", "1");
    put("b", "2");
    get("a", "1");
    get("b", "1");
    var report = history.check(Budget.STANDARD);
    assertEquals(Verdict.NOT_LINEARIZABLE, report.verdict());
    assertEquals("b", report.smallestWindow().orElseThrow().key());
    assertEquals(2, report.counts().keys());
  }

  @Test
  void isUndecidedWhenTheBudgetRunsOut() {
    for (int i = 0; i < 100; i++) {
      put("a", "v" + i);
    }
    var report = history.check(new Budget(50, Duration.ofSeconds(60)));
    assertEquals(Verdict.UNDECIDED, report.verdict());
    assertEquals(List.of("a"), report.undecided());
    var late = history.check(new Budget(1_000_000, Duration.ofNanos(1)));
    assertEquals(Verdict.UNDECIDED, late.verdict());
  }

  @Test
  void showsTheSmallestWindowThatFails() {
    for (int i = 0; i < 100; i++) {
      put("a", "v" + i);
      get("a", "v" + i);
    }
    get("a", "v7");
    for (int i = 0; i < 100; i++) {
      get("a", "v99");
    }
    var window = history.check(Budget.STANDARD).smallestWindow().orElseThrow();
    assertEquals(GET.on("a"), window.inexplicable().input());
    assertEquals(List.of("v7"), window.inexplicable().answer().orElseThrow().output());
    assertEquals(2, window.operations().size(), window::describe);
    assertEquals(window.operations().size(), window.needed().size());
    assertEquals(Optional.empty(), window.before(), "fails from whatever state");
    assertEquals(200, window.longest().operations().size());
    assertTrue(window.describe().contains("GET a -> v7"), window::describe);
  }

  @Test
  void leavesOutOfTheWindowWhatItDoesNotNeed() {
    put("a", "1");
    put("a", "2");
    history.invoke("long", PUT.on("a", "3"));
    get("a", "1");
    var window = history.check(Budget.STANDARD).smallestWindow().orElseThrow();
    assertEquals(2, window.needed().size(), window::describe);
    assertFalse(window.needed().stream().anyMatch(o -> o.client().equals("long")));
  }

  private void put(String key, String value) {
    history.invoke("c", PUT.on(key, value));
    history.ok("c");
  }

  private void delete(String key) {
    history.invoke("c", DELETE.on(key));
    history.ok("c");
  }

  private void get(String key, String... results) {
    history.invoke("c", GET.on(key));
    history.ok("c", results);
  }

  private void unknownPut(String key, String value) {
    history.invoke("c", PUT.on(key, value));
    history.unknown("c");
  }

  private void assertVerdict(Verdict expected) {
    var report = history.check(Budget.STANDARD);
    assertEquals(expected, report.verdict(), report::describe);
  }
}
