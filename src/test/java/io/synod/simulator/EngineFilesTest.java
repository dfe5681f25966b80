package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Slot;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose rows are in files of an engine, and what befalls those: whole servers. */
class EngineFilesTest {
  /** Seeds with a server that flushes seldom unless it is asked to. */
  private static final long[] SELDOM_FLUSHED = {6, 14, 23};

  /** One run of three servers. */
  private static final class Run {
    final FullCluster world;
    final Clients clients;
    final FullServer server;

    Run(Swarm swarm) {
      world = new FullCluster(swarm.withEngines(), /* keepsTrace= */ false);
      clients = new Clients(world, world.randoms.of("workload"));
      server = world.servers().stream().filter(FullServer::keepsRows).findFirst().orElseThrow();
      world.startAll();
      clients.begin();
    }

    long count(String what) {
      return world.coverage.count(what);
    }

    void checkAllAgree() {
      clients.stop();
      world.run(5 * Swarm.SECOND);
      for (FullServer each : world.servers()) {
        assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
      }
      assertTrue(clients.answered() > 100, () -> clients.answered() + " answers");
    }
  }

  @Test
  void whatIsDamagedIsSetAsideAndComesFromTheOthersAndNoVoteIsTouched() {
    long setAside = 0;
    for (long seed = 1; seed <= 8; seed++) {
      Run run = new Run(Swarm.plainWithSnapshots(seed, 3));
      run.world.run(5 * Swarm.SECOND);
      run.server.crash(/* power= */ false);
      run.server.harmDisk(Fault.ENGINE_DAMAGE);
      ServerLife life = run.server.life();
      run.server.start();
      run.world.run(5 * Swarm.SECOND);
      run.checkAllAgree();
      assertEquals(life, run.server.life());
      assertEquals(0, run.count("votes.forgotten"));
      setAside += run.count("engine.setAside");
    }
    assertTrue(setAside >= 3, setAside + " set aside");
  }

  @Test
  void whatWasLoadedOutlivesACrashBeforeItIsFlushed() {
    long before = 0;
    for (long seed : SELDOM_FLUSHED) {
      Run run = new Run(Swarm.plainWithSnapshots(seed, 3));
      run.world.run(3 * Swarm.SECOND);
      run.server.crash(/* power= */ false);
      // The others keep their logs for it for a minute.
      run.world.run(75 * Swarm.SECOND);
      run.server.start();
      long loads = run.count("engine.LOADED");
      for (int i = 0; i < 40_000 && run.count("engine.LOADED") == loads; i++) {
        run.world.run(Swarm.MILLI / 4);
      }
      assertTrue(run.count("engine.LOADED") > loads, run.world.coverage::describe);
      // The journal knows of it by then.
      run.world.run(4 * Swarm.MILLI);
      run.server.crash(/* power= */ true);
      before += run.count("engine.crashedBehindLoad");
      run.server.start();
      assertEquals(0, run.count("snapshot.damaged"), run.world.coverage::describe);
      assertTrue(run.server.applied().isAfter(Slot.ZERO));
      run.world.run(3 * Swarm.SECOND);
      run.checkAllAgree();
    }
    assertTrue(before >= 1, before + " crashes before a flush");
  }

  @Test
  void aDamagedLogIsCutBehindTheDamageOnceAsMuchIsFlushed() throws IOException {
    for (long seed : SELDOM_FLUSHED) {
      Run run = new Run(Swarm.plain(seed, 3));
      run.world.run(6 * Swarm.SECOND);
      assertFalse(run.server.rotAll().isEmpty());
      run.server.scrub();
      assertTrue(run.count("scrub.journal") >= 1, run.world.coverage::describe);
      run.world.run(2 * Swarm.SECOND);
      assertTrue(
          run.count("report.the log begins behind slot N, behind the damage") >= 1,
          run.world.coverage::describe);
      run.checkAllAgree();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aStateThatDivergedIsNotReadAgain(long seed) {
    Run run = new Run(Swarm.plain(seed, 3));
    run.world.run(3 * Swarm.SECOND);
    run.server.diverge(17);
    run.world.runUntil(
        "divergence to be noticed", 30 * Swarm.SECOND, () -> !run.server.isDiverged());
    assertEquals(1, run.count("engine.setAside"), run.world.coverage::describe);
    run.world.run(5 * Swarm.SECOND);
    run.checkAllAgree();
  }
}
