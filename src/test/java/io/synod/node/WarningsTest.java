package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.UnknownSlot;
import java.util.List;
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
  void anElectionThatIsStuckThoughAllHaveAnsweredSaysSo() {
    assertEquals(
        "no coordinator can be elected: what slot 7 was given is not known to a quorum; the disk of"
            + " server 1, server 2 lost it; all voters have answered, and no quorum of them knows"
            + " what it accepted there: docs/operations.md, \"When a quorum is gone for good\"",
        Warnings.election(new UnknownSlot(Slot.of(7), List.of(), List.of(ONE, TWO), List.of())));
  }
}
