package io.synod.simulator;

import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;
import io.synod.store.UnsupportedVersionException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * An operator who starts one server after another with a newer release, and now and then goes back;
 * and what must be true of versions then (protocol-rules.md, 15). Each release can behave by one
 * version more than the one before.
 */
final class RollingUpgrade {
  /** Of whoever has to read all that there is. */
  static final VersionRange ANY = new VersionRange(1, 9);

  private static final int NEWEST = 3;

  private final FullCluster world;
  private final SplittableRandom random;
  private final boolean goesBack;

  /** In the order in which they were chosen, worked out here and not by the servers. */
  private final List<VersionInForce> chosen = new ArrayList<>(List.of(VersionInForce.FIRST));

  RollingUpgrade(FullCluster world) {
    this.world = world;
    this.random = world.randoms.of("rolling upgrade");
    this.goesBack = random.nextInt(3) == 0;
  }

  // ---- what must be true
  // ------------------------------------------------------------------------------------------------------------------

  /** The version by which every state behaves after this slot. */
  VersionInForce after(Slot slot) {
    VersionInForce found = VersionInForce.FIRST;
    for (VersionInForce each : chosen) {
      found = each.decidedAt().isAfter(slot) ? found : each;
    }
    return found;
  }

  private VersionInForce inForce() {
    return chosen.get(chosen.size() - 1);
  }

  /** A slot decided a version: all members can behave by it, but for one that went back since. */
  void onChosen(Slot slot, Value.Version version) {
    if (version.number() <= inForce().number()) {
      world.coverage.hit("version.again");
      return;
    }
    world.coverage.hit("version.chosen");
    Membership membership = world.oracle.log().membershipFor(slot);
    for (Member member : membership.members()) {
      FullServer server = world.servers().get(member.server().number());
      if (!server.supported().includes(version.number()) && !server.wentBack()) {
        throw new Violation(
            "VersionSupportedByAll",
            slot + ": " + version + ", and " + server.id() + " knows " + server.supported());
      }
    }
    chosen.add(new VersionInForce(slot, version.number()));
  }

  /** A server ended, as it cannot behave as the cluster does; the operator does what it says. */
  void onUnsupported(FullServer server, UnsupportedVersionException stop) {
    Membership decided = world.oracle.log().membershipFor(inForce().decidedAt());
    boolean counted = decided.isMember(server.id(), server.life().incarnation());
    if (counted && !server.wentBack()) {
      throw new Violation("VersionSupportedByAll", server.id() + " never went back: " + stop);
    }
    world.coverage.hit("version.unsupported");
    server.install(inForce().number());
    startLater(server, true);
  }

  // ---- the operator
  // ------------------------------------------------------------------------------------------------------------------

  void begin() {
    if (world.swarm.has(Fault.UPGRADE)) {
      next();
    }
  }

  private void next() {
    world.loop.after(
        1 + random.nextLong(world.swarm.faultsEndNanos / (2L * world.swarm.servers)),
        () -> {
          if (world.isFaulty()) {
            oneMore();
            next();
          }
        });
  }

  private void oneMore() {
    int target = inForce().number() + 1;
    List<FullServer> older = new ArrayList<>();
    List<FullServer> newer = new ArrayList<>();
    for (FullServer server : world.servers()) {
      (server.installed() < target ? older : newer).add(server);
    }
    if (older.isEmpty() || target > NEWEST) {
      return;
    }
    boolean back = goesBack && !newer.isEmpty() && random.nextInt(3) == 0;
    FullServer server = (back ? newer : older).get(random.nextInt((back ? newer : older).size()));
    world.coverage.hit(back ? "version.wentBack" : "version.upgraded");
    server.install(back ? target - 1 : target);
    if (server.isUp()) {
      server.crash(/* power= */ false);
      startLater(server, false);
    }
  }

  private void startLater(FullServer server, boolean anyTime) {
    world.loop.after(
        1 + random.nextLong(world.swarm.electionTimeoutNanos),
        () -> {
          if (anyTime || world.isFaulty()) {
            server.start();
            if (!server.isUp()) {
              startLater(server, anyTime);
            }
          }
        });
  }
}
