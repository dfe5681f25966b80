package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What a coordinator does where there are witnesses (protocol-rules.md, 13): it tells them how far
 * they may cut their logs, finds out for whom one cannot keep its log any longer, and gives nobody
 * a vote who would need what was cut. Memory of the coordinator.
 *
 * <p>What counts is what a server has durably: a prefix of the log that it knows to be chosen, in
 * its journal or in the durable state that this was cut behind. Each says it when it is so, with
 * {@link Message.VotesCast}.
 */
final class WitnessCare {
  private final PaxosSettings settings;
  private final Learner learner;
  private final Peers peers;
  private final Pipeline pipeline;
  private final Predicate<Member> caughtUp;

  /** Nobody was told more by this coordinator, nor by an earlier one. */
  private Slot told;

  /** The witnesses whose logs are full, and since when each has not been cut. */
  private final TreeMap<ServerId, Full> full = new TreeMap<>();

  private record Full(Slot cut, long sinceNanos) {}

  /**
   * @param caughtUp whether this member is there and knows nearly all that is chosen
   */
  WitnessCare(Roles roles, Pipeline pipeline, Predicate<Member> caughtUp) {
    this.settings = roles.settings();
    this.learner = roles.learner();
    this.peers = roles.peers();
    this.pipeline = pipeline;
    this.caughtUp = caughtUp;
    // Earlier coordinators counted this server.
    this.told = peers.ownHeld();
  }

  /**
   * How far a witness may cut, for the Ping that leaves next; none where there is no witness. All
   * voters have everything up to there, those at a barrier too; and so has who is there and may get
   * a vote soon, as long as there is room.
   */
  Optional<Slot> tell(long nowNanos) {
    if (!peers.hasWitness(learner.inForce())) {
      full.clear();
      return Optional.empty();
    }
    noteFull(nowNanos);
    Slot all = learner.chosen();
    for (Member member : replicas()) {
      if (member.role() == Member.Role.VOTER || (full.isEmpty() && caughtUp.test(member))) {
        all = Slot.min(all, heldBy(member));
      }
    }
    told = Slot.max(told, all);
    return Optional.of(all);
  }

  /** The members that have a store, in force and at a barrier. */
  private List<Member> replicas() {
    List<Member> replicas = new ArrayList<>(learner.inForce().members());
    pipeline.barrierMembership().ifPresent(next -> replicas.addAll(next.members()));
    replicas.removeIf(peers::isWitness);
    return replicas;
  }

  private Slot heldBy(Member member) {
    return peers.heldBy(member).orElse(Slot.ZERO);
  }

  private void noteFull(long nowNanos) {
    Membership inForce = learner.inForce();
    full.keySet().removeIf(server -> inForce.member(server).isEmpty());
    for (Member member : inForce.members()) {
      Optional<WitnessLog> log =
          member.role() == Member.Role.WITNESS && peers.isHeard(member)
              ? peers.witnessOf(member).filter(WitnessLog::full)
              : Optional.empty();
      if (log.isEmpty()) {
        full.remove(member.server());
      } else if (!full.containsKey(member.server())
          || !full.get(member.server()).cut().equals(log.get().cut())) {
        full.put(member.server(), new Full(log.get().cut(), nowNanos));
      }
    }
  }

  /**
   * Whether a full log is kept for this voter: it has no more than what is cut, and this server has
   * more. If nobody has, what fills it is not chosen yet.
   */
  private boolean isKeptFor(Member voter, Full log) {
    Slot held = heldBy(voter);
    return !held.isAfter(log.cut()) && held.isBefore(peers.ownHeld());
  }

  /**
   * Whether a witness is full, for somebody's sake: then nothing more is proposed for it to keep.
   */
  boolean isFull() {
    for (Full log : full.values()) {
      for (Member member : learner.inForce().members()) {
        if (member.role() == Member.Role.VOTER && isKeptFor(member, log)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Whether a witness cannot keep its log for this voter any longer: it has to lose its vote. */
  boolean isHeldUpBy(Member voter, long nowNanos) {
    for (Full log : full.values()) {
      boolean lasting = nowNanos - log.sinceNanos() >= settings.electionTimeoutNanos();
      if (lasting && isKeptFor(voter, log)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether this member, if it had a vote, could be one of a quorum that goes on: with a store, if
   * it has all that witnesses may have cut; as a witness, if it has all that voters may lack.
   */
  boolean mayGetVote(Member member) {
    if (member.role() == Member.Role.VOTER || !peers.hasWitness(learner.inForce())) {
      return true;
    }
    if (!peers.isWitness(member)) {
      return !heldBy(member).isBefore(told);
    }
    Slot cut = peers.witnessOf(member).map(WitnessLog::cut).orElse(Slot.ZERO);
    return learner.inForce().members().stream()
        .filter(each -> each.role() == Member.Role.VOTER)
        .noneMatch(voter -> heldBy(voter).isBefore(cut));
  }
}
