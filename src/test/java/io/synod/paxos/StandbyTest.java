package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Members lose their votes while they are silent, and get them back: cores that are scripted. */
class StandbyTest {
  private static final long MILLI = CoreCluster.MILLI;
  private static final long STANDBY_AFTER = CoreCluster.STANDBY_AFTER;

  private final CoreCluster cluster = CoreCluster.dynamic(5);

  private Membership membership() {
    return cluster.core(cluster.coordinator().orElseThrow()).membership().membership();
  }

  private Member.Role role(int i) {
    return membership().member(new ServerId(i)).orElseThrow().role();
  }

  private List<Integer> voters() {
    return IntStream.range(0, 5).filter(i -> role(i).votes()).boxed().toList();
  }

  private void awaitVoters(List<Integer> expected) {
    cluster.runUntil(
        "voters " + expected, () -> cluster.coordinator().isPresent() && voters().equals(expected));
  }

  private void loseTheVotesOf(int a, int b) {
    cluster.kill(a);
    cluster.kill(b);
    cluster.runUntil("three voters", () -> voters().size() == 3);
  }

  private int writes;

  private void write() {
    writes++;
    String text = "v" + writes;
    int coordinator = cluster.elect();
    cluster.propose(coordinator, text);
    cluster.runUntil(text, () -> cluster.texts(coordinator).contains(text));
  }

  @Test
  void goesOnDownToTheLastTwoAndAllRegainTheirVotes() {
    cluster.elect();
    write();
    List<Integer> up = new ArrayList<>(List.of(0, 1, 2, 3, 4));
    // The coordinator among them, each time.
    for (int killed = 0; killed < 3; killed++) {
      int victim = cluster.coordinator().orElseThrow();
      cluster.kill(victim);
      up.remove(Integer.valueOf(victim));
      cluster.runUntil(
          "another coordinator", () -> cluster.coordinator().map(up::contains).orElse(false));
      write();
      cluster.run(2 * STANDBY_AFTER);
      write();
    }
    assertEquals(3, voters().size());
    assertTrue(voters().containsAll(up));
    assertEquals(2, membership().quorum());
    for (int i = 0; i < 5; i++) {
      if (!up.contains(i)) {
        cluster.restart(i);
      }
    }
    awaitVoters(List.of(0, 1, 2, 3, 4));
    write();
    cluster.run(200 * MILLI);
    for (int i = 0; i < 5; i++) {
      assertEquals(writes, cluster.texts(i).size(), "server " + i);
    }
    cluster.checkAgreement();
  }

  @Test
  void theLastOfAllRefuses() {
    cluster.elect();
    cluster.kill(0);
    cluster.kill(1);
    awaitVoters(List.of(2, 3, 4));
    // Until the others know too that it is chosen.
    cluster.run(100 * MILLI);
    cluster.kill(2);
    cluster.run(3 * STANDBY_AFTER);
    assertEquals(List.of(2, 3, 4), voters());
    write();
    cluster.kill(3);
    cluster.run(5 * STANDBY_AFTER);
    assertEquals(Optional.empty(), cluster.coordinator());
    cluster.restart(3);
    cluster.elect();
    write();
  }

  @Test
  void aShortSilenceTakesNoVote() {
    int coordinator = cluster.elect();
    int a = (coordinator + 1) % 5;
    int b = (coordinator + 2) % 5;
    for (int round = 0; round < 5; round++) {
      cluster.kill(a);
      cluster.kill(b);
      cluster.run(STANDBY_AFTER - 100 * MILLI);
      cluster.restart(a);
      cluster.restart(b);
      cluster.run(500 * MILLI);
    }
    assertEquals(5, membership().voters());
    assertEquals(Slot.ZERO, cluster.core(coordinator).membership().decidedAt());
  }

  @Test
  void aVoteComesBackAfterHavingBeenThereForAsLongAsTheSilenceWas() {
    int coordinator = cluster.elect();
    int a = (coordinator + 1) % 5;
    int b = (coordinator + 2) % 5;
    loseTheVotesOf(a, b);
    cluster.restart(a);
    cluster.restart(b);
    cluster.run(STANDBY_AFTER - 100 * MILLI);
    assertEquals(3, voters().size());
    awaitVoters(List.of(0, 1, 2, 3, 4));
  }

  /** Each loss that follows soon doubles the time for which it must be there. */
  @Test
  void aMemberThatComesAndGoesWaitsLongerEachTime() {
    int coordinator = cluster.elect();
    int a = (coordinator + 1) % 5;
    int b = (coordinator + 2) % 5;
    cluster.kill(b);
    List<Long> waits = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      cluster.kill(a);
      cluster.runUntil("three voters", () -> voters().size() == 3);
      cluster.restart(a);
      long waited = 0;
      while (voters().size() == 3) {
        cluster.run(50 * MILLI);
        waited += 50;
      }
      waits.add(waited);
    }
    assertTrue(waits.get(0) >= 1_000 && waits.get(0) < 1_500, waits::toString);
    assertTrue(waits.get(1) >= 2_000 && waits.get(1) < 2_500, waits::toString);
    assertTrue(waits.get(2) >= 4_000 && waits.get(2) < 4_500, waits::toString);
  }

  /** The minority's coordinator cannot; the other side drops it, and it is told so. */
  @Test
  void theSmallerSideOfASplitDropsNobody() {
    int coordinator = cluster.elect();
    int with = (coordinator + 1) % 5;
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      if (i != coordinator && i != with) {
        others.add(i);
        cluster.cutLink(i, coordinator);
        cluster.cutLink(i, with);
      }
    }
    cluster.run(3 * STANDBY_AFTER);
    assertTrue(others.contains(cluster.coordinator().orElseThrow()));
    assertEquals(others, voters());
    assertFalse(cluster.core(coordinator).isCoordinating());
    assertEquals(5, cluster.core(with).membership().membership().voters());
    // Cut again: those two and one of the three are a majority of the five, and decide nothing.
    int alone = others.get(0);
    for (int i : others.subList(1, 3)) {
      cluster.cutLink(alone, i);
    }
    cluster.healLinks();
    for (int i : others.subList(1, 3)) {
      cluster.cutLink(alone, i);
      cluster.cutLink(coordinator, i);
      cluster.cutLink(with, i);
    }
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    int decides = cluster.coordinator().orElseThrow();
    assertTrue(others.subList(1, 3).contains(decides));
    for (int i : List.of(coordinator, with, alone)) {
      assertFalse(cluster.core(i).isCoordinating(), "server " + i);
    }
    cluster.propose(decides, "by two");
    cluster.run(100 * MILLI);
    assertTrue(cluster.texts(decides).contains("by two"));
    cluster.healLinks();
    awaitVoters(List.of(0, 1, 2, 3, 4));
    cluster.checkAgreement();
  }

  @Test
  void aServerThatStopsHandsItsVoteOverFirst() {
    int coordinator = cluster.elect();
    int a = (coordinator + 1) % 5;
    int b = (coordinator + 2) % 5;
    // With four left nothing is gained: it may go at once, and its vote stays.
    cluster.step(a, new Input.Leaving());
    assertTrue(cluster.core(a).isReleased());
    cluster.run(50 * MILLI);
    assertEquals(5, membership().voters());
    cluster.kill(a);
    cluster.run(100 * MILLI);
    cluster.step(b, new Input.Leaving());
    assertFalse(cluster.core(b).isReleased());
    cluster.run(100 * MILLI);
    assertTrue(cluster.core(b).isReleased());
    assertEquals(3, voters().size());
    assertEquals(Member.Role.STANDBY, role(b));
    cluster.kill(b);
    write();
  }

  /** All are told to stop at once: none of them is worth more than another then. */
  @Test
  void whenAllStopNobodyLosesItsVote() {
    int coordinator = cluster.elect();
    for (int i = 0; i < 5; i++) {
      if (i != coordinator) {
        cluster.step(i, new Input.Leaving());
      }
    }
    cluster.run(500 * MILLI);
    assertEquals(5, membership().voters());
    for (int i = 0; i < 5; i++) {
      assertTrue(cluster.core(i).isReleased(), "server " + i);
    }
  }

  /** Votes that were taken do not stay away for ever when the servers are configured otherwise. */
  @Test
  void underAMajorityVotesComeBack() {
    int coordinator = cluster.elect();
    int a = (coordinator + 1) % 5;
    int b = (coordinator + 2) % 5;
    loseTheVotesOf(a, b);
    cluster.quorum(QuorumPolicy.majority(CoreCluster.ELECTION_TIMEOUT));
    for (int i = 0; i < 5; i++) {
      cluster.kill(i);
    }
    for (int i = 0; i < 5; i++) {
      cluster.restart(i);
    }
    awaitVoters(List.of(0, 1, 2, 3, 4));
    cluster.kill((cluster.coordinator().orElseThrow() + 1) % 5);
    cluster.kill((cluster.coordinator().orElseThrow() + 2) % 5);
    cluster.run(5 * STANDBY_AFTER);
    assertEquals(5, membership().voters());
  }

  @Test
  void aStandbyThatLostItsDiskJoinsAsANewLife() {
    int coordinator = cluster.elect();
    int a = (coordinator + 1) % 5;
    int b = (coordinator + 2) % 5;
    loseTheVotesOf(a, b);
    write();
    cluster.wipe(a);
    cluster.restart(a);
    cluster.restart(b);
    awaitVoters(List.of(0, 1, 2, 3, 4));
    cluster.run(200 * MILLI);
    assertEquals(writes, cluster.texts(a).size());
    cluster.checkAgreement();
  }
}
