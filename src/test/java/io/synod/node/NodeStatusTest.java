package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.UpgradeHeldUp;
import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeStatusTest {
  private static Optional<String> text(VersionInForce version, UpgradeHeldUp.Without... by) {
    return new NodeStatus.Behaviour(
            version,
            by.length == 0 ? Optional.empty() : Optional.of(new UpgradeHeldUp(3, List.of(by))))
        .text();
  }

  @Test
  void versionsAreNamedOnceSomebodyKnowsMoreThanTheFirst() {
    VersionInForce second = new VersionInForce(Slot.of(40), 2);
    UpgradeHeldUp.Without older =
        new UpgradeHeldUp.Without(new ServerId(3), Optional.of(new VersionRange(1, 2)));
    UpgradeHeldUp.Without away = new UpgradeHeldUp.Without(new ServerId(4), Optional.empty());
    assertEquals(Optional.empty(), text(VersionInForce.FIRST));
    assertEquals(Optional.of("version 2 since slot 40"), text(second));
    assertEquals(
        Optional.of("version 1; version 3 waits for server 4 (not heard)"),
        text(VersionInForce.FIRST, away));
    assertEquals(
        Optional.of(
            "version 2 since slot 40; version 3 waits for server 3 (knows versions 1 to 2), server"
                + " 4 (not heard)"),
        text(second, older, away));
  }
}
