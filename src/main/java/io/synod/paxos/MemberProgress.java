package io.synod.paxos;

import java.util.TreeMap;

/**
 * How far each life of a member has come with a coordinator's proposals. Memory of the coordinator.
 */
final class MemberProgress {
  private final Learner learner;
  private final long mostTimeoutNanos;
  private final TreeMap<Life, Progress> known = new TreeMap<>();

  MemberProgress(PaxosSettings settings, Learner learner) {
    this.learner = learner;
    this.mostTimeoutNanos = settings.pingIntervalNanos();
  }

  /** Of this one; who is asked about first begins at what is chosen now. */
  Progress of(Life life) {
    return known.computeIfAbsent(life, any -> new Progress(learner.chosen(), mostTimeoutNanos));
  }

  Progress of(Member member) {
    return of(Life.of(member));
  }

  /** Whether this member's present life accepted everything up to here at the ballot. */
  boolean hasMatched(Member member, Slot slot) {
    Progress of = known.get(Life.of(member));
    return of != null && !of.matched().isBefore(slot);
  }
}
