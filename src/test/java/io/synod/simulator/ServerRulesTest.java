package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.NodeStatus;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Slot;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rules that are kept by more than the protocol's core, on whole servers: one execution a rule,
 * by its number (docs/protocol-rules.md).
 */
class ServerRulesTest {
  /** Three servers and their clients, after a while. */
  private static final class Scene {
    final FullCluster world;
    final Clients clients;

    Scene(Swarm swarm) {
      world = new FullCluster(swarm, /* keepsTrace= */ false);
      clients = new Clients(world, world.randoms.of("workload"));
      world.startAll();
      clients.begin();
      world.run(3 * Swarm.SECOND);
    }

    FullServer coordinator() {
      return world.servers().stream().filter(FullServer::isCoordinating).findFirst().orElseThrow();
    }

    void finish() {
      clients.stop();
      world.run(3 * Swarm.SECOND);
      for (FullServer each : world.servers()) {
        assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
      }
    }
  }

  private static Scene plain() {
    return new Scene(Swarm.plain(1, 3));
  }

  /**
   * The power fails at any moment around a snapshot: the log that is left begins where the state
   * that is left ends, or before. The harness looks at each start.
   */
  @Test
  void rule07bTheLogIsCutOnlyBehindWhatIsDurableOfTheState() {
    Scene scene = new Scene(Swarm.plainWithSnapshots(1, 3));
    FullCluster world = scene.world;
    FullServer server = world.servers().get(1);
    for (int millis = 0; millis < 30; millis++) {
      server.askForSnapshot();
      world.run(millis * Swarm.MILLI);
      server.crash(/* power= */ true);
      server.start();
      assertEquals(0, world.coverage.count("snapshot.damaged"), "after " + millis + " ms");
      world.run(500 * Swarm.MILLI);
    }
    assertTrue(world.coverage.count("snapshot.restored") > 10, world.coverage::describe);
    scene.finish();
  }

  /**
   * The coordinator is of a newer release and writes what the other two cannot read: they do not
   * accept it, so that it is not chosen and no state differs; without that server they go on, and
   * with it again as it was.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void rule15WhatAMajorityCannotReadIsNotChosen(long seed) {
    Scene scene = new Scene(Swarm.plain(seed, 3));
    FullCluster world = scene.world;
    FullServer newer = scene.coordinator();
    world.upgrade(newer.id());
    // What is under way is still of the old version.
    world.run(100 * Swarm.MILLI);
    Slot before = world.oracle.log().upTo();
    world.run(3 * Swarm.SECOND);
    assertEquals(before, world.oracle.log().upTo(), "chosen by servers that cannot apply it");
    assertTrue(world.coverage.count("notice.PeerMisbehaved") > 0, world.coverage::describe);
    for (FullServer each : world.servers()) {
      assertTrue(each.isUp(), each.describe());
    }
    newer.crash(/* power= */ false);
    long answered = scene.clients.answered();
    world.runUntil(
        "answers without it", 10 * Swarm.SECOND, () -> scene.clients.answered() > answered + 20);
    world.downgrade();
    newer.start();
    world.run(3 * Swarm.SECOND);
    scene.finish();
  }

  /** Starts it with a program that can behave by the versions up to this one. */
  private static void release(FullCluster world, FullServer server, int newest) {
    server.crash(/* power= */ false);
    server.install(newest);
    server.start();
    world.run(2 * Swarm.SECOND);
  }

  private static Optional<String> behaviour(FullServer server) {
    return server.status().flatMap(status -> status.behaviour().text());
  }

  /**
   * Servers are started with a newer release, one after another, one of them goes back on the way:
   * all behave as before until the last of them is newer, and by the next version from one slot on,
   * also one that was away and gets a snapshot. The harness looks at every state.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void rule15bNewBehaviourBeginsWhenTheLastServerIsNewer(long seed) {
    Scene scene = new Scene(Swarm.plainWithSnapshots(seed, 3));
    FullCluster world = scene.world;
    List<FullServer> servers = world.servers();
    assertEquals(Optional.empty(), behaviour(servers.get(0)));
    release(world, servers.get(0), 2);
    release(world, servers.get(1), 2);
    release(world, servers.get(0), 1);
    release(world, servers.get(2), 2);
    world.run(5 * Swarm.SECOND);
    assertEquals(0, world.coverage.count("version.chosen"), "server 0 is older");
    assertEquals(
        Optional.of("version 1; version 2 waits for server 0 (knows version 1)"),
        behaviour(servers.get(1)));
    servers.get(1).crash(/* power= */ false);
    release(world, servers.get(0), 2);
    world.run(5 * Swarm.SECOND);
    assertEquals(0, world.coverage.count("version.chosen"), "server 1 is away");
    assertEquals(
        Optional.of("version 1; version 2 waits for server 1 (not heard)"),
        behaviour(servers.get(2)));
    servers.get(1).start();
    world.runUntil(
        "the next version", 5 * Swarm.SECOND, () -> world.coverage.count("version.chosen") == 1);
    Slot slot = world.upgrade.after(world.oracle.log().upTo()).decidedAt();
    world.run(2 * Swarm.SECOND);
    FullServer away = servers.get(2);
    away.crash(/* power= */ true);
    away.wipe();
    world.run(5 * Swarm.SECOND);
    away.start();
    scene.finish();
    assertTrue(away.applied().isAfter(slot));
    for (FullServer each : servers) {
      assertEquals(Optional.of("version 2 since slot " + slot.number()), behaviour(each));
    }
    assertTrue(
        world.coverage.count("report.installed a snapshot of slot N from a peer") > 0,
        world.coverage::describe);
  }

  /** It behaves by no version that it does not know: it stops, and loses nothing. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rule15cAServerWhoseProgramIsTooOldStopsAtTheSlotThatDecidedTheVersion(boolean snapshot) {
    Scene scene = new Scene(snapshot ? Swarm.plainWithSnapshots(1, 3) : Swarm.plain(1, 3));
    FullCluster world = scene.world;
    for (FullServer each : world.servers()) {
      release(world, each, 2);
    }
    Slot slot = world.upgrade.after(world.oracle.log().upTo()).decidedAt();
    assertTrue(slot.isAfter(Slot.ZERO), world::describe);
    if (snapshot) {
      world.servers().forEach(FullServer::askForSnapshot);
      world.run(Swarm.SECOND);
    }
    FullServer older = world.servers().get(1);
    older.crash(/* power= */ false);
    older.install(1);
    older.start();
    world.run(10 * Swarm.MILLI);
    assertFalse(older.isUp(), older.describe());
    assertEquals(1, world.coverage.count("version.unsupported"), world.coverage::describe);
    assertEquals(2, older.installed(), "the operator does what it says");
    scene.finish();
  }

  /** Nothing is written for a minute: no disk is late. */
  @Test
  void rule17AnIdleClusterKeepsItsCoordinator() {
    Scene scene = plain();
    FullCluster world = scene.world;
    scene.clients.stop();
    world.run(3 * Swarm.SECOND);
    FullServer coordinator = scene.coordinator();
    long changes = world.coverage.count("notice.CoordinatorChosen");
    Slot idle = world.oracle.log().upTo();
    world.run(60 * Swarm.SECOND);
    assertEquals(idle, world.oracle.log().upTo(), "it was not idle");
    assertEquals(changes, world.coverage.count("notice.CoordinatorChosen"));
    assertTrue(coordinator.coordinates(), coordinator.describe());
  }

  @Test
  void rule17bACoordinatorWhoseDiskHangsIsReplaced() {
    Scene scene = plain();
    FullCluster world = scene.world;
    FullServer hung = scene.coordinator();
    hung.stuckSync(20 * Swarm.SECOND);
    world.runUntil(
        "another coordinator",
        3 * world.swarm.electionTimeoutNanos,
        () -> world.servers().stream().anyMatch(each -> each != hung && each.isCoordinating()));
    long answered = scene.clients.answered();
    world.run(5 * Swarm.SECOND);
    assertFalse(hung.isCoordinating());
    assertTrue(
        scene.clients.answered() > answered + 20, () -> scene.clients.answered() + " answers");
    world.run(20 * Swarm.SECOND);
    scene.finish();
  }

  /**
   * Two of three come back without what they held, as with MEMORY: the third serves nothing, though
   * it hears both, says so, and nobody founds anything beside it.
   */
  @Test
  void rule24TheLastHolderStopsServingAndSaysSo() {
    Scene scene = plain();
    FullCluster world = scene.world;
    FullServer holder =
        world.servers().stream().filter(each -> !each.isCoordinating()).findFirst().orElseThrow();
    Optional<ClusterId> cluster = holder.status().orElseThrow().cluster();
    List<FullServer> lost = world.servers().stream().filter(each -> each != holder).toList();
    for (FullServer each : lost) {
      each.crash(/* power= */ true);
      each.wipe();
      each.start();
    }
    world.run(100 * Swarm.MILLI);
    Slot end = world.oracle.log().upTo();
    world.run(2 * Swarm.SECOND);
    long answered = scene.clients.answered();
    world.run(20 * Swarm.SECOND);
    assertEquals(answered, scene.clients.answered(), "nothing is served");
    assertEquals(end, world.oracle.log().upTo());
    for (FullServer each : world.servers()) {
      assertFalse(each.isCoordinating() || each.coordinates(), each.describe());
    }
    Set<Optional<ClusterId>> clusters =
        world.servers().stream()
            .map(each -> each.status().flatMap(NodeStatus::cluster))
            .collect(Collectors.toSet());
    assertEquals(Set.of(cluster), clusters, "nobody founds beside the holder");
    for (FullServer said : world.servers()) {
      NodeStatus status = said.status().orElseThrow();
      String warning = status.warning().orElse("none");
      assertTrue(warning.contains("no quorum is left"), warning);
      for (FullServer each : lost) {
        assertTrue(warning.contains("server " + each.id().number()), warning);
      }
      assertEquals(
          lost.stream().map(FullServer::id).collect(Collectors.toSet()),
          status.members().stream()
              .filter(NodeStatus.MemberStatus::otherLife)
              .map(member -> member.member().server())
              .collect(Collectors.toSet()));
    }
  }
}
