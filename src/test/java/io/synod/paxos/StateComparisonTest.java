package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StateComparisonTest {
  private static final Slot AT = new Slot(64);
  private static final CoreCluster ANY = new CoreCluster(5);
  private static final Membership FIVE =
      new Membership(
          Slot.ZERO,
          IntStream.range(0, 5)
              .mapToObj(
                  i ->
                      new Member(
                          new ServerId(i),
                          ANY.incarnation(i),
                          new Address("localhost", 9000 + i),
                          new Address("localhost", 8000 + i),
                          Member.Role.VOTER))
              .toList());

  private final Effects effects = new Effects();
  private final StateComparison states = new StateComparison(ANY.settings(0), effects);

  private List<Notice> own(Slot slot, long hash) {
    states.onOwn(new StateHash(slot, hash), FIVE);
    return effects.take().notices();
  }

  private List<Notice> peer(int server, Slot slot, long hash) {
    Life life = new Life(new ServerId(server), ANY.incarnation(server));
    states.onPeer(life, List.of(new StateHash(slot, hash)), FIVE);
    return effects.take().notices();
  }

  @Test
  void aMinorityThatDiffersIsNamedOnce() {
    assertEquals(List.of(), own(AT, 7));
    assertEquals(List.of(), peer(1, AT, 8));
    assertEquals(List.of(), peer(2, AT, 7));
    List<Notice> named = List.of(new Notice.StateDiverged(new ServerId(1), AT, 8, 7));
    assertEquals(named, peer(3, AT, 7));
    assertEquals(List.of(), peer(1, AT, 8));
    assertFalse(states.isDiverged());
    Slot later = new Slot(128);
    assertEquals(List.of(), own(later, 1));
    assertEquals(List.of(), peer(2, later, 1));
    assertEquals(List.of(), peer(1, later, 2));
    assertEquals(List.of(), peer(3, later, 1), "it is known already");
  }

  @Test
  void oneThatAgreesAgainMayBeNamedAnew() {
    List<Notice> unused = own(AT, 7);
    unused = peer(2, AT, 7);
    unused = peer(3, AT, 7);
    assertEquals(1, peer(1, AT, 8).size());
    assertEquals(List.of(), peer(1, AT, 7));
    assertEquals(1, peer(1, AT, 9).size());
  }

  @Test
  void whoDiffersFromAQuorumHasDiverged() {
    List<Notice> unused = own(AT, 6);
    unused = peer(1, AT, 7);
    unused = peer(2, AT, 7);
    assertFalse(states.isDiverged(), "two of five are no quorum");
    assertEquals(List.of(new Notice.StateDiverged(new ServerId(0), AT, 6, 7)), peer(3, AT, 7));
    assertTrue(states.isDiverged());
  }

  @Test
  void whatOthersSaidBeforehandCounts() {
    List<Notice> unused = peer(1, AT, 7);
    unused = peer(2, AT, 7);
    unused = peer(3, AT, 7);
    assertEquals(1, own(AT, 6).size());
    assertTrue(states.isDiverged());
  }

  @Test
  void hashesOfDifferentSlotsAreNotCompared() {
    assertEquals(List.of(), own(AT, 6));
    for (int i = 1; i < 5; i++) {
      assertEquals(List.of(), peer(i, new Slot(64 + 64 * i), 7 + i));
    }
    assertFalse(states.isDiverged());
    assertTrue(states.disputed().isEmpty());
  }

  @Test
  void withoutAQuorumOfOneStateItIsDisputedAndNobodyHasDiverged() {
    List<Notice> unused = own(AT, 6);
    unused = peer(1, AT, 7);
    unused = peer(2, AT, 8);
    assertTrue(states.disputed().isEmpty(), "the two that are missing may yet decide it");
    assertEquals(List.of(new Notice.StateDisputed(AT)), peer(3, AT, 9));
    assertFalse(states.isDiverged());
    assertEquals(AT, states.disputed().orElseThrow());
  }

  /** Of the one that votes alone nobody knows that it is right. */
  @Test
  void whatOneVoterAloneSaysDoesNotConvictItsStandbys() {
    List<Member> members = new ArrayList<>();
    for (Member member : FIVE.members().subList(0, 3)) {
      members.add(members.isEmpty() ? member : member.withRole(Member.Role.STANDBY));
    }
    Membership alone = new Membership(Slot.ZERO, members);
    states.onOwn(new StateHash(AT, 7), alone);
    Life other = Life.of(members.get(1));
    states.onPeer(other, List.of(new StateHash(AT, 8)), alone);
    assertEquals(List.of(), effects.take().notices(), "the third may yet decide it");
    Life third = Life.of(members.get(2));
    states.onPeer(third, List.of(new StateHash(AT, 8)), alone);
    assertTrue(states.isDiverged());
  }

  @Test
  void strangersAndFormerLivesDoNotCount() {
    List<Notice> unused = own(AT, 6);
    for (int i = 1; i < 5; i++) {
      Life stranger = new Life(new ServerId(i), ANY.incarnation(0));
      states.onPeer(stranger, List.of(new StateHash(AT, 7)), FIVE);
    }
    assertEquals(List.of(), effects.take().notices());
    assertFalse(states.isDiverged());
  }

  @Test
  void pingsTellTheNewestAndOneThatStaysForLong() {
    assertEquals(List.of(), states.told());
    List<Notice> unused = own(new Slot(4096), 1);
    assertEquals(List.of(new StateHash(new Slot(4096), 1)), states.told());
    unused = own(new Slot(4160), 2);
    assertEquals(
        List.of(new StateHash(new Slot(4160), 2), new StateHash(new Slot(4096), 1)), states.told());
  }
}
