package io.synod.simulator.checker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.simulator.checker.Operation.Answer;
import io.synod.simulator.checker.RandomHistories.Shape;
import io.synod.simulator.checker.RandomHistories.Workload;
import io.synod.simulator.checker.Task.Duty;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The checker against trying every order, and what it costs on large histories. */
class LinearizabilityCheckerRandomTest {
  private static final int TINY_HISTORIES = 4_000;
  private static final Budget BUDGET = new Budget(5_000_000, Duration.ofMinutes(10));

  @Test
  void agreesWithTryingEveryOrderOnOurStore() {
    agrees(CellModel.ABSENT_AT_FIRST, LinearizabilityCheckerRandomTest::tinyKeyValue);
  }

  @Test
  void agreesWithTryingEveryOrderOnARegister() {
    agrees(CellModel.ABSENT_AT_FIRST, LinearizabilityCheckerRandomTest::tinyRegister);
  }

  @Test
  void agreesWithTryingEveryOrderOnAMapOfTexts() {
    agrees(CellModel.EMPTY_AT_FIRST, LinearizabilityCheckerRandomTest::tinyTextMap);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5})
  void decidesTenThousandOperationsOnOneKeyInFewSteps(int unknownPercent) {
    assertCheap(
        new Shape(10_000, 20, 1, unknownPercent),
        CellModel.ABSENT_AT_FIRST,
        RandomHistories.KEY_VALUE);
  }

  @Test
  void decidesTenThousandOperationsOnTenKeysInFewSteps() {
    assertCheap(
        new Shape(10_000, 20, 10, 10), CellModel.ABSENT_AT_FIRST, RandomHistories.KEY_VALUE);
  }

  @Test
  void decidesTextsOfFiftyClientsInFewSteps() {
    assertCheap(new Shape(2_000, 50, 10, 0), CellModel.EMPTY_AT_FIRST, RandomHistories.TEXT_MAP);
  }

  @Test
  void findsOneStaleReadInTenThousandOperations() {
    long seed = 7;
    List<Operation<Request, List<String>>> operations =
        new ArrayList<>(
            RandomHistories.linearizable(
                CellModel.ABSENT_AT_FIRST,
                RandomHistories.KEY_VALUE,
                new Shape(10_000, 20, 4, 2),
                seed));
    Operation<Request, List<String>> stale = read(operations, 6_000);
    String key = stale.input().key();
    Operation<Request, List<String>> early =
        operations.stream()
            .filter(o -> o.input().key().equals(key) && isRead(o))
            .findFirst()
            .orElseThrow();
    Answer<List<String>> wrong =
        new Answer<>(early.answer().orElseThrow().output(), stale.answer().orElseThrow().at());
    operations.set(
        operations.indexOf(stale),
        new Operation<>(stale.client(), stale.input(), stale.invoked(), Optional.of(wrong)));
    var report = new LinearizabilityChecker<>(CellModel.ABSENT_AT_FIRST, BUDGET).check(operations);
    assertEquals(Verdict.NOT_LINEARIZABLE, report.verdict(), "seed " + seed);
    FailingWindow<?, ?, ?> window = report.smallestWindow().orElseThrow();
    assertEquals(key, window.key());
    assertEquals(Optional.of(wrong), window.inexplicable().answer(), window::describe);
    assertTrue(window.operations().size() < 100, window::describe);
  }

  private static Operation<Request, List<String>> read(
      List<Operation<Request, List<String>>> operations, int from) {
    return operations.stream()
        .skip(from)
        .filter(LinearizabilityCheckerRandomTest::isRead)
        .findFirst()
        .orElseThrow();
  }

  /** Whether it read a value. */
  private static boolean isRead(Operation<Request, List<String>> operation) {
    return operation.answer().isPresent() && !operation.answer().get().output().isEmpty();
  }

  private static void assertCheap(Shape shape, CellModel model, Workload workload) {
    for (long seed = 1; seed <= 3; seed++) {
      var report =
          new LinearizabilityChecker<>(model, BUDGET)
              .check(RandomHistories.linearizable(model, workload, shape, seed));
      String which = "seed " + seed + ": " + report.describe();
      assertEquals(Verdict.LINEARIZABLE, report.verdict(), which);
      assertTrue(report.counts().operations() >= shape.operations(), which);
      assertTrue(report.counts().steps() < 4L * shape.operations(), which);
    }
  }

  private static void agrees(CellModel model, TinyWorkload workload) {
    Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
    for (long seed = 0; seed < TINY_HISTORIES; seed++) {
      List<Operation<Request, List<String>>> operations =
          tiny(new SplittableRandom(seed), workload);
      var report = new LinearizabilityChecker<>(model, BUDGET).check(operations);
      boolean expected = EveryOrder.explains(model, operations.stream().map(Task::of).toList());
      assertEquals(
          expected ? Verdict.LINEARIZABLE : Verdict.NOT_LINEARIZABLE,
          report.verdict(),
          "seed " + seed + ": " + operations + report.describe());
      report.smallestWindow().ifPresent(window -> assertWindow(model, operations, window));
      verdicts.merge(report.verdict(), 1, Integer::sum);
    }
    for (Verdict verdict : List.of(Verdict.LINEARIZABLE, Verdict.NOT_LINEARIZABLE)) {
      assertTrue(verdicts.getOrDefault(verdict, 0) > TINY_HISTORIES / 20, verdicts::toString);
    }
  }

  /** Up to the window's end no order explains the history; without its last answer, one does. */
  private static void assertWindow(
      CellModel model,
      List<Operation<Request, List<String>>> operations,
      FailingWindow<Optional<String>, Request, List<String>> window) {
    int end = window.inexplicable().answer().orElseThrow().at().line();
    for (int line = end - 1; line <= end; line++) {
      int last = line;
      List<Task<Request, List<String>>> beginning =
          operations.stream()
              .filter(o -> o.invoked().line() <= last)
              .map(o -> new Task<>(o, o.answeredBy(last) ? Duty.MUST : Duty.OPEN))
              .toList();
      assertEquals(line < end, EveryOrder.explains(model, beginning), window::describe);
    }
    assertTrue(window.needed().contains(window.inexplicable()), window::describe);
  }

  /** An operation and the answer that it would get if it were told the truth or something else. */
  private interface TinyWorkload {
    Operation<Request, List<String>> next(
        SplittableRandom random, String client, Moment invoked, Moment answered);
  }

  /** Up to seven operations of three clients on one key, with answers by chance. */
  private static List<Operation<Request, List<String>>> tiny(
      SplittableRandom random, TinyWorkload workload) {
    int clients = 3;
    int[] line = new int[clients];
    int lines = 0;
    List<Operation<Request, List<String>>> operations = new ArrayList<>();
    int count = 2 + random.nextInt(6);
    for (int i = 0; i < count || lines < 2 * count; ) {
      int client = random.nextInt(clients);
      lines++;
      if (line[client] == 0) {
        line[client] = lines;
        continue;
      }
      Operation<Request, List<String>> operation =
          workload.next(random, "c" + client, moment(line[client]), moment(lines));
      operations.add(
          random.nextInt(5) == 0
              ? new Operation<>(
                  operation.client(), operation.input(), operation.invoked(), Optional.empty())
              : operation);
      line[client] = 0;
      i++;
      if (i == count) {
        break;
      }
    }
    return operations;
  }

  private static Moment moment(int line) {
    return new Moment(line, java.util.OptionalLong.empty());
  }

  private static Operation<Request, List<String>> tinyKeyValue(
      SplittableRandom random, String client, Moment invoked, Moment answered) {
    String value = Integer.toString(random.nextInt(3));
    List<String> read = random.nextInt(4) == 0 ? List.of() : List.of(value);
    return switch (random.nextInt(5)) {
      case 0, 1 -> done(client, KeyValueOperation.PUT.on("k", value), invoked, answered, List.of());
      case 2 -> done(client, KeyValueOperation.DELETE.on("k"), invoked, answered, List.of());
      default -> done(client, KeyValueOperation.GET.on("k"), invoked, answered, read);
    };
  }

  private static Operation<Request, List<String>> tinyRegister(
      SplittableRandom random, String client, Moment invoked, Moment answered) {
    String value = Integer.toString(random.nextInt(2));
    String other = Integer.toString(random.nextInt(3));
    List<String> swapped =
        random.nextBoolean() ? RegisterOperation.SWAPPED : RegisterOperation.NOT_SWAPPED;
    return switch (random.nextInt(4)) {
      case 0 -> done(client, RegisterOperation.WRITE.on("k", value), invoked, answered, List.of());
      case 1, 2 ->
          done(client, RegisterOperation.CAS.on("k", value, other), invoked, answered, swapped);
      default -> done(client, RegisterOperation.READ.on("k"), invoked, answered, List.of(other));
    };
  }

  private static Operation<Request, List<String>> tinyTextMap(
      SplittableRandom random, String client, Moment invoked, Moment answered) {
    String value = random.nextBoolean() ? "x" : "y";
    String read = List.of("", "x", "y", "xy", "yx", "xx").get(random.nextInt(6));
    return switch (random.nextInt(5)) {
      case 0 -> done(client, TextMapOperation.PUT.on("k", value), invoked, answered, List.of());
      case 1, 2 ->
          done(client, TextMapOperation.APPEND.on("k", value), invoked, answered, List.of());
      default -> done(client, TextMapOperation.GET.on("k"), invoked, answered, List.of(read));
    };
  }

  private static Operation<Request, List<String>> done(
      String client, Request request, Moment invoked, Moment answered, List<String> results) {
    return new Operation<>(client, request, invoked, Optional.of(new Answer<>(results, answered)));
  }
}
