package io.synod.simulator;

import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The servers for which the faults stop in the liveness phase: a random set that can go on by
 * itself. The rest stay as they are, cut off.
 */
final class HealedCore {
  private final World world;
  private final SplittableRandom random;
  private final List<SimulatedServer> core = new ArrayList<>();

  HealedCore(World world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  /**
   * Picks the core and heals it; with {@code all}, that is everybody.
   *
   * <p>A membership that was on its way when the others were cut off may ask for more than the
   * core: then it is widened.
   */
  void heal(boolean all) {
    pick(all);
    healAmong();
    for (int i = 0; i < 4; i++) {
      world.run(3 * world.swarm.electionTimeoutNanos / 2);
      if (!world.canGoOn(core)) {
        world.coverage.hit("phase.coreWidened");
        widen();
        healAmong();
      }
    }
  }

  /**
   * Whether the core can go on at all: not if torn tails met lost disks, which asks for an operator
   * (protocol-rules.md, 4).
   */
  boolean canGoOn() {
    return world.canGoOn(core);
  }

  /** Those of the core that are members, in this life or an earlier one, and serve clients. */
  List<SimulatedServer> members() {
    Membership inForce = world.oracle.log().membership().membership();
    return core.stream()
        .filter(server -> inForce.member(server.id()).isPresent() && !server.isWitness())
        .toList();
  }

  private void pick(boolean all) {
    List<SimulatedServer> shuffled = new ArrayList<>(world.servers());
    for (int i = shuffled.size() - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      SimulatedServer moved = shuffled.get(i);
      shuffled.set(i, shuffled.get(other));
      shuffled.set(other, moved);
    }
    for (SimulatedServer server : shuffled) {
      boolean more = random.nextInt(3) == 0;
      if (all || more || hasTheGoodCopies(server) || !world.canGoOn(core)) {
        core.add(server);
      }
    }
    StringBuilder text = new StringBuilder("liveness of");
    core.forEach(server -> text.append(' ').append(server.id()));
    world.trace.note(Trace.Kind.PHASE, -1, text);
  }

  /** What was damaged elsewhere may be chosen, and be whole here only. */
  private boolean hasTheGoodCopies(SimulatedServer server) {
    return world.servers().stream().anyMatch(SimulatedServer::isHarmed)
        && !world.swarm.isDamageable(server.id().number());
  }

  private void widen() {
    for (SimulatedServer server : world.servers()) {
      if (!core.contains(server) && !world.canGoOn(core)) {
        core.add(server);
      }
    }
  }

  private void healAmong() {
    for (SimulatedServer server : world.servers()) {
      boolean inside = core.contains(server);
      for (SimulatedServer other : world.servers()) {
        int from = server.id().number();
        int to = other.id().number();
        if (inside && core.contains(other)) {
          world.network.slow(from, to, 1);
          world.network.limit(from, to, Integer.MAX_VALUE);
          world.network.heal(from, to);
        } else {
          world.network.cut(from, to);
        }
      }
      if (inside) {
        server.calm();
        server.start();
      }
    }
  }

  /** Whether a server of the core coordinates. */
  boolean coordinates() {
    return core.stream().anyMatch(SimulatedServer::coordinates);
  }

  /** Whether all members in the core have applied all that is chosen, and can serve clients. */
  boolean agrees() {
    Slot all = world.oracle.log().upTo();
    Membership inForce = world.oracle.log().membership().membership();
    for (SimulatedServer server : core) {
      boolean member =
          inForce
              .member(server.id())
              .map(Member::incarnation)
              .filter(server.life().incarnation()::equals)
              .isPresent();
      if (member && !(server.isUp() && server.applied().equals(all) && server.follows())) {
        return false;
      }
    }
    return coordinates();
  }
}
