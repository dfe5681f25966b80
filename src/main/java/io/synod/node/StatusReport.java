package io.synod.node;

import io.synod.paxos.Ballot;
import io.synod.paxos.Founding;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Standing;
import io.synod.store.KeyValueStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@link NodeStatus} that others see, a few times a second. Driver thread, but for {@link
 * #latest}.
 */
final class StatusReport {
  /** How often it is made anew. */
  private static final long INTERVAL_NANOS = 100_000_000;

  /** The same when something was applied since: who wrote and then asks is to see it. */
  private static final long SOON_NANOS = 2_000_000;

  private final Paxos paxos;
  private final KeyValueStore store;
  private final Admission admission;
  private final CoordinatorWatch coordinators;
  private final ApplyPath applyPath;
  private final ServerId self;
  private final Warnings warnings;
  private final Supplier<Optional<String>> ofSnapshots;
  private long madeAtNanos = Long.MIN_VALUE;

  /** Whether something was applied since. */
  private boolean outdated;

  private volatile @Nullable NodeStatus latest;

  /**
   * @param ofSnapshots what a person should know of them if nothing is worse
   */
  StatusReport(
      Node.Parts parts,
      Admission admission,
      CoordinatorWatch coordinators,
      ApplyPath applyPath,
      PaxosSettings identity,
      Supplier<Optional<String>> ofSnapshots) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.admission = admission;
    this.coordinators = coordinators;
    this.applyPath = applyPath;
    this.self = identity.server();
    this.warnings = new Warnings(paxos, identity);
    this.ofSnapshots = ofSnapshots;
  }

  /** The last one that was made, if one was. Any thread. */
  Optional<NodeStatus> latest() {
    return Optional.ofNullable(latest);
  }

  /** Something was applied: the next one is due sooner. */
  void onApplied() {
    outdated = true;
  }

  /** How long the last one will do. */
  long intervalNanos() {
    return outdated ? SOON_NANOS : INTERVAL_NANOS;
  }

  boolean isDue(long nowNanos) {
    return madeAtNanos == Long.MIN_VALUE || nowNanos - madeAtNanos >= intervalNanos();
  }

  /** Makes the next one. */
  void make(long nowNanos, double failRate, Optional<String> waiting) {
    madeAtNanos = nowNanos;
    outdated = false;
    coordinators.look();
    latest = status(failRate, waiting);
  }

  private NodeStatus status(double failRate, Optional<String> waiting) {
    Optional<Ballot> elected = coordinators.elected();
    boolean open = paxos.isOpen();
    return new NodeStatus(
        self,
        paxos.founding().map(Founding::cluster),
        waiting,
        elected.map(Ballot::server),
        paxos.isContent(),
        coordinators.electedAtMillis(),
        coordinators.unheardSinceMillis(),
        elected.orElse(Ballot.LOWEST),
        paxos.chosen(),
        applyPath.applied(),
        open ? paxos.membership().decidedAt() : Slot.ZERO,
        open ? paxos.membership().membership().quorum() : 0,
        new NodeStatus.Behaviour(paxos.version(), open ? paxos.upgradeHeldUp() : Optional.empty()),
        new NodeStatus.Data(
            store.keys(),
            store.liveBytes(),
            store.revision(),
            store.historyBytes(),
            admission.quotaBytes()),
        failRate,
        warnings.first(admission.warning()).or(ofSnapshots),
        open ? members(paxos.membership().membership()) : List.of());
  }

  private List<NodeStatus.MemberStatus> members(Membership membership) {
    List<NodeStatus.MemberStatus> all = new ArrayList<>();
    Set<ServerId> otherLives = warnings.otherLives();
    for (Member member : membership.members()) {
      if (member.server().equals(self)) {
        long lag = paxos.heardChosen().minus(applyPath.applied());
        all.add(new NodeStatus.MemberStatus(member, true, lag, 0, 0, otherLives.contains(self)));
        continue;
      }
      for (PeerView peer : paxos.peers()) {
        if (peer.server().equals(member.server())) {
          all.add(view(member, peer, otherLives.contains(peer.server())));
        }
      }
    }
    return all;
  }

  private NodeStatus.MemberStatus view(Member member, PeerView peer, boolean otherLife) {
    long lag =
        peer.standing().map(s -> Math.max(0, paxos.heardChosen().minus(s.applied()))).orElse(-1L);
    return new NodeStatus.MemberStatus(
        member,
        peer.live(),
        lag,
        Math.round(peer.roundTripNanos() / 1_000),
        peer.standing().map(Standing::syncAgeMillis).orElse(0L),
        otherLife);
  }
}
