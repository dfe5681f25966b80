package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Address;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.UnknownSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class WarningsTest {
  private static final ServerId ONE = new ServerId(1);
  private static final ServerId TWO = new ServerId(2);
  private static final ServerId THREE = new ServerId(3);

  @Test
  void anElectionThatIsStuckSaysForWhomItWaits() {
    assertEquals(
        "no coordinator can be elected: what slot 7 was given is not known to a quorum; the log of"
            + " server 1 has a torn end there; waiting for server 2, server 3, or for"
            + " --accept-torn-tail there",
        Warnings.election(
            new UnknownSlot(Slot.of(7), List.of(ONE), List.of(), List.of(TWO, THREE))));
  }

  @Test
  void votersThatCameBackWithoutTheirVotesAreNamedWithWhatRemains() {
    String warning = Warnings.noQuorumLeft(List.of(ONE, TWO));
    assertTrue(
        warning.startsWith("no quorum is left: server 1, server 2 came back without"), warning);
    assertTrue(warning.contains("BACKUP FILE local"), warning);
    assertTrue(warning.contains("scripts/restore.sh"), warning);
  }

  @Test
  void whoWaitedInVainReadsWhetherAQuorumIsMissingAndWhoIsNotHeard() {
    assertEquals(
        "no coordinator: this server hears no quorum (server 1, server 2 are not heard); STATUS says"
            + " for whom all waits",
        Warnings.noCoordinator(three(), List.of(), List.of(ONE, TWO)));
    assertEquals(
        "no coordinator: none was elected in time, though this server hears a quorum (server 2 is"
            + " not heard); STATUS says how it is",
        Warnings.noCoordinator(three(), List.of(), List.of(TWO)));
    assertEquals(
        "no coordinator: this server hears no quorum (server 2 is not heard); STATUS says for whom"
            + " all waits",
        Warnings.noCoordinator(three(), List.of(ONE), List.of(TWO)));
    assertEquals(
        "no quorum is left: server 1, server 2 came back without what they held; STATUS says what"
            + " remains",
        Warnings.noCoordinator(three(), List.of(ONE, TWO), List.of()));
  }

  private static Membership three() {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      members.add(
          new Member(
              new ServerId(i),
              new Incarnation(new UUID(0, i)),
              Address.parse("localhost:" + (9000 + i)),
              Address.parse("localhost:" + (8000 + i)),
              Member.Role.VOTER));
    }
    return new Membership(Slot.ZERO, members);
  }

  @Test
  void anElectionThatIsStuckThoughAllHaveAnsweredSaysSo() {
    assertEquals(
        "no coordinator can be elected: what slot 7 was given is not known to a quorum; the disk of"
            + " server 1, server 2 lost it; all voters have answered, and no quorum of them knows"
            + " what it accepted there: docs/operations.md, \"When a quorum is gone for good\"",
        Warnings.election(new UnknownSlot(Slot.of(7), List.of(), List.of(ONE, TWO), List.of())));
  }
}
