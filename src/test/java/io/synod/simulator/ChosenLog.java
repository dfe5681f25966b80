package io.synod.simulator;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Ballot;
import io.synod.paxos.Founding;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is chosen, worked out from what the acceptors hold durable and from nothing that a server
 * says: a value is chosen when a quorum of the membership in force held it, at one ballot, at any
 * time.
 */
final class ChosenLog {
  private final Map<ServerLife, Integer> lifeNumbers = new HashMap<>();
  private final List<ServerLife> lives = new ArrayList<>();
  private final List<SlotVotes> slots = new ArrayList<>();
  private final List<MembershipInForce> chain = new ArrayList<>();
  private @Nullable Founding founding;

  /** The lives that hold it to be in force, on disks that are there. */
  private final Set<ServerLife> openers = new HashSet<>();

  private long chosenUpTo;

  /** The votes for one value of one slot at one ballot: a bit for each life. */
  private static final class Votes {
    final Ballot ballot;
    final Value value;
    long voters;

    Votes(Ballot ballot, Value value) {
      this.ballot = ballot;
      this.value = value;
    }
  }

  private static final class SlotVotes {
    final List<Votes> votes = new ArrayList<>(2);
    @Nullable AcceptedValue chosen;

    /** Values proposed here, by ballot. */
    final List<Votes> proposed = new ArrayList<>(2);
  }

  /**
   * The first founding in force; all must be this one, unless nothing is chosen by it and every
   * disk that knew it to be in force is lost: then it is made anew (protocol-rules.md, 8).
   */
  void founded(ServerLife by, Founding made) {
    if (openers.isEmpty() && chosenUpTo == 0) {
      founding = null;
      chain.clear();
    }
    openers.add(by);
    if (founding == null) {
      founding = made;
      chain.add(new MembershipInForce(Slot.ZERO, made.membership()));
      advance();
    } else if (!founding.equals(made)) {
      throw new Violation("OneFounding", founding + " and " + made + " are both in force");
    }
  }

  /** Nothing that this life held is there any more. */
  void diskLost(ServerLife life) {
    openers.remove(life);
  }

  boolean isFounded() {
    return founding != null;
  }

  /** All slots up to here are chosen, and each was before the next. */
  Slot upTo() {
    return Slot.of(chosenUpTo);
  }

  /** The newest chosen membership. Only when founded. */
  MembershipInForce membership() {
    return chain.get(chain.size() - 1);
  }

  /** The memberships that were decided at or after this slot, the one in force last. */
  List<Membership> membershipsFrom(Slot decidedAt) {
    List<Membership> found = new ArrayList<>();
    for (int i = chain.size() - 1; i >= 0 && !chain.get(i).decidedAt().isBefore(decidedAt); i--) {
      found.add(0, chain.get(i).membership());
    }
    return found;
  }

  /** The slot of the newest membership that was decided at or before {@code chosen}. */
  Slot membershipKnownAt(Slot chosen) {
    Slot known = Slot.ZERO;
    for (MembershipInForce each : chain) {
      known = each.decidedAt().isAfter(chosen) ? known : each.decidedAt();
    }
    return known;
  }

  int membershipChanges() {
    return Math.max(0, chain.size() - 1);
  }

  /** What was chosen for the slot. */
  Optional<AcceptedValue> chosen(Slot slot) {
    long place = slot.number() - 1;
    return place < 0 || place >= slots.size()
        ? Optional.empty()
        : Optional.ofNullable(slots.get((int) place).chosen);
  }

  private SlotVotes slot(Slot slot) {
    int place = Math.toIntExact(slot.number() - 1);
    while (slots.size() <= place) {
      slots.add(new SlotVotes());
    }
    return slots.get(place);
  }

  private int numberOf(ServerLife life) {
    Integer number = lifeNumbers.get(life);
    if (number == null) {
      number = lives.size();
      if (number >= Long.SIZE) {
        throw new IllegalStateException("more lives than a run should have");
      }
      lifeNumbers.put(life, number);
      lives.add(life);
    }
    return number;
  }

  /** A proposal is out: one value a ballot and slot, and never against what is chosen. */
  void proposed(Slot slot, Ballot ballot, Value value) {
    SlotVotes at = slot(slot);
    checkOneValue(slot, at.proposed, ballot, value);
    AcceptedValue chosen = at.chosen;
    if (chosen != null && ballot.isAbove(chosen.ballot()) && !chosen.value().equals(value)) {
      throw new Violation(
          "AgreementPerSlot",
          slot + ": " + ballot + " proposes " + value + " where " + chosen + " is chosen");
    }
  }

  private static Votes checkOneValue(Slot slot, List<Votes> all, Ballot ballot, Value value) {
    for (Votes each : all) {
      if (each.ballot.equals(ballot)) {
        if (each.value != value && !each.value.equals(value)) {
          throw new Violation(
              "OneValuePerBallotSlot",
              slot + " at " + ballot + ": " + each.value + " and " + value);
        }
        return each;
      }
    }
    Votes made = new Votes(ballot, value);
    all.add(made);
    return made;
  }

  /** Whether a membership is proposed at this ballot below {@code first}, and not chosen yet. */
  boolean proposesPastBarrier(Ballot ballot, Slot first) {
    for (long number = chosenUpTo + 1; number < first.number(); number++) {
      for (Votes each : slot(Slot.of(number)).proposed) {
        if (each.ballot.equals(ballot)
            && each.value instanceof Membership membership
            && membership.predecessor().equals(membership().decidedAt())) {
          return true;
        }
      }
    }
    return false;
  }

  /** An acceptor has this durable. */
  void accepted(ServerLife life, AcceptedValue accepted) {
    SlotVotes at = slot(accepted.slot());
    Votes votes = checkOneValue(accepted.slot(), at.votes, accepted.ballot(), accepted.value());
    votes.voters |= 1L << numberOf(life);
    AcceptedValue chosen = at.chosen;
    if (chosen == null) {
      advance();
    } else if (!chosen.value().equals(accepted.value())
        && hasQuorum(votes, membershipFor(accepted.slot()))) {
      throw new Violation(
          "AgreementPerSlot", accepted.slot() + ": " + chosen + " and then " + accepted);
    }
  }

  /** The membership in force for a slot that is chosen. */
  Membership membershipFor(Slot slot) {
    Membership found = chain.get(0).membership();
    for (int i = chain.size() - 1; i >= 0; i--) {
      if (chain.get(i).decidedAt().isBefore(slot)) {
        found = chain.get(i).membership();
        break;
      }
    }
    return found;
  }

  private boolean hasQuorum(Votes votes, Membership membership) {
    return membership.isQuorum(
        member -> {
          Integer number = lifeNumbers.get(new ServerLife(member.server(), member.incarnation()));
          return number != null && (votes.voters & (1L << number)) != 0;
        });
  }

  private void advance() {
    while (!chain.isEmpty() && chosenUpTo < slots.size()) {
      SlotVotes at = slots.get((int) chosenUpTo);
      Membership inForce = membership().membership();
      for (Votes votes : at.votes) {
        if (hasQuorum(votes, inForce)) {
          at.chosen = new AcceptedValue(Slot.of(chosenUpTo + 1), votes.ballot, votes.value);
          break;
        }
      }
      if (at.chosen == null) {
        return;
      }
      chosenUpTo++;
      onChosen(at);
    }
  }

  private void onChosen(SlotVotes at) {
    AcceptedValue chosen = at.chosen;
    if (chosen == null) {
      return;
    }
    Membership before = membership().membership();
    for (Votes votes : at.votes) {
      if (!votes.value.equals(chosen.value()) && hasQuorum(votes, before)) {
        throw new Violation("AgreementPerSlot", chosen + " and " + votes.value);
      }
    }
    if (chosen.value() instanceof Membership next
        && next.predecessor().equals(membership().decidedAt())) {
      chain.add(new MembershipInForce(chosen.slot(), next));
    }
  }
}
