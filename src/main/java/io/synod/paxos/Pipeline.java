package io.synod.paxos;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Phase 2 at one ballot: what is proposed in which slot, what of it is chosen, and the barrier that
 * a proposed membership is (protocol-rules.md, 10). It sends nothing but what the barrier asks of
 * the new voters: {@link Delivery} brings the proposals to the members. Memory of the coordinator.
 */
final class Pipeline {
  private final PaxosSettings settings;
  private final Acceptor acceptor;
  private final Learner learner;
  private final Preparation preparation;
  private final Promises promises;
  private final MemberProgress progress;
  private final InSync inSync;
  private final Ballot ballot;

  /** The last slot proposed. */
  private Slot last;

  /** Proposed and not chosen, in order, up to {@link #last}. */
  private final ArrayDeque<AcceptedValue> inFlight = new ArrayDeque<>();

  /** What the next free slots are for; bounded by what {@link #room} admits. */
  private final ArrayDeque<Value> waiting = new ArrayDeque<>();

  /** All up to here is chosen, and this ballot proposed nothing else there. */
  private Slot chosenHere;

  private boolean deposed;

  private Optional<Slot> ownSlot = Optional.empty();

  private boolean elected;

  /**
   * The slot of a proposed membership that is not through its barrier; nothing is proposed behind
   * it.
   */
  private Optional<Slot> barrier = Optional.empty();

  Pipeline(
      Roles roles, Preparation preparation, MemberProgress progress, Ballot ballot, long nowNanos) {
    this.settings = roles.settings();
    this.acceptor = roles.acceptor();
    this.learner = roles.learner();
    this.preparation = preparation;
    this.promises = preparation.promises();
    this.progress = progress;
    this.inSync = new InSync(roles, progress, nowNanos);
    this.ballot = ballot;
    this.last = learner.chosen();
    this.chosenHere = last;
  }

  // ---- what is in it
  // ------------------------------------------------------------------------------------------------------------------

  Slot last() {
    return last;
  }

  /** Whether nothing is in flight. */
  boolean isIdle() {
    return inFlight.isEmpty();
  }

  /** Whether nothing is in flight, nor waits to be. */
  boolean isDrained() {
    return inFlight.isEmpty() && waiting.isEmpty();
  }

  /** Whether a membership is proposed and not through its barrier, or waits to be proposed. */
  boolean isChangingMembership() {
    return barrier.isPresent() || waiting.stream().anyMatch(Membership.class::isInstance);
  }

  /** Whether a version is proposed and not chosen, or waits to be proposed. */
  boolean isUpgrading() {
    return waiting.stream().anyMatch(Value.Version.class::isInstance)
        || inFlight.stream().anyMatch(each -> each.value() instanceof Value.Version);
  }

  /** The membership at its barrier. */
  Optional<Membership> barrierMembership() {
    if (barrier.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of((Membership) inFlight.getLast().value());
  }

  /** How many more values may wait for a slot now. */
  int room() {
    return Math.max(0, settings.pipelineSlots() - inFlight.size() - waiting.size());
  }

  /**
   * How far the log is chosen as far as this ballot goes: up to where it began, and what a quorum
   * accepted at it. All that may be said with the ballot (protocol-rules.md, 1): what was learned
   * from another coordinator may differ from what acceptors hold at this ballot.
   */
  ChosenPrefix chosenPrefix() {
    return new ChosenPrefix(ballot, chosenHere);
  }

  /** Whether slots were chosen otherwise than was proposed here: this ballot is lost. */
  boolean isDeposed() {
    return deposed;
  }

  /** Whether this server's own value is chosen at the ballot: it coordinates. */
  boolean isElected() {
    return elected;
  }

  /** Where this server proposed itself, once it has. */
  Optional<Slot> ownSlot() {
    return ownSlot;
  }

  /** The proposals from this slot on; the usual one, at the end, is found without a walk. */
  List<AcceptedValue> fromSlot(Slot first) {
    if (first.equals(last)) {
      return List.of(inFlight.getLast());
    }
    List<AcceptedValue> found = new ArrayList<>();
    for (AcceptedValue proposed : inFlight) {
      if (!proposed.slot().isBefore(first)) {
        found.add(proposed);
      }
    }
    return found;
  }

  // ---- proposing
  // ------------------------------------------------------------------------------------------------------------------

  /** The promises suffice: what is proposed comes behind all that is chosen. */
  void begin() {
    last = learner.chosen();
    chosenHere = last;
    promises.forget(last);
  }

  /** Values for the next free slots. */
  void add(Collection<? extends Value> values) {
    waiting.addAll(values);
  }

  /** Takes over from this server's own earlier ballot what was not proposed there yet. */
  void inherit(Pipeline earlier) {
    waiting.addAll(earlier.waiting);
  }

  /** Proposes for the next slots while there is room and no barrier stands. */
  void fill() {
    while (barrier.isEmpty() && inFlight.size() < settings.pipelineSlots()) {
      Optional<Value> value = nextValue();
      if (value.isEmpty()) {
        break;
      }
      proposeNext(value.get());
    }
  }

  /** What the slot after the last must, or may, be given. */
  private Optional<Value> nextValue() {
    Slot slot = last.next();
    Optional<Value> adopted = promises.valueFor(slot);
    if (adopted.isPresent()) {
      return adopted;
    }
    if (!slot.isAfter(promises.end())) {
      return Optional.of(new Value.Noop());
    }
    if (ownSlot.isEmpty()) {
      ownSlot = Optional.of(slot);
      return Optional.of(new Value.CoordinatorElected(ballot, settings.clientAddress()));
    }
    return Optional.ofNullable(waiting.poll());
  }

  private void proposeNext(Value value) {
    last = last.next();
    inFlight.add(new AcceptedValue(last, ballot, value));
    if (learner.membership().successor(value).isPresent()) {
      barrier = Optional.of(last);
    }
  }

  // ---- chosen
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * What was learned to be chosen from others is not in flight any more. If that is another value
   * than was proposed here, there is a coordinator at a higher ballot. If it is the membership at
   * the barrier, this ballot is given up too: the new voters have not told it what they accepted
   * behind.
   */
  void dropLearned() {
    while (!inFlight.isEmpty() && !inFlight.getFirst().slot().isAfter(learner.chosen())) {
      AcceptedValue proposed = inFlight.removeFirst();
      Optional<AcceptedValue> learned = acceptor.log().at(proposed.slot());
      if (deposed
          || barrier.equals(Optional.of(proposed.slot()))
          || learned.isEmpty()
          || !learned.get().value().equals(proposed.value())) {
        deposed = true;
        barrier = barrier.filter(slot -> slot.isAfter(proposed.slot()));
      } else {
        onChosen(proposed.slot());
      }
    }
    deposed |= learner.chosen().isAfter(last);
  }

  /** Chooses what a quorum of the membership in force has accepted at this ballot. */
  void countAccepted(long nowNanos) {
    List<AcceptedValue> chosen = new ArrayList<>();
    while (!inFlight.isEmpty() && isChosen(inFlight.getFirst().slot(), nowNanos)) {
      chosen.add(inFlight.removeFirst());
    }
    if (chosen.isEmpty()) {
      return;
    }
    Slot upTo = chosen.get(chosen.size() - 1).slot();
    learner.chooseValues(chosen);
    Check.that(
        learner.chosen().equals(upTo), "chose up to %s, the learner %s", upTo, learner.chosen());
    onChosen(upTo);
  }

  private boolean isChosen(Slot slot, long nowNanos) {
    Membership inForce = learner.inForce();
    if (!hasMatched(slot, inForce)) {
      return false;
    }
    if (barrier.isEmpty() || !barrier.get().equals(slot)) {
      return !inSync.isAwaited(slot, inForce, nowNanos);
    }
    // The barrier: a majority of the new membership too has it at this ballot, and promised for the
    // slots behind it.
    Membership next = (Membership) inFlight.getFirst().value();
    preparation.ask(next, nowNanos);
    if (!hasMatched(slot, next) || !promises.isQuorum(next)) {
      return false;
    }
    if (promises.highestChosen().isAfter(slot)) {
      // A new voter knows slots behind the membership to be chosen: they are fetched, which ends
      // this ballot, and never proposed.
      return false;
    }
    return promises.firstInDoubt(slot, next).isEmpty();
  }

  private boolean hasMatched(Slot slot, Membership membership) {
    return membership.isQuorum(member -> progress.hasMatched(member, slot));
  }

  private void onChosen(Slot upTo) {
    chosenHere = Slot.max(chosenHere, upTo);
    barrier = barrier.filter(slot -> slot.isAfter(upTo));
    promises.forget(upTo);
    if (!elected && ownSlot.isPresent() && !ownSlot.get().isAfter(upTo)) {
      elected =
          acceptor
              .log()
              .at(ownSlot.get())
              .map(
                  at ->
                      at.value() instanceof Value.CoordinatorElected own
                          && own.ballot().equals(ballot))
              .orElse(false);
    }
  }
}
