package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Torn tails, and servers that keep nothing (protocol-rules.md, 4 and 24). */
class LostVotersTest {
  private static final long MILLI = CoreCluster.MILLI;

  private static JournalRecord torn(Slot from, long slots) {
    return new JournalRecord.Damage(
        Optional.empty(), Optional.of(new SlotRange(from, from.plus(slots))));
  }

  @Test
  void anElectionThatWaitsForAnAbsentVoterSaysSoAndEndsByAnOperatorsWord() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    int tornOne = (coordinator + 1) % 3;
    int other = (coordinator + 2) % 3;
    cluster.propose(coordinator, "a");
    cluster.run(100 * MILLI);
    cluster.kill(coordinator);
    cluster.kill(tornOne);
    Slot end = cluster.core(other).chosen().next();
    cluster.journal(tornOne).add(torn(end, 7));
    cluster.restart(tornOne);
    List<UnknownSlot> obstacles = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      cluster.run(10 * MILLI);
      cluster.core(other).obstacle().ifPresent(obstacles::add);
      cluster.core(tornOne).obstacle().ifPresent(obstacles::add);
    }
    assertEquals(Optional.empty(), cluster.coordinator());
    assertEquals(
        new UnknownSlot(
            end, List.of(new ServerId(tornOne)), List.of(), List.of(new ServerId(coordinator))),
        obstacles.get(0));
    assertEquals(end, cluster.core(tornOne).torn().orElseThrow().first());
    cluster.kill(tornOne);
    cluster.journal(tornOne).add(new JournalRecord.Damage(Optional.empty(), Optional.empty()));
    cluster.restart(tornOne);
    cluster.run(3_000 * MILLI);
    int next = cluster.elect();
    cluster.propose(next, "b");
    assertEquals(List.of("a", "b"), cluster.texts(next));
    assertEquals(Optional.empty(), cluster.core(next).obstacle());
  }

  @Test
  void aServerThatKeepsNothingComesBackAsALearnerAndGetsItsVote() {
    CoreCluster cluster = new CoreCluster(3);
    for (int round = 0; round < 6; round++) {
      int coordinator = cluster.elect();
      cluster.propose(coordinator, "v" + round);
      int victim = round % 3;
      cluster.wipe(victim);
      cluster.run(1_500 * MILLI);
      cluster.restart(victim);
      cluster.run(2_000 * MILLI);
      int now = cluster.elect();
      assertTrue(
          cluster
              .core(now)
              .membership()
              .membership()
              .isVoter(new ServerId(victim), cluster.incarnation(victim)),
          "round " + round);
    }
    assertEquals(6, cluster.texts(cluster.elect()).size());
    cluster.checkAgreement();
  }
}
