package io.synod.simulator;

import io.synod.paxos.Address;
import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.MembershipChange;
import io.synod.paxos.ServerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Protocol cores alone, on journals that are lists of records. */
final class LightCluster extends World {
  final List<LightServer> servers = new ArrayList<>();
  private long asked;

  LightCluster(Swarm swarm, boolean keepsTrace) {
    super(swarm, keepsTrace);
    for (int i = 0; i < swarm.servers; i++) {
      servers.add(new LightServer(this, i));
    }
  }

  @Override
  List<LightServer> servers() {
    return servers;
  }

  /** Who coordinates, at the highest ballot of those that think they do. */
  Optional<LightServer> coordinator() {
    Optional<LightServer> found = Optional.empty();
    for (LightServer server : servers) {
      if (server.isUp()
          && server.core().isCoordinating()
          && (found.isEmpty() || server.core().followed().isAbove(found.get().core().followed()))) {
        found = Optional.of(server);
      }
    }
    return found;
  }

  /** A change that an operator asks the coordinator for. */
  @Override
  void changeMembership(SplittableRandom random) {
    LightServer coordinator = coordinator().orElse(null);
    if (coordinator == null || coordinator.isStopped() || oracle.log().membershipChanges() > 20) {
      return;
    }
    coverage.hit("fault.MEMBERSHIP");
    if (random.nextInt(4) == 0) {
      coordinator.step(new Input.HandOverRequested(++asked, Optional.empty(), "asked to"));
      return;
    }
    ServerId any = new ServerId(random.nextInt(swarm.servers));
    Member joining = joining(servers.get(random.nextInt(swarm.servers)));
    MembershipChange change =
        switch (random.nextInt(6)) {
          case 0, 1 -> new MembershipChange.Add(joining);
          case 2 -> new MembershipChange.Remove(any);
          case 3 -> new MembershipChange.Replace(any, joining);
          case 4 -> new MembershipChange.Promote(any);
          default -> new MembershipChange.Demote(any);
        };
    coordinator.step(new Input.ChangeRequested(++asked, change, random.nextInt(8) == 0));
  }

  private Member joining(LightServer server) {
    return new Member(
        server.id(),
        server.life().incarnation(),
        listed.get(server.id().number()),
        new Address("client", 8000 + server.id().number()),
        Member.Role.LEARNER);
  }
}
