package io.synod.simulator;

import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Protocol cores alone, on journals that are lists of records. */
final class LightCluster extends World {
  final List<LightServer> servers = new ArrayList<>();

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

  /** A membership change through the coordinator, as an operator would ask for it. */
  @Override
  void changeMembership(SplittableRandom random) {
    LightServer coordinator = coordinator().orElse(null);
    if (coordinator == null || coordinator.isStopped() || oracle.log().membershipChanges() > 20) {
      return;
    }
    Membership now = coordinator.core().membership().membership();
    List<Member> members = new ArrayList<>(now.members());
    int place = random.nextInt(members.size());
    Member member = members.get(place);
    Member.Role role = member.role() == Member.Role.VOTER ? Member.Role.STANDBY : Member.Role.VOTER;
    members.set(place, member.withRole(role));
    long voters = members.stream().filter(each -> each.role().votes()).count();
    boolean live =
        members.stream()
            .filter(each -> each.role().votes())
            .allMatch(
                each -> {
                  LightServer server = servers.get(each.server().number());
                  return server.isUp() && server.life().incarnation().equals(each.incarnation());
                });
    if (voters == 0 || !live) {
      return;
    }
    coverage.hit("fault.MEMBERSHIP");
    Slot predecessor = coordinator.core().membership().decidedAt();
    coordinator.step(new Input.MembershipProposed(new Membership(predecessor, members)));
  }
}
