package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A coordinator that is slow, though never for an election timeout: cores that are scripted. */
class SlowCoordinatorTest {
  private static final long MILLI = CoreCluster.MILLI;
  private static final long BRIEF = CoreCluster.ELECTION_TIMEOUT / 3;

  private final CoreCluster cluster = new CoreCluster(3);

  private Optional<String> handedOver(int server) {
    return cluster.notices(server).stream()
        .filter(Notice.HandingOver.class::isInstance)
        .map(notice -> ((Notice.HandingOver) notice).why())
        .findFirst();
  }

  /** For most of the time its disk owes a sync. */
  private void slowDisks(List<Integer> which, int rounds) {
    for (int i = 0; i < rounds; i++) {
      which.forEach(cluster::hangDisk);
      cluster.run(BRIEF);
      which.forEach(cluster::releaseDisk);
      cluster.run(20 * MILLI);
    }
  }

  @Test
  void handsOverWhenItsDiskIsSlowAndSaysWhy() {
    int slow = cluster.elect();
    slowDisks(List.of(slow), 60);
    int next = cluster.coordinator().orElseThrow();
    assertTrue(next != slow, "it coordinates still");
    String why = handedOver(slow).orElseThrow();
    assertTrue(why.matches("it is slow: for [2-9][0-9] % of the last .* owed a sync .*"), why);
    assertTrue(cluster.notices(next).stream().noneMatch(Notice.SteppedDown.class::isInstance));
    cluster.checkAgreement();
  }

  @Test
  void handsOverWhenItStandsStillAgainAndAgain() {
    int slow = cluster.elect();
    for (int i = 0; i < 60; i++) {
      cluster.stop(slow);
      cluster.run(BRIEF);
      cluster.resume(slow);
      cluster.run(BRIEF);
    }
    assertTrue(cluster.coordinator().orElseThrow() != slow, "it coordinates still");
    String why = handedOver(slow).orElseThrow();
    assertTrue(why.matches("it is slow: .* and for [2-9][0-9] % it stood still"), why);
  }

  @Test
  void keepsCoordinatingWhereAllAreAsSlow() {
    int coordinator = cluster.elect();
    slowDisks(List.of(0, 1, 2), 60);
    assertEquals(Optional.of(coordinator), cluster.coordinator());
    assertEquals(Optional.empty(), handedOver(coordinator));
  }

  /** The one that would be chosen otherwise is not four times less slow, and another is. */
  @Test
  void handsOverToTheOneThatIsLessSlowByMuch() {
    int slow = cluster.elect();
    int first = slow == 0 ? 1 : 0;
    int well = 3 - slow - first;
    for (int i = 0; i < 8; i++) {
      slowDisks(List.of(slow, first, well), 1);
      slowDisks(List.of(slow, first), 2);
      slowDisks(List.of(slow), 5);
    }
    assertEquals(Optional.of(well), cluster.coordinator());
    cluster.checkAgreement();
  }

  @Test
  void oneLongSyncIsNoReason() {
    int coordinator = cluster.elect();
    slowDisks(List.of(coordinator), 1);
    cluster.run(20 * CoreCluster.ELECTION_TIMEOUT);
    assertEquals(Optional.empty(), handedOver(coordinator));
  }

  /** One after another becomes slow: nobody hands it back before a while is over. */
  @Test
  void doesNotPassItOnInARing() {
    int first = cluster.elect();
    slowDisks(List.of(first), 60);
    int second = cluster.coordinator().orElseThrow();
    slowDisks(List.of(second), 60);
    int handed = 0;
    for (int i = 0; i < 3; i++) {
      handed +=
          (int) cluster.notices(i).stream().filter(Notice.HandingOver.class::isInstance).count();
    }
    assertTrue(handed <= 2, "handed over " + handed + " times");
  }
}
