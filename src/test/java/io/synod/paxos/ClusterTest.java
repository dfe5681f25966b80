package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The core of several servers together: founding, election, writes, reads, and what must survive.
 */
class ClusterTest {
  private static final long MILLI = CoreCluster.MILLI;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7})
  void foundsElectsAndChooses(int size) {
    CoreCluster cluster = new CoreCluster(size);
    int coordinator = cluster.elect();
    cluster.propose(coordinator, "a");
    cluster.propose(coordinator, "b");
    cluster.run(100 * MILLI);
    for (int i = 0; i < size; i++) {
      assertEquals(List.of("a", "b"), cluster.texts(i), "server " + i);
    }
    cluster.checkAgreement();
  }

  @Test
  void keepsItsCoordinatorWhileNothingHappens() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    Ballot ballot = cluster.core(coordinator).followed();
    cluster.run(10_000 * MILLI);
    assertEquals(coordinator, cluster.coordinator().orElseThrow());
    assertEquals(ballot, cluster.core(coordinator).followed());
  }

  @Test
  void aCandidateThatWaitsForPromisesRestsMeanwhile() {
    CoreCluster cluster = new CoreCluster(3);
    int first = cluster.elect();
    cluster.propose(first, "a");
    cluster.run(100 * MILLI);
    cluster.drop(flight -> flight.message() instanceof Message.Promise);
    cluster.kill(first);
    int preparing = 0;
    int restless = 0;
    for (int i = 0; i < 400; i++) {
      cluster.run(5 * MILLI);
      for (int server = 0; server < 3; server++) {
        if (server != first && cluster.core(server).followed().server().number() == server) {
          preparing++;
          restless += cluster.core(server).nanosUntilDeadline() == 0 ? 1 : 0;
        }
      }
    }
    assertTrue(preparing > 100, "preparing at " + preparing + " of 400 moments");
    assertTrue(restless < preparing / 4, restless + " of " + preparing + " without rest");
  }

  @Test
  void replacesAKilledCoordinatorAtOnceWhenItsPortIsClosed() {
    CoreCluster cluster = new CoreCluster(5);
    int first = cluster.elect();
    cluster.propose(first, "a");
    cluster.killAndRefuse(first);
    cluster.run(60 * MILLI);
    int second = cluster.coordinator().orElseThrow();
    assertNotEquals(first, second);
    cluster.propose(second, "b");
    cluster.restart(first);
    cluster.run(300 * MILLI);
    assertEquals(List.of("a", "b"), cluster.texts(first));
    assertEquals(second, cluster.coordinator().orElseThrow());
    cluster.checkAgreement();
  }

  @Test
  void replacesASilentCoordinatorAfterTheElectionTimeout() {
    CoreCluster cluster = new CoreCluster(3);
    int first = cluster.elect();
    cluster.kill(first);
    cluster.run(400 * MILLI);
    assertTrue(cluster.coordinator().isEmpty());
    cluster.run(250 * MILLI);
    assertNotEquals(first, cluster.coordinator().orElseThrow());
  }

  @Test
  void choosesNothingWithoutAQuorum() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    for (int i = 0, killed = 0; killed < 3; i++) {
      if (i != coordinator) {
        cluster.kill(i);
        killed++;
      }
    }
    cluster.propose(coordinator, "lost");
    cluster.run(2_000 * MILLI);
    assertFalse(cluster.core(coordinator).isCoordinating());
    assertTrue(cluster.texts(coordinator).isEmpty());
  }

  @Test
  void holdsAcceptedUntilDurable() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    for (int i = 0; i < 3; i++) {
      if (i != coordinator) {
        cluster.holdDisk(i);
      }
    }
    cluster.propose(coordinator, "a");
    cluster.run(20 * MILLI);
    assertTrue(cluster.texts(coordinator).isEmpty());
    cluster.releaseDisk((coordinator + 1) % 3);
    assertEquals(List.of("a"), cluster.texts(coordinator));
  }

  @Test
  void survivesTheRestartOfAll() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    for (int i = 0; i < 10; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    Ballot before = cluster.core(coordinator).followed();
    for (int i = 0; i < 3; i++) {
      cluster.kill(i);
    }
    for (int i = 0; i < 3; i++) {
      cluster.restart(i);
    }
    int next = cluster.elect();
    assertTrue(cluster.core(next).followed().isAbove(before));
    cluster.propose(next, "after");
    cluster.run(100 * MILLI);
    for (int i = 0; i < 3; i++) {
      assertEquals(11, cluster.texts(i).size());
    }
    cluster.checkAgreement();
  }

  @Test
  void answersAReadOnlyAfterARoundThatBeganLater() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    cluster.propose(coordinator, "a");
    int other = (coordinator + 1) % 3;
    cluster.step(other, new Input.ReadsWaiting(1, false));
    cluster.step(coordinator, new Input.ReadsWaiting(2, false));
    assertEquals(List.of(new Output.ReadAnswer.Ready(1, Slot.of(2))), cluster.readAnswers(other));
    assertEquals(
        List.of(new Output.ReadAnswer.Ready(2, Slot.of(2))), cluster.readAnswers(coordinator));
    cluster.drop(flight -> flight.message() instanceof Message.Pong);
    cluster.step(coordinator, new Input.ReadsWaiting(3, false));
    assertEquals(1, cluster.readAnswers(coordinator).size());
  }

  @Test
  void catchesAServerUpThatWasCutOff() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int cut = (coordinator + 1) % 3;
    for (int i = 0; i < 3; i++) {
      if (i != cut) {
        cluster.cutLink(i, cut);
      }
    }
    cluster.run(600 * MILLI);
    for (int i = 0; i < 300; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.healLinks();
    cluster.run(300 * MILLI);
    assertEquals(300, cluster.texts(cut).size());
    assertEquals(coordinator, cluster.coordinator().orElseThrow());
  }

  @Test
  void sendsAgainWhatWasLost() {
    CoreCluster cluster = new CoreCluster(5);
    int coordinator = cluster.elect();
    int[] count = {0};
    cluster.drop(flight -> flight.message() instanceof Message.Propose && count[0]++ % 2 == 0);
    for (int i = 0; i < 50; i++) {
      cluster.propose(coordinator, "v" + i);
      cluster.run(20 * MILLI);
    }
    cluster.run(500 * MILLI);
    for (int i = 0; i < 5; i++) {
      assertEquals(50, cluster.texts(i).size(), "server " + i);
    }
  }
}
