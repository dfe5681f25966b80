package io.synod.paxos;

import static io.synod.paxos.CoreCluster.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Going over to another version (protocol-rules.md, 15): the rule, and cores that follow it. */
class UpgradeTest {
  private static final VersionRange TO_TWO = new VersionRange(1, 2);

  private static ServerId id(int number) {
    return new ServerId(number);
  }

  // ---- the rule
  // ------------------------------------------------------------------------------------------------------------------

  private static Member member(int number, Member.Role role) {
    return new Member(
        id(number),
        new Incarnation(new UUID(0, number)),
        new Address("localhost", 9000 + number),
        new Address("localhost", 8000 + number),
        role);
  }

  /**
   * Of five members of all roles.
   *
   * @param newest that each supports, from the first on; 0: it is not heard
   */
  private static Upgrade upgrade(VersionInForce inForce, int... newest) {
    List<Member> members = new ArrayList<>();
    Member.Role[] roles = Member.Role.values();
    for (int i = 0; i < roles.length; i++) {
      members.add(member(i, roles[i]));
    }
    return new Upgrade(
        inForce,
        new Membership(Slot.ZERO, members),
        member -> {
          int of = newest[member.server().number()];
          return of == 0 ? Optional.empty() : Optional.of(new VersionRange(1, of));
        });
  }

  private static Optional<Value.Version> version(int number) {
    return Optional.of(new Value.Version(number));
  }

  @Test
  void whatAllMembersSupportIsWantedWhateverTheirRole() {
    VersionInForce first = VersionInForce.FIRST;
    assertEquals(Optional.empty(), upgrade(first, 1, 1, 1, 1, 1).wanted());
    assertEquals(version(2), upgrade(first, 2, 2, 2, 2, 2).wanted());
    assertEquals(version(2), upgrade(first, 3, 4, 2, 3, 3).wanted());
    for (int older = 0; older < Member.Role.values().length; older++) {
      int[] newest = {2, 2, 2, 2, 2};
      newest[older] = 1;
      assertEquals(Optional.empty(), upgrade(first, newest).wanted());
      newest[older] = 0;
      assertEquals(Optional.empty(), upgrade(first, newest).wanted());
    }
    assertEquals(
        Optional.empty(), upgrade(new VersionInForce(Slot.of(7), 2), 2, 2, 2, 2, 2).wanted());
    assertEquals(version(3), upgrade(new VersionInForce(Slot.of(7), 2), 3, 3, 3, 3, 3).wanted());
  }

  /** A program may know no more of what was long ago. */
  @Test
  void aVersionThatSomebodyKnowsNoMoreIsNotWanted() {
    Membership two =
        new Membership(
            Slot.ZERO, List.of(member(0, Member.Role.VOTER), member(1, Member.Role.VOTER)));
    Upgrade upgrade =
        new Upgrade(
            VersionInForce.FIRST,
            two,
            member ->
                Optional.of(
                    member.server().equals(id(0))
                        ? new VersionRange(1, 2)
                        : new VersionRange(3, 4)));
    assertEquals(Optional.empty(), upgrade.wanted());
  }

  @Test
  void saysWhoHoldsItUpOnlyIfSomebodySupportsMore() {
    VersionInForce first = VersionInForce.FIRST;
    assertEquals(Optional.empty(), upgrade(first, 1, 1, 0, 1, 0).heldUp());
    assertEquals(Optional.empty(), upgrade(first, 2, 2, 2, 2, 2).heldUp());
    assertEquals(
        Optional.of(
            new UpgradeHeldUp(
                2,
                List.of(
                    new UpgradeHeldUp.Without(id(1), Optional.of(VersionRange.FIRST_ONLY)),
                    new UpgradeHeldUp.Without(id(3), Optional.empty())))),
        upgrade(first, 2, 1, 2, 0, 2).heldUp());
  }

  @Test
  void onlyAHigherVersionDoesAnything() {
    VersionInForce second = VersionInForce.FIRST.after(Slot.of(5), new Value.Version(2));
    assertEquals(new VersionInForce(Slot.of(5), 2), second);
    assertEquals(second, second.after(Slot.of(6), new Value.Version(2)));
    assertEquals(second, second.after(Slot.of(6), new Value.Version(1)));
    assertEquals(second, second.after(Slot.of(6), new Value.Noop()));
    assertEquals(new VersionInForce(Slot.of(9), 4), second.after(Slot.of(9), new Value.Version(4)));
  }

  @Test
  void aVersionIsReadAsItWasWritten() {
    Value.Version value = new Value.Version(7);
    Bytes payload = ValueFormat.payload(value);
    assertEquals(5, ValueFormat.kind(value));
    assertEquals(value, ValueFormat.value(5, payload));
    byte[] newer = payload.toArray();
    newer[0]++;
    assertThrows(IllegalArgumentException.class, () -> ValueFormat.value(5, Bytes.wrap(newer)));
    assertThrows(IllegalArgumentException.class, () -> ValueFormat.value(5, payload.slice(0, 3)));
  }

  // ---- cores
  // ------------------------------------------------------------------------------------------------------------------

  private static void restart(CoreCluster cluster, int server, VersionRange versions) {
    cluster.kill(server);
    cluster.supported(server, versions);
    cluster.restart(server);
    cluster.run(1_000 * MILLI);
  }

  private static long versionsChosen(CoreCluster cluster, int server) {
    return cluster.chosen(server).stream()
        .filter(each -> each.value() instanceof Value.Version)
        .count();
  }

  @Test
  void rule15NewBehaviourBeginsWhenTheLastMemberSupportsIt() {
    CoreCluster cluster = new CoreCluster(3);
    cluster.elect();
    for (int server : List.of(2, 0)) {
      restart(cluster, server, TO_TWO);
      cluster.propose(cluster.elect(), "while server " + server + " is newer");
      for (int i = 0; i < 3; i++) {
        assertEquals(VersionInForce.FIRST, cluster.core(i).version());
      }
    }
    UpgradeHeldUp.Without last =
        new UpgradeHeldUp.Without(id(1), Optional.of(VersionRange.FIRST_ONLY));
    assertEquals(Optional.of(new UpgradeHeldUp(2, List.of(last))), cluster.core(0).upgradeHeldUp());
    restart(cluster, 1, TO_TWO);
    VersionInForce inForce = cluster.core(0).version();
    assertEquals(2, inForce.number());
    for (int i = 0; i < 3; i++) {
      assertEquals(inForce, cluster.core(i).version());
      assertEquals(1, versionsChosen(cluster, i), "it is proposed once");
      assertEquals(Optional.empty(), cluster.core(i).upgradeHeldUp());
      assertTrue(cluster.notices(i).contains(new Notice.VersionChosen(inForce)));
    }
    restart(cluster, 2, TO_TWO);
    assertEquals(inForce, cluster.core(2).version(), "as its log says");
    cluster.checkAgreement();
  }

  /** The others could go on without it, and it could come back as it was. */
  @Test
  void rule15AMemberThatIsAwayHoldsTheUpgradeUp() {
    CoreCluster cluster = new CoreCluster(3);
    cluster.elect();
    restart(cluster, 0, TO_TWO);
    cluster.kill(2);
    restart(cluster, 1, TO_TWO);
    cluster.run(2_000 * MILLI);
    assertEquals(VersionInForce.FIRST, cluster.core(cluster.elect()).version());
    assertEquals(
        Optional.of(
            new UpgradeHeldUp(2, List.of(new UpgradeHeldUp.Without(id(2), Optional.empty())))),
        cluster.core(0).upgradeHeldUp());
    restart(cluster, 2, TO_TWO);
    assertEquals(2, cluster.core(0).version().number());
  }

  /** It had said that it supports more, and is down: with which program it starts, nobody knows. */
  @Test
  void rule15WhatAMemberSaidBeforeItFellSilentDoesNotCount() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    List<Integer> others = new ArrayList<>(List.of(0, 1, 2));
    others.remove(Integer.valueOf(coordinator));
    restart(cluster, others.get(0), TO_TWO);
    cluster.kill(others.get(0));
    cluster.run(1_000 * MILLI);
    restart(cluster, others.get(1), TO_TWO);
    cluster.handOver(coordinator, Optional.of(id(others.get(1))));
    restart(cluster, coordinator, TO_TWO);
    assertEquals(VersionInForce.FIRST, cluster.core(coordinator).version());
    restart(cluster, others.get(0), VersionRange.FIRST_ONLY);
    assertEquals(VersionInForce.FIRST, cluster.core(coordinator).version());
    restart(cluster, others.get(0), TO_TWO);
    assertEquals(2, cluster.core(coordinator).version().number());
  }

  @Test
  void rule15WhoseProgramIsTooOldDoesNotJoin() {
    CoreCluster cluster = new CoreCluster(3, 1);
    for (int i = 0; i < 3; i++) {
      cluster.supported(i, TO_TWO);
      cluster.kill(i);
      cluster.restart(i);
    }
    int coordinator = cluster.elect();
    cluster.run(500 * MILLI);
    VersionInForce inForce = cluster.core(coordinator).version();
    assertEquals(2, inForce.number());
    Member joining = cluster.joining(3);
    for (MembershipChange change :
        List.of(
            new MembershipChange.Add(joining),
            new MembershipChange.Replace(id((coordinator + 1) % 3), joining))) {
      ChangeAnswer.Refused refused =
          assertInstanceOf(ChangeAnswer.Refused.class, cluster.change(coordinator, change));
      assertEquals(ChangeAnswer.Reason.OTHER_VERSION, refused.reason());
      assertEquals(
          "this cluster behaves by version 2 since slot "
              + inForce.decidedAt().number()
              + ", and the program of server 3 knows version 1: start it with a newer release",
          refused.why());
    }
    assertInstanceOf(
        ChangeAnswer.Done.class,
        cluster.change(coordinator, new MembershipChange.Add(joining, TO_TWO)));
  }

  /** One that joins could otherwise be in force behind a version that it does not support. */
  @Test
  void nobodyJoinsWhileAVersionIsOnItsWay() {
    CoreCluster cluster = new CoreCluster(3, 1);
    int coordinator = cluster.elect();
    for (int i = 0; i < 3; i++) {
      if (i != coordinator) {
        restart(cluster, i, TO_TWO);
      }
    }
    cluster.handOver(coordinator, Optional.empty());
    int next = cluster.elect();
    for (int i = 0; i < 3; i++) {
      cluster.holdDisk(i);
    }
    cluster.kill(coordinator);
    cluster.supported(coordinator, TO_TWO);
    cluster.restart(coordinator);
    cluster.run(200 * MILLI);
    assertFalse(cluster.core(next).version().number() > 1, "it is proposed, and not chosen");
    ChangeAnswer.Refused refused =
        assertInstanceOf(
            ChangeAnswer.Refused.class,
            cluster.change(next, new MembershipChange.Add(cluster.joining(3))));
    assertEquals(ChangeAnswer.Reason.UNDER_WAY, refused.reason());
    for (int i = 0; i < 3; i++) {
      cluster.releaseDisk(i);
    }
    cluster.run(500 * MILLI);
    assertEquals(2, cluster.core(next).version().number());
  }

  @Test
  void aSnapshotBringsItsVersion() {
    CoreCluster cluster = new CoreCluster(3);
    int coordinator = cluster.elect();
    MembershipInForce members = cluster.core(coordinator).membership();
    Slot far = cluster.core(coordinator).chosen().plus(100);
    VersionInForce second = new VersionInForce(far.previous(), 2);
    int other = (coordinator + 1) % 3;
    cluster.step(other, new Input.SnapshotInstalled(far, members, second));
    assertEquals(second, cluster.core(other).version());
    Paxos restarted = new Paxos(cluster.settings(other), cluster.kept(other));
    Output unused = restarted.start(far, second);
    assertEquals(second, restarted.version());
  }
}
