package io.synod.node;

import io.synod.paxos.Ballot;
import io.synod.paxos.Founding;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Paxos;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Standing;
import io.synod.store.KeyValueStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes a {@link NodeStatus}. */
final class StatusReport {
  private final Paxos paxos;
  private final KeyValueStore store;
  private final Quota quota;
  private final ServerId self;

  StatusReport(Paxos paxos, KeyValueStore store, Quota quota, ServerId self) {
    this.paxos = paxos;
    this.store = store;
    this.quota = quota;
    this.self = self;
  }

  NodeStatus make(
      Optional<Ballot> elected,
      long electedAtMillis,
      long unheardSinceMillis,
      double failRate,
      Optional<String> waiting) {
    boolean open = paxos.isOpen();
    return new NodeStatus(
        self,
        paxos.founding().map(Founding::cluster),
        waiting,
        elected.map(Ballot::server),
        paxos.isContent(),
        electedAtMillis,
        unheardSinceMillis,
        elected.orElse(Ballot.LOWEST),
        paxos.chosen(),
        store.applied(),
        open ? paxos.membership().decidedAt() : Slot.ZERO,
        open ? paxos.membership().membership().quorum() : 0,
        new NodeStatus.Data(
            store.keys(),
            store.liveBytes(),
            store.revision(),
            store.historyBytes(),
            quota.limitBytes()),
        failRate,
        new Warnings(paxos).first(),
        open ? members(paxos.membership().membership()) : List.of());
  }

  private List<NodeStatus.MemberStatus> members(Membership membership) {
    List<NodeStatus.MemberStatus> all = new ArrayList<>();
    for (Member member : membership.members()) {
      if (member.server().equals(self)) {
        long lag = paxos.heardChosen().minus(store.applied());
        all.add(new NodeStatus.MemberStatus(member, true, lag, 0, 0));
        continue;
      }
      for (PeerView peer : paxos.peers()) {
        if (peer.server().equals(member.server())) {
          all.add(view(member, peer));
        }
      }
    }
    return all;
  }

  private NodeStatus.MemberStatus view(Member member, PeerView peer) {
    long lag =
        peer.standing().map(s -> Math.max(0, paxos.heardChosen().minus(s.applied()))).orElse(-1L);
    return new NodeStatus.MemberStatus(
        member,
        peer.live(),
        lag,
        Math.round(peer.roundTripNanos() / 1_000),
        peer.standing().map(Standing::syncAgeMillis).orElse(0L));
  }
}
