package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One server is named to vote alone beside one other: cores that are scripted. */
class LastVoterTest {
  private static final long MILLI = CoreCluster.MILLI;
  private static final long STANDBY_AFTER = CoreCluster.STANDBY_AFTER;
  private static final int LAST = 1;
  private static final int OTHER = 2;

  private final CoreCluster cluster = CoreCluster.withLastVoter(3, LAST);
  private int writes;

  private Membership membership() {
    return cluster.core(LAST).membership().membership();
  }

  private boolean votesAlone() {
    return membership().voters() == 1
        && membership().isVoter(new ServerId(LAST), cluster.incarnation(LAST))
        && cluster.coordinator().equals(Optional.of(LAST));
  }

  /** Not waited for. */
  private String propose() {
    writes++;
    String text = "v" + writes;
    cluster.propose(LAST, text);
    return text;
  }

  private void write() {
    String text = propose();
    cluster.runUntil(text, () -> cluster.texts(LAST).contains(text));
  }

  /** Of three, one fails. */
  private void leaveTwo() {
    cluster.elect();
    cluster.kill(0);
    cluster.runUntil("one that votes alone", this::votesAlone);
    write();
    cluster.run(100 * MILLI);
  }

  private List<Boolean> saidToBeInSync() {
    return cluster.notices(LAST).stream()
        .filter(Notice.InSyncChanged.class::isInstance)
        .map(notice -> ((Notice.InSyncChanged) notice).now())
        .toList();
  }

  @Test
  void theOtherMayFail() {
    leaveTwo();
    cluster.kill(OTHER);
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    write();
    cluster.run(2 * STANDBY_AFTER);
    write();
    assertTrue(votesAlone());
    cluster.restart(0);
    cluster.restart(OTHER);
    cluster.runUntil("all have votes", () -> membership().voters() == 3);
    cluster.elect();
    cluster.run(200 * MILLI);
    for (int i = 0; i < 3; i++) {
      assertEquals(writes, cluster.texts(i).size(), "server " + i);
    }
    cluster.checkAgreement();
  }

  @Test
  void withoutTheLastVoterAllWaits() {
    leaveTwo();
    cluster.kill(LAST);
    cluster.restart(0);
    cluster.run(4 * STANDBY_AFTER);
    assertEquals(Optional.empty(), cluster.coordinator());
    cluster.restart(LAST);
    cluster.elect();
    cluster.runUntil("all have votes", () -> membership().voters() == 3);
  }

  @Test
  void aChoiceWaitsForTheOtherThatKeepsUp() {
    leaveTwo();
    cluster.holdDisk(OTHER);
    String text = propose();
    cluster.run(CoreCluster.ELECTION_TIMEOUT / 2);
    assertFalse(cluster.texts(LAST).contains(text), "it is on one disk only");
    cluster.releaseDisk(OTHER);
    cluster.run(20 * MILLI);
    assertTrue(cluster.texts(LAST).contains(text));
    assertEquals(List.of(true), saidToBeInSync());
  }

  /** Nobody has accepted anything at a new ballot, and this server has just started. */
  @Test
  void theFirstChoiceOfABallotWaitsForTheOtherToo() {
    leaveTwo();
    for (int i = 0; i < 100; i++) {
      write();
    }
    cluster.run(200 * MILLI);
    cluster.kill(LAST);
    cluster.holdDisk(OTHER);
    cluster.restart(LAST);
    int before = campaigns();
    cluster.runUntil("a new ballot", () -> campaigns() > before);
    cluster.run(CoreCluster.ELECTION_TIMEOUT / 2);
    assertEquals(
        Optional.empty(), cluster.coordinator(), "its ballot's first value is on one disk");
    cluster.releaseDisk(OTHER);
    cluster.run(CoreCluster.ELECTION_TIMEOUT / 2);
    assertEquals(
        Optional.of(LAST), cluster.coordinator(), "it does not wait for the dead for ever");
    String text = propose();
    cluster.run(20 * MILLI);
    assertTrue(cluster.texts(LAST).contains(text));
  }

  private int campaigns() {
    return (int)
        cluster.notices(LAST).stream().filter(Notice.Campaigning.class::isInstance).count();
  }

  @Test
  void nobodyWaitsForOneThatDoesNotKeepUpUntilItHasCaughtUp() {
    leaveTwo();
    cluster.holdDisk(OTHER);
    String text = propose();
    cluster.run(CoreCluster.ELECTION_TIMEOUT + 200 * MILLI);
    assertTrue(cluster.texts(LAST).contains(text));
    String alone = propose();
    cluster.run(50 * MILLI);
    assertTrue(cluster.texts(LAST).contains(alone));
    assertEquals(List.of(true, false), saidToBeInSync());
    cluster.releaseDisk(OTHER);
    cluster.run(100 * MILLI);
    write();
    cluster.run(100 * MILLI);
    assertEquals(List.of(true, false, true), saidToBeInSync());
    cluster.holdDisk(OTHER);
    String awaited = propose();
    cluster.run(50 * MILLI);
    assertFalse(cluster.texts(LAST).contains(awaited));
  }

  /** The other one coordinates when the third fails: it hands over before it loses its vote. */
  @Test
  void theVoteGoesToTheLastVoterFromWhoeverCoordinates() {
    int coordinator = cluster.elect();
    if (coordinator == LAST) {
      cluster.kill(LAST);
      cluster.runUntil(
          "another one", () -> cluster.coordinator().map(other -> other != LAST).orElse(false));
      cluster.restart(LAST);
      cluster.run(500 * MILLI);
      coordinator = cluster.coordinator().orElseThrow();
    }
    cluster.kill(coordinator == 0 ? OTHER : 0);
    cluster.runUntil("one that votes alone", this::votesAlone);
    write();
  }
}
