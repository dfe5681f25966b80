package io.synod.simulator;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Ballot;
import io.synod.paxos.Founding;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.PeerVotes;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Journal records folded together as they come: what a restart would find, and a history never. */
final class DurableState {
  private Optional<Founding> founding = Optional.empty();
  private boolean opened;
  private Ballot promised = Ballot.LOWEST;
  private Ballot taken = Ballot.LOWEST;
  private Slot cut = Slot.ZERO;
  private Optional<MembershipInForce> membership = Optional.empty();
  private final ArrayList<AcceptedValue> log = new ArrayList<>();
  private Slot chosen = Slot.ZERO;
  private Optional<SlotRange> unknown = Optional.empty();
  private Optional<SlotRange> torn = Optional.empty();
  private final TreeMap<ServerId, PeerVotes> seen = new TreeMap<>();
  private long longestLeaseNanos;

  /** The state that a process found. */
  static DurableState of(Recovered recovered) {
    DurableState state = new DurableState();
    state.founding = recovered.founding();
    state.opened = recovered.opened();
    state.promised = recovered.promised();
    state.taken = recovered.ballotTaken();
    state.cut = recovered.cut();
    state.membership = recovered.membership();
    state.log.addAll(recovered.accepted());
    state.chosen = recovered.chosen();
    state.unknown = recovered.unknown();
    state.torn = recovered.torn();
    recovered.seen().forEach(each -> state.seen.put(each.server(), each));
    state.longestLeaseNanos = recovered.longestLeaseNanos();
    return state;
  }

  /** Folds one more record in. */
  void add(JournalRecord record) {
    if (record instanceof JournalRecord.FoundingPrepared prepared) {
      founding = Optional.of(prepared.founding());
    } else if (record instanceof JournalRecord.FoundingInForce inForce) {
      founding = Optional.of(inForce.founding());
      opened = true;
    } else if (record instanceof JournalRecord.Promised promise) {
      promised = Ballot.max(promised, promise.ballot());
    } else if (record instanceof JournalRecord.BallotTaken own) {
      taken = Ballot.max(taken, own.ballot());
    } else if (record instanceof JournalRecord.ValueAccepted value) {
      put(value.accepted());
    } else if (record instanceof JournalRecord.ChosenUpTo upTo) {
      chosen = Slot.max(chosen, upTo.slot());
    } else if (record instanceof JournalRecord.Cut at) {
      cutBehind(at);
    } else if (record instanceof JournalRecord.Damage damage) {
      unknown = damage.unknown();
      torn = damage.torn();
    } else if (record instanceof JournalRecord.VotesNoted noted) {
      seen.put(noted.seen().server(), noted.seen());
    } else if (record instanceof JournalRecord.LeasesGiven given) {
      longestLeaseNanos = given.longestNanos();
    }
  }

  private void put(AcceptedValue value) {
    promised = Ballot.max(promised, value.ballot());
    int place = Math.toIntExact(value.slot().minus(cut)) - 1;
    if (place < 0 || place > log.size()) {
      throw new Violation(
          "ContiguousAccept", value.slot() + " does not join the log " + cut + ".." + last());
    }
    if (place == log.size()) {
      log.add(value);
    } else {
      log.set(place, value);
    }
  }

  private void cutBehind(JournalRecord.Cut at) {
    long count = at.slot().minus(cut);
    if (count > 0) {
      if (count >= log.size()) {
        log.clear();
      } else {
        log.subList(0, (int) count).clear();
      }
      cut = at.slot();
    }
    membership = Optional.of(at.membership());
    chosen = Slot.max(chosen, cut);
  }

  Ballot promised() {
    return promised;
  }

  Ballot taken() {
    return taken;
  }

  Slot cut() {
    return cut;
  }

  Slot chosen() {
    return chosen;
  }

  Optional<SlotRange> unknown() {
    return unknown;
  }

  Optional<SlotRange> torn() {
    return torn;
  }

  /** The last slot that holds a value; the cut if none does. */
  Slot last() {
    return cut.plus(log.size());
  }

  /** What the slot holds behind the cut. */
  Optional<AcceptedValue> at(Slot slot) {
    long place = slot.minus(cut) - 1;
    return place < 0 || place >= log.size() ? Optional.empty() : Optional.of(log.get((int) place));
  }

  /** What a server that starts from this finds. */
  Recovered recovered() {
    return new Recovered(
        founding,
        opened,
        promised,
        taken,
        cut,
        membership,
        new ArrayList<>(log),
        chosen,
        unknown,
        torn,
        List.copyOf(seen.values()),
        longestLeaseNanos);
  }
}
