package io.synod.paxos;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What acceptors hold durably, and what that makes chosen, whether anybody knows it or not
 * (Lamport, "Paxos Made Simple", section 2.2): a value is chosen once a quorum has accepted it at
 * one ballot. For a membership that does not change.
 */
final class VoteLedger {
  private final int quorum;
  private final Map<AcceptedValue, Set<Integer>> votes = new HashMap<>();

  /** Each with the lowest ballot at which it was chosen. */
  private final Map<Slot, AcceptedValue> chosen = new HashMap<>();

  VoteLedger(int servers) {
    this.quorum = servers / 2 + 1;
  }

  /** The server has accepted this, durably. Says what is wrong, if anything is. */
  Optional<String> cast(int server, AcceptedValue accepted) {
    Set<Integer> voters = votes.computeIfAbsent(accepted, any -> new HashSet<>());
    voters.add(server);
    if (voters.size() < quorum) {
      return Optional.empty();
    }
    AcceptedValue before = chosen.get(accepted.slot());
    if (before == null || before.ballot().isAbove(accepted.ballot())) {
      chosen.put(accepted.slot(), accepted);
    }
    return before == null || before.value().equals(accepted.value())
        ? Optional.empty()
        : Optional.of("AgreementPerSlot: a quorum accepted " + before + ", and one " + accepted);
  }

  /** P2b: every proposal above the ballot at which a value was chosen is of that value. */
  Optional<String> proposed(Message.Propose propose) {
    Slot slot = propose.first();
    for (Value value : propose.values()) {
      AcceptedValue already = chosen.get(slot);
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
