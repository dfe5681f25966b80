package io.synod.simulator.checker;

import io.synod.simulator.checker.Configurations.Placed;
import io.synod.simulator.checker.Task.Duty;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The search for an order of one key's operations that explains every answer: Wing and Gong,
 * "Testing and Verifying Concurrent Objects" (1993), with the list and the memory of Lowe, "Testing
 * for Linearizability" (2017). Used once, by one thread.
 *
 * <p>Invocations and answers stand in a doubly linked list in the order in which they happened. To
 * place an operation is to lift its two events from the list; to take it back is to put them back.
 * What is invoked before the first answer left in the list may come next; that answer's operation
 * must be placed before anything that is invoked after it.
 *
 * <p>Six rules keep the search short. None of them loses an order:
 *
 * <ul>
 *   <li>An operation that only observes, and whose answer is right now, is placed now: wherever
 *       else it could stand, removing it from there changes nothing.
 *   <li>So is one that replaces a state for which no answer asks any more by another such state:
 *       the next thing to see anything comes after the next replacement.
 *   <li>Otherwise operations are tried in the order of their answers, and open ones last.
 *   <li>An open operation is followed by one that can tell the difference. If the next operation
 *       gives the same state and answer without it, the order without it is as good, and is tried
 *       elsewhere.
 *   <li>Of open operations that ask for the same, the one invoked first is used first.
 *   <li>With {@link Foresight}, the search turns back when an answer ahead is out of reach.
 * </ul>
 */
final class Search<S, I, O> {
  /** How many answers ahead {@link Foresight} is asked about: about as many as are under way. */
  private static final int ANSWERS_LOOKED_AT = 16;

  private final Model<S, I, O> model;
  private final Budget.Allowance allowance;
  private final Configurations<S> configurations = new Configurations<>();

  /** The list's two ends are this event: the first is its successor. */
  private final Event<I, O> ends = new Event<>();

  /** By invocation. */
  private final List<Event<I, O>> open = new ArrayList<>();

  private final Optional<Foresight<S, I, O>> foresight;

  /** Only of a plain key. */
  private final Optional<Demand<S, I, O>> demand;

  /** What {@link Foresight#replaces} the state, by invocation; only of a key that is not plain. */
  private final List<Event<I, O>> replacing = new ArrayList<>();

  /** The states that {@link #replacing} leads to, in the same order. */
  private final List<S> replacements = new ArrayList<>();

  /** For each answer that was looked at, what of {@link #replacing} may lead to it, last first. */
  private final Map<Event<I, O>, List<Event<I, O>>> sources = new HashMap<>();

  /** States in which an answer ahead was out of reach. */
  private final Set<S> hopeless = new HashSet<>();

  private final long[] placed;
  private final long[] openPlaced;
  private final Deque<Step<S, I, O>> steps = new ArrayDeque<>();
  private S state;

  /** The last number in {@link #placed}, or less than 0. */
  private int lastPlaced = -1;

  /** How many operations that must be placed are not. */
  private int mustLeft;

  private int leastMustLeft = Integer.MAX_VALUE;
  private List<Operation<I, O>> longest = List.of();
  private S stateAfterLongest;

  Search(Model<S, I, O> model, List<Task<I, O>> tasks, S initial, Budget.Allowance allowance) {
    this.model = model;
    this.allowance = allowance;
    this.state = initial;
    this.stateAfterLongest = initial;
    List<Task<I, O>> closed = new ArrayList<>();
    for (Task<I, O> task : byInvocation(tasks)) {
      if (task.duty() == Duty.OPEN) {
        open.add(new Event<>(task, open.size()));
      } else {
        closed.add(task);
      }
    }
    findTwins();
    link(closed);
    foresight = model.foresight(tasks.stream().map(task -> task.operation().input()).toList());
    demand = foresight.filter(Foresight::isPlain).map(plain -> new Demand<>(model, plain));
    demand.ifPresent(present -> tasks.forEach(present::add));
    foresight.filter(some -> !some.isPlain()).ifPresent(this::findReplacing);
    placed = new long[closed.size() / Long.SIZE + 1];
    openPlaced = new long[(open.size() + Long.SIZE - 1) / Long.SIZE];
  }

  /** Searches. Called once. */
  Verdict run() {
    if (mustLeft == 0) {
      return Verdict.LINEARIZABLE;
    }
    configurations.add(new Placed(placed, 0, lastPlaced), state, openPlaced);
    steps.push(new Step<>(ends, state, lastPlaced, moves()));
    while (true) {
      Step<S, I, O> step = steps.element();
      if (step.moves.hasNext()) {
        if (!allowance.take()) {
          return Verdict.UNDECIDED;
        }
        if (place(step.moves.next())) {
          if (mustLeft == 0) {
            noteLongest();
            return Verdict.LINEARIZABLE;
          }
        }
      } else {
        noteLongest();
        steps.pop();
        if (steps.isEmpty()) {
          return Verdict.NOT_LINEARIZABLE;
        }
        takeBack(step);
      }
    }
  }

  /** Every state that was reached. */
  Set<S> states() {
    Set<S> states = configurations.states();
    states.addAll(hopeless);
    states.add(stateAfterLongest);
    return states;
  }

  /** The order found that places the most operations. */
  List<Operation<I, O>> longest() {
    return longest;
  }

  S stateAfterLongest() {
    return stateAfterLongest;
  }

  private List<Task<I, O>> byInvocation(List<Task<I, O>> tasks) {
    List<Task<I, O>> sorted = new ArrayList<>(tasks);
    sorted.sort(Comparator.comparingInt(task -> task.operation().invoked().line()));
    return sorted;
  }

  private void findTwins() {
    Map<I, Event<I, O>> lastOfItsKind = new HashMap<>();
    for (Event<I, O> event : open) {
      Event<I, O> earlier = lastOfItsKind.put(event.task().operation().input(), event);
      if (earlier != null) {
        event.partner = earlier;
      }
    }
  }

  private void link(List<Task<I, O>> closed) {
    List<Event<I, O>> events = new ArrayList<>();
    for (Task<I, O> task : closed) {
      Event<I, O> invocation = new Event<>(task, events.size() / 2);
      Event<I, O> answer = new Event<>(invocation);
      invocation.partner = answer;
      events.add(invocation);
      events.add(answer);
      if (task.duty() == Duty.MUST) {
        mustLeft++;
      }
    }
    events.sort(Comparator.comparingInt(event -> event.line));
    for (Event<I, O> event : events) {
      event.insertBetween(ends.previous, ends);
    }
  }

  private void findReplacing(Foresight<S, I, O> foreseen) {
    replacing.addAll(open);
    for (Event<I, O> event = ends.next; event != ends; event = event.next) {
      if (!event.isAnswer) {
        replacing.add(event);
      }
    }
    replacing.removeIf(event -> !foreseen.replaces(event.task().operation().input()));
    replacing.sort(Comparator.comparingInt(event -> event.line));
    for (Event<I, O> event : replacing) {
      replacements.add(model.apply(model.initial(), event.task().operation().input()));
    }
  }

  /** What may come next, best first. */
  private Iterator<Event<I, O>> moves() {
    List<Event<I, O>> moves = new ArrayList<>();
    boolean isUnwanted = demand.isPresent() && demand.get().isUnwanted(state);
    Event<I, O> event = ends.next;
    for (; !event.isAnswer; event = event.next) {
      I input = event.task().operation().input();
      O output = event.task().answer().output();
      if (model.explains(state, input, output)) {
        if (model.onlyObserves(input, output)
            || (isUnwanted && demand.get().isUnseen(event.task()))) {
          return List.of(event).iterator();
        }
        moves.add(event);
      }
    }
    moves.sort(Comparator.comparingInt(move -> move.partner.line));
    if (event.task().duty() == Duty.MAY) {
      moves.add(event);
    }
    for (Event<I, O> unknown : open) {
      if (unknown.line > event.line) {
        break;
      }
      if (!isPlaced(openPlaced, unknown.number)
          && isFirstOfItsKind(unknown)
          && (demand.isEmpty() || !demand.get().isUnseen(unknown.task()))) {
        moves.add(unknown);
      }
    }
    return moves.iterator();
  }

  private boolean isFirstOfItsKind(Event<I, O> unknown) {
    return unknown.partner == unknown || isPlaced(openPlaced, unknown.partner.number);
  }

  /** Makes a move, unless it is known to lead nowhere. */
  private boolean place(Event<I, O> move) {
    Task<I, O> task = move.task();
    I input = task.operation().input();
    S after = move.isAnswer ? state : model.apply(state, input);
    if (task.duty() == Duty.OPEN && after.equals(state)) {
      return false;
    }
    if (ignoresOpenBefore(move, after)) {
      return false;
    }
    Step<S, I, O> step = new Step<>(move, state, lastPlaced, List.<Event<I, O>>of().iterator());
    mark(move);
    state = after;
    if (mustLeft > 0) {
      if (isHopeless(step.stateBefore)) {
        hopeless.add(state);
        takeBack(step);
        return false;
      }
      if (!configurations.add(
          new Placed(placed, ends.next.number, lastPlaced), state, openPlaced)) {
        takeBack(step);
        return false;
      }
      step.moves = moves();
    }
    steps.push(step);
    return true;
  }

  /** Whether the last move was an open operation and {@code move} would go the same without it. */
  private boolean ignoresOpenBefore(Event<I, O> move, S after) {
    Step<S, I, O> last = steps.element();
    if (last.move == ends || last.move.task().duty() != Duty.OPEN) {
      return false;
    }
    if (move.isAnswer) {
      return true; // left out: it could have been left out before
    }
    Task<I, O> task = move.task();
    I input = task.operation().input();
    return (task.duty() == Duty.OPEN
            || model.explains(last.stateBefore, input, task.answer().output()))
        && model.apply(last.stateBefore, input).equals(after);
  }

  /** Whether one of the next answers is out of reach. */
  private boolean isHopeless(S before) {
    if (demand.isPresent()) {
      return !before.equals(state) && demand.get().isLost(before);
    }
    if (foresight.isEmpty()) {
      return false;
    }
    int lookedAt = 0;
    for (Event<I, O> event = ends.next;
        event != ends && lookedAt < ANSWERS_LOOKED_AT;
        event = event.next) {
      Task<I, O> task = event.task();
      if (!event.isAnswer
          && task.duty() == Duty.MUST
          && model.onlyObserves(task.operation().input(), task.answer().output())) {
        lookedAt++;
        if (isOutOfReach(event, foresight.get())) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isOutOfReach(Event<I, O> observer, Foresight<S, I, O> foreseen) {
    I input = observer.task().operation().input();
    O output = observer.task().answer().output();
    if (foreseen.mayLeadTo(state, input, output)) {
      return false;
    }
    for (Event<I, O> source : sources.computeIfAbsent(observer, o -> sources(o, foreseen))) {
      if (!isPlaced(source)) {
        return false;
      }
    }
    return true;
  }

  private List<Event<I, O>> sources(Event<I, O> observer, Foresight<S, I, O> foreseen) {
    I input = observer.task().operation().input();
    O output = observer.task().answer().output();
    List<Event<I, O>> found = new ArrayList<>();
    for (int i = 0; i < replacing.size() && replacing.get(i).line < observer.partner.line; i++) {
      if (foreseen.mayLeadTo(replacements.get(i), input, output)) {
        found.add(replacing.get(i));
      }
    }
    Collections.reverse(found);
    return found;
  }

  private boolean isPlaced(Event<I, O> invocation) {
    boolean isOpen = invocation.task().duty() == Duty.OPEN;
    return isPlaced(isOpen ? openPlaced : placed, invocation.number);
  }

  private void mark(Event<I, O> move) {
    demand.ifPresent(present -> present.remove(move.task()));
    if (move.task().duty() == Duty.OPEN) {
      flip(openPlaced, move.number);
      return;
    }
    Event<I, O> invocation = move.isAnswer ? move.partner : move;
    flip(placed, invocation.number);
    lastPlaced = Math.max(lastPlaced, invocation.number);
    invocation.lift();
    invocation.partner.lift();
    if (move.task().duty() == Duty.MUST) {
      mustLeft--;
    }
  }

  private void takeBack(Step<S, I, O> step) {
    state = step.stateBefore;
    lastPlaced = step.lastPlacedBefore;
    Event<I, O> move = step.move;
    demand.ifPresent(present -> present.add(move.task()));
    if (move.task().duty() == Duty.OPEN) {
      flip(openPlaced, move.number);
      return;
    }
    Event<I, O> invocation = move.isAnswer ? move.partner : move;
    flip(placed, invocation.number);
    invocation.partner.unlift();
    invocation.unlift();
    if (move.task().duty() == Duty.MUST) {
      mustLeft++;
    }
  }

  private void noteLongest() {
    if (mustLeft >= leastMustLeft) {
      return;
    }
    leastMustLeft = mustLeft;
    stateAfterLongest = state;
    longest = new ArrayList<>();
    for (Iterator<Step<S, I, O>> i = steps.descendingIterator(); i.hasNext(); ) {
      Event<I, O> move = i.next().move;
      if (move != ends && !move.isAnswer) {
        longest.add(move.task().operation());
      }
    }
  }

  private static boolean isPlaced(long[] bits, int number) {
    return (bits[number / Long.SIZE] >>> number & 1) != 0;
  }

  private static void flip(long[] bits, int number) {
    bits[number / Long.SIZE] ^= 1L << number;
  }

  /** A move that was made, what it found, and what may follow it. */
  private static final class Step<S, I, O> {
    final Event<I, O> move;
    final S stateBefore;
    final int lastPlacedBefore;
    Iterator<Event<I, O>> moves;

    Step(Event<I, O> move, S stateBefore, int lastPlacedBefore, Iterator<Event<I, O>> moves) {
      this.move = move;
      this.stateBefore = stateBefore;
      this.lastPlacedBefore = lastPlacedBefore;
      this.moves = moves;
    }
  }

  /**
   * An invocation or an answer in the list. As a move, an invocation places its operation and an
   * answer leaves it out.
   */
  private static final class Event<I, O> {
    private final List<Task<I, O>> taskIfAny;

    /** Where it stands in the history. */
    final int line;

    /**
     * The operation's number by invocation, among those that are open or among those that are not.
     */
    final int number;

    final boolean isAnswer;

    /** An invocation's answer, an answer's invocation, an open one's predecessor of its kind. */
    Event<I, O> partner = this;

    Event<I, O> previous = this;
    Event<I, O> next = this;

    /** The ends of the list. */
    Event() {
      taskIfAny = List.of();
      line = Integer.MAX_VALUE;
      number = 0;
      isAnswer = true;
    }

    Event(Task<I, O> task, int number) {
      this.taskIfAny = List.of(task);
      this.line = task.operation().invoked().line();
      this.number = number;
      this.isAnswer = false;
    }

    /** The answer to an invocation. */
    Event(Event<I, O> invocation) {
      this.taskIfAny = invocation.taskIfAny;
      this.line = invocation.task().answer().at().line();
      this.number = invocation.number;
      this.isAnswer = true;
      this.partner = invocation;
    }

    Task<I, O> task() {
      return taskIfAny.get(0);
    }

    void insertBetween(Event<I, O> before, Event<I, O> after) {
      previous = before;
      next = after;
      before.next = this;
      after.previous = this;
    }

    void lift() {
      previous.next = next;
      next.previous = previous;
    }

    void unlift() {
      previous.next = this;
      next.previous = this;
    }
  }
}
