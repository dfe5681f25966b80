package io.synod.paxos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What acceptors promised at one ballot, and what follows from it: which value each slot must be
 * given (Lamport, "Paxos Made Simple", section 2.2, P2c).
 */
final class Promises {
  /** The report of one acceptor, put together from its parts. */
  private static final class Report {
    private Slot chosen = Slot.ZERO;
    private Slot last = Slot.ZERO;
    private Slot until;
    private Optional<SlotRange> unknown = Optional.empty();
    private Optional<SlotRange> torn = Optional.empty();

    /**
     * @param until the report is known up to this slot
     */
    Report(Slot until) {
      this.until = until;
    }

    boolean isWhole() {
      return !last.isAfter(Slot.max(until, chosen));
    }
  }

  private final Slot from;
  private final TreeMap<Life, Report> reports = new TreeMap<>();

  /** For each reported slot, the value of the highest ballot. */
  private final TreeMap<Slot, AcceptedValue> highest = new TreeMap<>();

  /**
   * @param from the first slot that was asked for
   */
  Promises(Slot from) {
    this.from = from;
  }

  /** Takes a part of a report; returns the slot to ask on from, none if it is whole. */
  Optional<Slot> add(Life acceptor, Message.Promise promise) {
    Report report = reports.computeIfAbsent(acceptor, any -> new Report(from.previous()));
    report.chosen = Slot.max(report.chosen, promise.chosen());
    report.last = Slot.max(report.last, promise.last());
    report.unknown = promise.unknown();
    report.torn = promise.torn();
    for (AcceptedValue value : promise.accepted()) {
      if (!value.slot().isAfter(Slot.max(report.until, report.chosen).next())) {
        report.until = Slot.max(report.until, value.slot());
      }
      highest.merge(value.slot(), value, (a, b) -> a.ballot().isAbove(b.ballot()) ? a : b);
    }
    return report.isWhole()
        ? Optional.empty()
        : Optional.of(Slot.max(report.until, report.chosen).next());
  }

  /** The acceptors whose report is whole. */
  boolean isWhole(Life acceptor) {
    Report report = reports.get(acceptor);
    return report != null && report.isWhole();
  }

  /**
   * The acceptor with the furthest chosen prefix, and that prefix: all before it is fetched, never
   * proposed.
   */
  Slot highestChosen() {
    Slot chosen = Slot.ZERO;
    for (Report report : reports.values()) {
      chosen = Slot.max(chosen, report.chosen);
    }
    return chosen;
  }

  /** Forgets what this server promised: fewer votes are always safe. */
  void remove(ServerId server) {
    reports.keySet().removeIf(life -> life.server().equals(server));
  }

  /** Who has the furthest chosen prefix. */
  ServerId furthest() {
    Life furthest = reports.firstKey();
    Slot most = Slot.ZERO;
    for (var each : reports.entrySet()) {
      if (each.getValue().chosen.isAfter(most)) {
        most = each.getValue().chosen;
        furthest = each.getKey();
      }
    }
    return furthest.server();
  }

  /** The last slot that is to be given a value: where one was accepted, or torn off. */
  Slot end() {
    Slot end = from.previous();
    for (Report report : reports.values()) {
      end = Slot.max(end, report.last);
      if (report.torn.isPresent()) {
        end = Slot.max(end, report.torn.get().last());
      }
    }
    return end;
  }

  /** The last slot where something may have been accepted that is not reported. */
  private Slot endOfDoubt() {
    Slot end = end();
    for (Report report : reports.values()) {
      if (report.unknown.isPresent()) {
        end = Slot.max(end, report.unknown.get().last());
      }
    }
    return end;
  }

  /**
   * The first slot behind {@code prefix} of which too few of {@code membership} know what they
   * accepted there; none if enough know of all.
   */
  Optional<Slot> firstInDoubt(Slot prefix, Membership membership) {
    Slot end = endOfDoubt();
    // Along the slots less is known only where a range begins.
    Stream<Slot> beginnings =
        reports.values().stream()
            .flatMap(report -> Stream.of(report.unknown, report.torn))
            .flatMap(Optional::stream)
            .map(SlotRange::first)
            .filter(first -> first.isAfter(prefix));
    return Stream.concat(Stream.of(prefix.next()), beginnings)
        .filter(slot -> !slot.isAfter(end) && !isKnown(slot, membership))
        .min(Comparator.naturalOrder());
  }

  /**
   * Whether so many know what they accepted in {@code slot} that those who do not are no quorum of
   * {@code membership}: then every quorum that may have chosen a value there has one that knows
   * (P2c asks for no more). With an odd number of voters those that know are a quorum themselves;
   * with an even number, half of them is enough. One with damage there does not know
   * (protocol-rules.md, 3); one with a torn tail there counts as having accepted nothing only when
   * every voter has answered (rule 4).
   */
  private boolean isKnown(Slot slot, Membership membership) {
    boolean all = true;
    for (Member member : membership.members()) {
      all &= !member.role().votes() || isWhole(Life.of(member));
    }
    boolean everyVoter = all;
    return !membership.isQuorum(member -> !knows(member, slot, everyVoter));
  }

  private boolean knows(Member member, Slot slot, boolean everyVoter) {
    Report report = reports.get(Life.of(member));
    return report != null
        && report.isWhole()
        && !(report.unknown.isPresent() && report.unknown.get().contains(slot))
        && (everyVoter || !(report.torn.isPresent() && report.torn.get().contains(slot)));
  }

  /** Who does not know what it accepted in {@code slot}, and who has not answered. */
  UnknownSlot unknown(Slot slot, Membership membership) {
    List<ServerId> torn = new ArrayList<>();
    List<ServerId> damaged = new ArrayList<>();
    List<ServerId> absent = new ArrayList<>();
    for (Member member : membership.members()) {
      if (!member.role().votes()) {
        continue;
      }
      Report report = reports.get(Life.of(member));
      if (report == null || !report.isWhole()) {
        absent.add(member.server());
      } else if (report.unknown.isPresent() && report.unknown.get().contains(slot)) {
        damaged.add(member.server());
      } else if (report.torn.isPresent() && report.torn.get().contains(slot)) {
        torn.add(member.server());
      }
    }
    return new UnknownSlot(slot, torn, damaged, absent);
  }

  /** Whether a quorum of {@code membership} reported in full, damage left aside. */
  boolean isQuorum(Membership membership) {
    return membership.isQuorum(member -> isWhole(Life.of(member)));
  }

  /** The value to be proposed for the slot, if any acceptor accepted one there. */
  Optional<Value> valueFor(Slot slot) {
    return Optional.ofNullable(highest.get(slot)).map(AcceptedValue::value);
  }

  /** Slots up to here are chosen: what was reported for them is not needed any more. */
  void forget(Slot upTo) {
    highest.headMap(upTo, true).clear();
  }

  /** From where to ask this acceptor (again). */
  Slot askFrom(Life acceptor) {
    Report report = reports.get(acceptor);
    return report == null ? from : Slot.max(report.until, report.chosen).next();
  }
}
