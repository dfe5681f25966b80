package io.synod.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.simulator.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A running server notices what became of its newest snapshot. */
final class SnapshotScrubTest {
  private static final String NAME = SnapshotNames.whole(Slot.of(7));
  private static final MembershipInForce MEMBERSHIP =
      new MembershipInForce(
          Slot.ZERO,
          new Membership(
              Slot.ZERO,
              List.of(
                  new Member(
                      new ServerId(0),
                      new Incarnation(new UUID(1, 1)),
                      new Address("host", 9000),
                      new Address("host", 8000),
                      Member.Role.VOTER))));

  private final SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
  private final KeyValueStore store = KeyValueStore.inMemory();
  private Snapshots snapshots;

  @BeforeEach
  void aSnapshot() throws IOException {
    for (int slot = 1; slot <= 7; slot++) {
      store.skip(Slot.of(slot));
    }
    snapshots = Snapshots.open(disk);
    write(snapshots);
  }

  private void write(Snapshots into) throws IOException {
    SnapshotWriter writer = into.writer(store.view(), new ClusterId(new UUID(2, 2)), MEMBERSHIP);
    while (writer.writeSome()) {
      // The next piece.
    }
  }

  @Test
  void findsNothingWhereNothingIsWrong() throws IOException {
    assertEquals(Optional.empty(), snapshots.scrub(bytes -> {}));
    assertEquals(Slot.of(7), snapshots.newest());
  }

  @Test
  void setsADamagedOneAsideAndLetsAnotherBeWritten() throws IOException {
    List<Consumer<SimulatedDisk>> damages = new ArrayList<>();
    int size = disk.bytes(NAME).length;
    for (int offset = 0; offset < size; offset += 3) {
      int at = offset;
      damages.add(on -> on.flipBit(NAME, at, at % 8));
      damages.add(on -> on.replace(NAME, Arrays.copyOf(on.bytes(NAME), at)));
    }
    damages.add(on -> on.remove(NAME));
    damages.add(on -> on.makeUnreadable(NAME, size / 2));
    damages.add(on -> on.replace(NAME, Arrays.copyOf(on.bytes(NAME), size + 1)));
    int unknownVersions = 0;
    for (Consumer<SimulatedDisk> damage : damages) {
      SimulatedDisk copy = disk.copy(new SplittableRandom(3));
      Snapshots running = Snapshots.open(copy);
      damage.accept(copy);
      Optional<String> found;
      try {
        found = running.scrub(bytes -> {});
      } catch (SnapshotRefusedException e) {
        assertTrue(e.isUnknownVersion(), e::getMessage);
        unknownVersions++;
        continue;
      }
      assertTrue(found.isPresent());
      assertTrue(found.get().startsWith(NAME), found::get);
      assertEquals(Slot.ZERO, running.newest());
      write(running);
      assertEquals(Slot.of(7), running.newest());
      assertEquals(Optional.empty(), running.scrub(bytes -> {}));
    }
    assertTrue(unknownVersions <= 4, unknownVersions + " taken for another version");
  }
}
