package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the replicas made of the same log (protocol-rules.md, 14). Each says with its pings
 * what the hash of its state was at agreed slots; right is the one that a quorum shares at one
 * slot, or, where witnesses vote, which have no state, a majority of the others that vote. Whoever
 * has another there has diverged: it neither coordinates nor serves, and gets its state from the
 * others. If no hash can have a quorum any more, nobody knows what is right, and all stop serving.
 */
final class StateComparison {
  /** Of the agreed slots, so many are remembered of this replica, and of each other. */
  private static final int OWN_SLOTS = 256;

  private static final int PEER_SLOTS = 16;

  private final Effects effects;
  private final Life self;
  private final TreeMap<Slot, Long> own = new TreeMap<>();
  private final TreeMap<Life, TreeMap<Slot, Long>> others = new TreeMap<>();

  /** Other replicas that were named as diverged and have not agreed since. */
  private final TreeSet<Life> named = new TreeSet<>();

  private @Nullable StateHash newest;
  private @Nullable StateHash newestSeldom;
  private boolean diverged;
  private Optional<Slot> disputed = Optional.empty();

  StateComparison(PaxosSettings settings, Effects effects) {
    this.effects = effects;
    this.self = settings.life();
  }

  /** Whether a quorum has another state than this replica; never over in this run. */
  boolean isDiverged() {
    return diverged;
  }

  /** The slot at which no state has a quorum, if there is one. */
  Optional<Slot> disputed() {
    return disputed;
  }

  /** What pings say. */
  List<StateHash> told() {
    List<StateHash> told = new ArrayList<>(2);
    if (newest != null) {
      told.add(newest);
    }
    if (newestSeldom != null && !newestSeldom.equals(newest)) {
      told.add(newestSeldom);
    }
    return told;
  }

  void onOwn(StateHash hash, Membership membership) {
    newest = hash;
    if (hash.isOfSeldomSlot()) {
      newestSeldom = hash;
    }
    own.put(hash.slot(), hash.hash());
    if (own.size() > OWN_SLOTS) {
      own.pollFirstEntry();
    }
    judge(hash.slot(), membership);
  }

  void onPeer(Life peer, List<StateHash> told, Membership membership) {
    if (told.isEmpty() || !membership.isMember(peer.server(), peer.incarnation())) {
      return;
    }
    others.keySet().removeIf(life -> !membership.isMember(life.server(), life.incarnation()));
    TreeMap<Slot, Long> known = others.computeIfAbsent(peer, any -> new TreeMap<>());
    for (StateHash each : told) {
      Long before = known.put(each.slot(), each.hash());
      if (known.size() > PEER_SLOTS) {
        known.pollFirstEntry();
      }
      if (before == null || before != each.hash()) {
        judge(each.slot(), membership);
      }
    }
  }

  private void judge(Slot slot, Membership membership) {
    TreeMap<Life, Long> said = new TreeMap<>();
    others.forEach(
        (life, known) -> {
          Long hash = known.get(slot);
          if (hash != null) {
            said.put(life, hash);
          }
        });
    Long mine = own.get(slot);
    if (mine != null) {
      said.put(self, mine);
    }
    TreeSet<Long> different = new TreeSet<>(said.values());
    if (different.size() <= 1 && named.isEmpty()) {
      return;
    }
    boolean possible = false;
    for (long hash : different) {
      if (membership.isMajorityOfReplicas(member -> isEqual(said.get(Life.of(member)), hash))) {
        name(slot, hash, said);
        return;
      }
      possible |=
          membership.isMajorityOfReplicas(
              member -> {
                Long its = said.get(Life.of(member));
                return its == null || its == hash;
              });
    }
    if (different.size() > 1 && !possible && disputed.isEmpty()) {
      disputed = Optional.of(slot);
      effects.notice(new Notice.StateDisputed(slot));
    }
  }

  private static boolean isEqual(@Nullable Long hash, long other) {
    return hash != null && hash == other;
  }

  private void name(Slot slot, long right, Map<Life, Long> said) {
    said.forEach(
        (life, hash) -> {
          if (hash == right) {
            named.remove(life);
          } else if (life.equals(self) ? !diverged : named.add(life)) {
            diverged |= life.equals(self);
            effects.notice(new Notice.StateDiverged(life.server(), slot, hash, right));
          }
        });
  }
}
