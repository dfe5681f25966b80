package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** At which addresses a server may join or move; all members are live and have caught up. */
final class AddressesTest {
  private static final ChangePlan.View LIVE =
      new ChangePlan.View() {
        @Override
        public boolean isLive(Member member) {
          return true;
        }

        @Override
        public boolean isCaughtUp(Member member) {
          return true;
        }

        @Override
        public boolean isWitness(Member member) {
          return false;
        }
      };

  private static Member member(int id, String consensus, String clients) {
    return new Member(
        new ServerId(id),
        new Incarnation(new UUID(7, id)),
        Address.parse(consensus),
        Address.parse(clients),
        Member.Role.VOTER);
  }

  /** One for each host, at the usual ports. */
  private static List<Member> on(String... hosts) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < hosts.length; i++) {
      members.add(member(i, hosts[i] + ":900" + i, hosts[i] + ":800" + i));
    }
    return members;
  }

  private static ChangePlan.Result plan(List<Member> members, MembershipChange change) {
    MembershipInForce inForce =
        new MembershipInForce(Slot.ZERO, new Membership(Slot.ZERO, members));
    return new ChangePlan(inForce, VersionInForce.FIRST, LIVE).of(change);
  }

  private static MembershipChange.Add add(int id, String consensus, String clients) {
    return new MembershipChange.Add(
        member(id, consensus, clients).withRole(Member.Role.LEARNER), VersionRange.FIRST_ONLY);
  }

  private static MembershipChange.Replace replace(int leaving, Member by) {
    return new MembershipChange.Replace(
        new ServerId(leaving), by.withRole(Member.Role.LEARNER), VersionRange.FIRST_ONLY);
  }

  private static void assertTaken(ChangePlan.Result result) {
    assertInstanceOf(ChangePlan.Result.Proposal.class, result, result::toString);
  }

  private static void assertRefused(
      ChangeAnswer.Reason reason, String why, ChangePlan.Result result) {
    assertEquals(new ChangePlan.Result.Refusal(reason, why), result);
  }

  // ---- which the others cannot call

  /** The coordinator asked itself, by a name that is every machine's own. */
  @Test
  void aMemberAmongOtherMachinesDoesNotMoveToANameOfEveryMachine() {
    for (String host : List.of("localhost", "127.0.0.1", "[::1]", "0.0.0.0")) {
      String why =
          " is this machine on every machine, and server 1 at b:9001 is on another one: name the"
              + " host by which the others reach server ";
      assertRefused(
          ChangeAnswer.Reason.UNREACHABLE,
          host + ":9000" + why + "0",
          plan(on("a", "b", "c"), add(0, host + ":9000", "a:8000")));
      assertRefused(
          ChangeAnswer.Reason.UNREACHABLE,
          host + ":9003" + why + "3",
          plan(on("localhost", "b", "c"), add(3, host + ":9003", "d:8003")));
      assertRefused(
          ChangeAnswer.Reason.UNREACHABLE,
          host + ":9003" + why + "3",
          plan(on("localhost", "b", "c"), replace(2, member(3, host + ":9003", "d:8003"))));
    }
  }

  @Test
  void nobodyJoinsFromAnotherMachineWhereMembersAreAtEveryAddressOfTheirs() {
    assertRefused(
        ChangeAnswer.Reason.UNREACHABLE,
        "server 1 is a member at 0.0.0.0:9001, where nobody reaches it from another machine, as"
            + " server 3 at d:9003 would have to",
        plan(on("localhost", "0.0.0.0", "localhost"), add(3, "d:9003", "d:8003")));
  }

  @Test
  void onOneMachineAnyNameOfItWillDo() {
    for (String host : List.of("localhost", "127.0.0.1", "0.0.0.0")) {
      assertTaken(plan(on("0.0.0.0", "localhost", "127.0.0.1"), add(3, host + ":9003", "h:8003")));
    }
    assertTaken(plan(on("a", "b", "c"), add(3, "d:9003", "d:8003")));
    assertTaken(plan(on("a"), add(0, "localhost:9000", "a:8000")));
    assertTaken(plan(on("0.0.0.0", "0.0.0.0"), add(1, "h:9001", "h:8001")));
  }

  // ---- which are taken

  @Test
  void anotherNameOfAMembersPlaceIsTakenToo() {
    String why = "127.0.0.1:9002 is the address of server 2 (localhost:9002) already, not of ";
    List<Member> members = on("localhost", "localhost", "localhost");
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        why + "server 3",
        plan(members, add(3, "127.0.0.1:9002", "localhost:8003")));
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        why + "server 1",
        plan(members, add(1, "127.0.0.1:9002", "localhost:8001")));
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        why + "server 3",
        plan(members, replace(0, member(3, "127.0.0.1:9002", "localhost:8003"))));
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        "B:9001 is the address of server 1 (b:9001) already, not of server 3",
        plan(on("a", "b", "c"), add(3, "B:9001", "d:8003")));
  }

  @Test
  void noTwoServersHaveOneAddressForClients() {
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        "127.0.0.1:8002 is the client address of server 2 (localhost:8002) already, not of server 3",
        plan(
            on("localhost", "localhost", "localhost"), add(3, "localhost:9003", "127.0.0.1:8002")));
    assertRefused(
        ChangeAnswer.Reason.ALREADY_MEMBER,
        "b:8001 is the client address of server 1 (b:8001) already, not of server 3",
        plan(on("a", "b", "c"), add(3, "d:9003", "b:8001")));
  }

  /** And each may serve the clients of its own machine only. */
  @Test
  void whoLeavesAndWhoIsOnAnotherMachineMayHaveTheSameAddressForClients() {
    assertTaken(plan(on("a", "b", "c"), replace(2, member(3, "d:9003", "c:8002"))));
    List<Member> members = List.of(member(0, "a:9000", "localhost:8000"));
    assertTaken(plan(members, add(3, "d:9003", "localhost:8000")));
  }
}
