package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Input;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** From whom a server that is behind has its snapshot; server 2 coordinates. */
class SnapshotSourcesTest {
  private static final long MILLI = PlayedDuties.MILLI;
  private static final ServerId OTHER = new ServerId(1);
  private static final ServerId COORDINATOR = new ServerId(2);

  /** A snapshot of slot 6 has 21 pieces. */
  private static final int PIECES = 21;

  private final PlayedDuties behind = new PlayedDuties(0, 0);
  private final PlayedDuties other = new PlayedDuties(1, 0);
  private final PlayedDuties coordinator = new PlayedDuties(2, 0);
  private List<PlayedDuties> servers = List.of(behind, other, coordinator);

  /** How much of what each said has passed. */
  private final int[] passed = new int[3];

  /** What these send gets lost. */
  private final Set<ServerId> silent = new HashSet<>();

  /** Who asked, or was asked, for how many pieces. */
  private final List<ServerId> asked = new ArrayList<>();

  private final int[] pieces = new int[3];

  SnapshotSourcesTest() throws IOException {
    behind.hear(2, 6, true);
    behind.hear(1, 6, false);
  }

  private static void writeSnapshot(PlayedDuties server) throws IOException {
    server.applyLarge(6);
    server.duties.want();
    server.runBackground();
    assertEquals(Slot.of(6), server.snapshots.newest());
  }

  /** All that was said arrives, and what waits in the background is done. */
  private void pass(int times) {
    for (int i = 0; i < times; i++) {
      servers.forEach(this::passFrom);
      servers.forEach(PlayedDuties::runBackground);
    }
  }

  private void passFrom(PlayedDuties from) {
    for (int at = passed[from.id().number()]; at < from.sent.size(); at++) {
      PeerMessage message = from.sent.get(at);
      passed[from.id().number()] = at + 1;
      if (message instanceof PeerMessage.SnapshotRequest) {
        asked.add(from.receivers.get(at));
      }
      if (!silent.contains(from.id())) {
        pieces[from.id().number()]++;
        servers.get(from.receivers.get(at).number()).duties.onPeer(from.id(), message);
      }
    }
  }

  private void fetch() {
    behind.duties.fetch(COORDINATOR, Slot.of(5));
  }

  private int piecesOf(ServerId sender) {
    return pieces[sender.number()];
  }

  private long givenUp() {
    return behind.steps.stream().filter(Input.SnapshotGivenUp.class::isInstance).count();
  }

  private void checkInstalled() {
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertEquals(0, givenUp(), behind.lines::toString);
  }

  @Test
  void whoDoesNotCoordinateSendsIt() throws IOException {
    writeSnapshot(other);
    writeSnapshot(coordinator);
    fetch();
    pass(200);
    checkInstalled();
    assertEquals(List.of(OTHER, OTHER, OTHER), asked, "no request more than there must be");
    assertEquals(0, piecesOf(COORDINATOR));
  }

  /** What it holds and what comes would fill its memory. */
  @Test
  void aSnapshotThatHasNoRoomBesideTheStateIsKeptForTheNextStart() throws IOException {
    KeyValueStore small = KeyValueStore.inMemory(/* memoryBytes= */ 10 << 20);
    PlayedDuties full =
        new PlayedDuties(
            0, 0, PlayedDuties.journal(), NodeSettings.Snapshots.every(64 << 20), small);
    full.mayStartAnew = true;
    full.applyLarge(5);
    full.hear(2, 6, true);
    full.hear(1, 6, false);
    writeSnapshot(coordinator);
    writeSnapshot(other);
    servers = List.of(full, other, coordinator);
    full.duties.fetch(COORDINATOR, Slot.of(6));
    pass(200);
    assertEquals(1, full.starts, full.lines::toString);
    assertEquals(Slot.of(5), full.store.applied());
    assertEquals(Slot.of(6), full.snapshots.newest());
    KeyValueStore next = KeyValueStore.inMemory(10 << 20);
    assertEquals(
        List.of(), full.snapshots.restoreNewest(next, Optional.empty(), Slot.of(6)).refused());
    assertEquals(other.store.hash(), next.hash());
  }

  /** Its snapshot could only be one that the coordinator's log does not join. */
  @Test
  void whoHasNotComeFarEnoughIsNotAsked() throws IOException {
    writeSnapshot(coordinator);
    behind.hear(1, 4, false);
    fetch();
    pass(200);
    checkInstalled();
    assertFalse(asked.contains(OTHER));
  }

  /** The part that is there is of a snapshot that is the same on all. */
  @Test
  void anotherSendsTheRestWhenTheSenderFallsSilent() throws IOException {
    writeSnapshot(other);
    writeSnapshot(coordinator);
    fetch();
    pass(1);
    pass(1);
    assertEquals(8, piecesOf(OTHER));
    silent.add(OTHER);
    for (int i = 0; i < 20 && !asked.contains(COORDINATOR); i++) {
      behind.turnAfter(600 * MILLI);
      pass(1);
    }
    pass(200);
    checkInstalled();
    assertEquals(PIECES - 8, piecesOf(COORDINATOR), "the first eight are not sent again");

    // It is asked last for a while.
    asked.clear();
    behind.duties.fetch(COORDINATOR, Slot.of(5));
    pass(1);
    assertEquals(List.of(COORDINATOR), asked);
  }

  @Test
  void whoIsGoneIsNotWaitedFor() throws IOException {
    writeSnapshot(other);
    writeSnapshot(coordinator);
    fetch();
    pass(2);
    silent.add(OTHER);
    behind.step(new Input.PeerUnreachable(OTHER));
    behind.turnAfter(600 * MILLI);
    pass(200);
    checkInstalled();
    assertEquals(PIECES - 8, piecesOf(COORDINATOR));
  }

  @Test
  void anotherSendsAllOfItWhenWhatCameIsDamaged() throws IOException {
    writeSnapshot(other);
    writeSnapshot(coordinator);
    String file = other.disk.list().get(0);
    other.disk.flipBit(file, other.disk.bytes(file).length / 2, 3);
    fetch();
    pass(300);
    checkInstalled();
    assertEquals(PIECES, piecesOf(COORDINATOR));
  }

  /** The one that is further from clients writes it, and whoever has one sends it meanwhile. */
  @Test
  void theCoordinatorSendsTheOneThatItHasWhileAnotherWritesOne() throws IOException {
    other.applyLarge(6);
    writeSnapshot(coordinator);
    fetch();
    pass(200);
    checkInstalled();
    assertEquals(PIECES, piecesOf(COORDINATOR));
    assertEquals(Slot.of(6), other.snapshots.newest(), "the next one is sent this");
  }

  @Test
  void theCoordinatorWritesNoneWhileAnotherDoes() throws IOException {
    other.applyLarge(6);
    coordinator.applyLarge(6);
    fetch();
    pass(10);
    behind.turnAfter(150 * MILLI);
    assertEquals(1, givenUp());
    fetch();
    pass(200);
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertEquals(Slot.ZERO, coordinator.snapshots.newest());
    assertEquals(PIECES + 1, piecesOf(OTHER));
  }

  @Test
  void whoCannotWriteOneIsNotWaitedForWithoutEnd() throws IOException {
    other.applyLarge(6);
    other.disk.capacity(0);
    coordinator.applyLarge(6);
    for (int seconds = 0; seconds < 70; seconds += 2) {
      fetch();
      pass(5);
      behind.turnAfter(2_000 * MILLI);
    }
    fetch();
    pass(200);
    assertEquals(Slot.of(6), coordinator.snapshots.newest());
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertTrue(behind.lines.size() < 10, () -> "it is not said each time: " + behind.lines);
  }
}
