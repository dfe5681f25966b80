package io.synod.paxos;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What acceptors hold durably, and what that makes chosen, whether anybody knows it or not
 * (Lamport, "Paxos Made Simple", section 2.2): a value is chosen once a quorum of the membership in
 * force has accepted it at one ballot. Slots are looked at in order, since they decide the
 * membership.
 */
final class VoteLedger {
  private final Map<Slot, Map<AcceptedValue, Set<Life>>> votes = new HashMap<>();

  /** Slot by slot, each with the lowest ballot at which it was chosen. */
  private final List<AcceptedValue> chosen = new ArrayList<>();

  /** The founding one first. */
  private final List<MembershipInForce> memberships = new ArrayList<>();

  void onFounded(Membership membership) {
    if (memberships.isEmpty()) {
      memberships.add(new MembershipInForce(Slot.ZERO, membership));
    }
  }

  /** All slots up to here are chosen. */
  Slot upTo() {
    return Slot.of(chosen.size());
  }

  /** What the slot holds; none behind {@link #upTo}. */
  Optional<AcceptedValue> at(Slot slot) {
    return slot.isAfter(upTo())
        ? Optional.empty()
        : Optional.of(chosen.get((int) slot.number() - 1));
  }

  /** The membership in force behind a slot that is chosen. */
  MembershipInForce membershipAt(Slot slot) {
    int newest = memberships.size() - 1;
    while (memberships.get(newest).decidedAt().isAfter(slot)) {
      newest--;
    }
    return memberships.get(newest);
  }

  /** This life has accepted this, durably. Says what is wrong, if anything is. */
  Optional<String> cast(Life voter, AcceptedValue accepted) {
    Slot slot = accepted.slot();
    Set<Life> voters =
        votes
            .computeIfAbsent(slot, any -> new LinkedHashMap<>())
            .computeIfAbsent(accepted, any -> new HashSet<>());
    voters.add(voter);
    Optional<AcceptedValue> before = at(slot);
    if (before.isPresent()) {
      return isQuorum(slot, voters) ? chosenAgain(before.get(), accepted) : Optional.empty();
    }
    Optional<String> wrong = Optional.empty();
    while (wrong.isEmpty()) {
      Optional<AcceptedValue> next = next();
      if (next.isEmpty()) {
        break;
      }
      wrong = choose(next.get());
    }
    return wrong;
  }

  private boolean isQuorum(Slot slot, Set<Life> voters) {
    return membershipAt(slot.previous())
        .membership()
        .isQuorum(member -> voters.contains(Life.of(member)));
  }

  private Optional<String> chosenAgain(AcceptedValue before, AcceptedValue again) {
    if (before.ballot().isAbove(again.ballot())) {
      chosen.set((int) again.slot().number() - 1, again);
    }
    return before.value().equals(again.value())
        ? Optional.empty()
        : Optional.of("AgreementPerSlot: a quorum accepted " + before + ", and one " + again);
  }

  /** What is chosen in the next slot, if anything is. */
  private Optional<AcceptedValue> next() {
    Slot slot = upTo().next();
    for (Map.Entry<AcceptedValue, Set<Life>> each : votes.getOrDefault(slot, Map.of()).entrySet()) {
      if (isQuorum(slot, each.getValue())) {
        return Optional.of(each.getKey());
      }
    }
    return Optional.empty();
  }

  private Optional<String> choose(AcceptedValue next) {
    chosen.add(next);
    MembershipInForce before = memberships.get(memberships.size() - 1);
    if (next.value() instanceof Membership membership
        && membership.predecessor().equals(before.decidedAt())) {
      memberships.add(new MembershipInForce(next.slot(), membership));
      for (Member member : membership.members()) {
        if (member.role().votes()
            && !before.membership().isMember(member.server(), member.incarnation())) {
          return Optional.of("VotersLearnFirst: " + member + " votes, and was no member before");
        }
      }
    }
    return Optional.empty();
  }

  /** P2b: every proposal above the ballot at which a value was chosen is of that value. */
  Optional<String> proposed(Message.Propose propose) {
    Slot slot = propose.first();
    for (Value value : propose.values()) {
      AcceptedValue already = at(slot).orElse(null);
      if (already != null
          && propose.ballot().isAbove(already.ballot())
          && !already.value().equals(value)) {
        return Optional.of(
            "ProposedAsChosen: " + already + " is chosen, " + propose.ballot() + " has " + value);
      }
      slot = slot.next();
    }
    return Optional.empty();
  }
}
