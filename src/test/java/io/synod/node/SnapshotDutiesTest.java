package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Bytes;
import io.synod.paxos.Input;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.Output;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.NewerFormats;
import io.synod.store.SnapshotReceiver;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Snapshots without a node: what waits in the background, and what the protocol is told. */
class SnapshotDutiesTest {
  private static final long MILLI = PlayedDuties.MILLI;

  private static PlayedDuties withSnapshot(int applied) throws IOException {
    PlayedDuties played = new PlayedDuties(1, applied);
    played.duties.want();
    played.runBackground();
    assertEquals(Slot.of(applied), played.snapshots.newest());
    return played;
  }

  private static PeerMessage.SnapshotRequest request() {
    return new PeerMessage.SnapshotRequest(Slot.ZERO, 0, Slot.of(1));
  }

  /** A peer that asks without end, while the disk here is slow, does not fill the memory. */
  @Test
  void whatAPeerAsksWhileItsRequestWaitsIsDropped() throws IOException {
    PlayedDuties played = withSnapshot(5);
    for (int i = 0; i < 1_000; i++) {
      played.duties.onPeer(new ServerId(0), request());
    }
    assertEquals(1, played.background.size());
    played.duties.onPeer(new ServerId(2), request());
    assertEquals(1, played.background.size(), "one after the other");
    played.runBackground();
    assertEquals(2, played.sent.size());
    assertInstanceOf(PeerMessage.SnapshotChunk.class, played.sent.get(0));
    played.duties.onPeer(new ServerId(0), request());
    played.runBackground();
    assertEquals(3, played.sent.size(), "it asks again when it was answered");
  }

  @Test
  void ofManyPeersOnlySomeAreSentPiecesAtATime() throws IOException {
    PlayedDuties played = withSnapshot(5);
    for (int peer = 2; peer < 1_000; peer++) {
      played.duties.onPeer(new ServerId(peer), request());
    }
    assertEquals(1, played.background.size());
    played.runBackground();
    assertEquals(8, played.sent.size());
  }

  /** Its place is given back whatever came of it. */
  @Test
  void aPeerThatAskedForOneThatIsGoneIsAnsweredAndMayAskAgain() throws IOException {
    PlayedDuties played = withSnapshot(5);
    PeerMessage.SnapshotRequest gone = new PeerMessage.SnapshotRequest(Slot.of(77), 0, Slot.of(1));
    played.duties.onPeer(new ServerId(0), gone);
    played.runBackground();
    assertEquals(
        Slot.ZERO, ((PeerMessage.SnapshotChunk) played.sent.get(0)).snapshot(), "none of slot 77");
    played.duties.onPeer(new ServerId(0), request());
    played.runBackground();
    assertEquals(Slot.of(5), ((PeerMessage.SnapshotChunk) played.sent.get(1)).snapshot());
  }

  /**
   * The store had lost its snapshot, and is given one of a slot that the log knows to be chosen:
   * the next answer that needs a snapshot may ask for one.
   */
  @Test
  void aSnapshotBehindTheChosenPrefixIsNotUnderWayAnyMore() throws IOException {
    PlayedDuties sender = withSnapshot(5);
    PlayedDuties behind = new PlayedDuties(0, 0);
    ServerId from = new ServerId(1);
    // Its log ends at slot 10, the sender's begins behind slot 20.
    Input cut =
        new Input.Received(
            from,
            PlayedDuties.incarnation(1),
            new Message.Fetched(Slot.of(11), List.of(), Slot.of(20), Slot.of(30)));
    assertTrue(asksForSnapshot(behind.paxos.step(cut)));
    assertFalse(asksForSnapshot(behind.paxos.step(cut)), "one at a time");

    fetch(behind, sender);

    assertEquals(Slot.of(5), behind.store.applied(), behind.lines::toString);
    assertEquals(Slot.of(10), behind.paxos.chosen());
    assertEquals(Slot.ZERO, behind.paxos.cut(), "the log stays as it is");
    assertTrue(asksForSnapshot(behind.paxos.step(cut)));
  }

  /** Until it is installed, or given up. */
  private static void fetch(PlayedDuties behind, PlayedDuties sender) {
    long before = givenUp(behind);
    behind.duties.fetch(new ServerId(1), Slot.ZERO);
    for (int i = 0; i < 100 && behind.store.applied().equals(Slot.ZERO); i++) {
      sender.duties.onPeer(new ServerId(0), behind.sent.get(behind.sent.size() - 1));
      sender.runBackground();
      behind.duties.onPeer(new ServerId(1), sender.sent.get(sender.sent.size() - 1));
      behind.runBackground();
      if (givenUp(behind) > before) {
        return;
      }
    }
  }

  private static long givenUp(PlayedDuties played) {
    return played.steps.stream().filter(Input.SnapshotGivenUp.class::isInstance).count();
  }

  /** A disk that runs full stops the server, and asking again at once would fill its log. */
  @Test
  void whatTheDiskHasNoRoomForIsSaidWithFiguresAndAskedForAgainLater() throws IOException {
    PlayedDuties sender = withSnapshot(5);
    PlayedDuties behind = new PlayedDuties(0, 0);
    behind.disk.capacity(100);

    fetch(behind, sender);
    String said = String.join("\n", behind.lines);
    assertTrue(said.matches("(?s).* needs \\d+ bytes on disk, and 100 are free.*"), said);
    assertEquals(List.of(), behind.disk.list(), "nothing is begun");
    int lines = behind.lines.size();
    behind.turnAfter(2_000_000_000);
    behind.duties.fetch(new ServerId(1), Slot.ZERO);
    assertEquals(0, givenUp(behind));
    assertEquals(lines, behind.lines.size(), said);

    behind.disk.capacity(Long.MAX_VALUE);
    behind.turnAfter(2_000_000_000);
    assertEquals(1, givenUp(behind));
    fetch(behind, sender);
    assertEquals(Slot.of(5), behind.store.applied(), behind.lines::toString);
  }

  @Test
  void aSnapshotOfItsOwnIsNotBegunWithoutRoomForIt() throws IOException {
    PlayedDuties server = new PlayedDuties(1, 5);
    Bytes large = Bytes.wrap(new byte[10_000]);
    CommandEncoder encoder = new CommandEncoder(1 << 16);
    encoder.putOpenSession(new ServerId(1), new UUID(1, 1));
    encoder.putPut(1, 1, 1, Bytes.utf8("key"), large);
    server.store.apply(
        Slot.of(6),
        CommandFormat.batch(1, List.of(encoder.take())),
        (session, sequence, result) -> {});
    server.disk.capacity(10_000);
    server.duties.want();
    server.runBackground();
    assertEquals(List.of(), server.disk.list());
    String said = String.join("\n", server.lines);
    assertTrue(said.contains(" bytes on disk, and 10000 are free"), said);

    server.disk.capacity(Long.MAX_VALUE);
    server.duties.want();
    server.turnAfter(3_001 * MILLI);
    server.runBackground();
    assertEquals(Slot.of(6), server.snapshots.newest());
  }

  private static String snapshotFile(PlayedDuties played) throws IOException {
    return played.disk.list().stream().filter(name -> name.contains("5")).findAny().orElseThrow();
  }

  /** A snapshot that was installed may be all that it knows of the cluster. */
  @Test
  void aReplacementWaitsUntilItIsKnownHowTheClusterWasFounded() throws IOException {
    PlayedDuties server = new PlayedDuties(0, 10, Recovered.nothing());
    server.step(
        new Input.SnapshotInstalled(
            Slot.of(10),
            new MembershipInForce(Slot.ZERO, PlayedDuties.MEMBERSHIP),
            VersionInForce.FIRST));
    server.duties.replaceSnapshot();
    server.runBackground();
    assertEquals(Slot.ZERO, server.snapshots.newest());

    server.step(
        new Input.Received(
            new ServerId(1),
            PlayedDuties.incarnation(1),
            new Message.FoundingOpened(PlayedDuties.FOUNDING)));
    server.runBackground();
    assertEquals(Slot.of(10), server.snapshots.newest());
  }

  /** It would be sent again and again until the scrub comes by, which may take hours. */
  @Test
  void aSnapshotThatRottedIsFoundOutWhenAPeerAsksForItAnew() throws IOException {
    PlayedDuties sender = withSnapshot(5);
    PlayedDuties behind = new PlayedDuties(0, 0);
    String file = snapshotFile(sender);
    sender.disk.flipBit(file, sender.disk.bytes(file).length / 2, 3);

    fetch(behind, sender);
    assertEquals(Slot.ZERO, behind.store.applied());
    assertEquals(Slot.of(5), sender.snapshots.newest(), "sent once, it counts as whole");

    fetch(behind, sender);
    assertTrue(
        sender.lines.stream().anyMatch(line -> line.contains("set aside")), sender.lines::toString);
    sender.runBackground();
    fetch(behind, sender);
    assertEquals(Slot.of(5), behind.store.applied(), behind.lines::toString);
  }

  /** It would fail for the peer, and be asked for again, until the scrub comes by. */
  @Test
  void aSnapshotThatCannotBeReadIsFoundOutWhenAPeerAsksForItAnew() throws IOException {
    PlayedDuties sender = withSnapshot(5);
    String file = snapshotFile(sender);
    sender.disk.makeUnreadable(file, 0);
    for (int i = 0; i < 3; i++) {
      sender.duties.onPeer(new ServerId(0), request());
      sender.runBackground();
    }
    assertTrue(
        sender.lines.stream().anyMatch(line -> line.contains("set aside")), sender.lines::toString);
    PlayedDuties behind = new PlayedDuties(0, 0);
    fetch(behind, sender);
    assertEquals(Slot.of(5), behind.store.applied(), behind.lines::toString);
  }

  /** All of a snapshot in one piece, as a peer sends it. */
  private static void isSent(PlayedDuties behind, ServerId from, Slot slot, byte[] snapshot) {
    behind.duties.fetch(from, Slot.ZERO);
    Bytes bytes = Bytes.wrap(snapshot);
    behind.duties.onPeer(
        from,
        new PeerMessage.SnapshotChunk(
            slot,
            0,
            snapshot.length,
            bytes.slice(snapshot.length - 32, snapshot.length),
            SnapshotReceiver.crc(bytes),
            bytes));
    behind.runBackground();
  }

  /** The sender is of a newer release: its snapshots are no damage, and no use here yet. */
  @Test
  void aSnapshotOfANewerReleaseIsRefusedByNameAndAskedForAgainEverLater() throws IOException {
    PlayedDuties sender = withSnapshot(5);
    byte[] known = sender.disk.bytes(snapshotFile(sender));
    ServerId newer = new ServerId(1);
    PlayedDuties behind = new PlayedDuties(0, 0);
    for (int attempt = 0; attempt < 4; attempt++) {
      isSent(behind, newer, Slot.of(5), NewerFormats.snapshotOfVersion(99, known));
      String said = String.join("\n", behind.lines);
      assertEquals(attempt + 1, behind.lines.size(), said);
      assertTrue(behind.lines.get(attempt).contains("what server 1 sends"), said);
      assertTrue(behind.lines.get(attempt).contains("of version 99; this server knows 4"), said);
      assertEquals(List.of(), behind.disk.list(), "nothing of it stays");
      int asked = behind.sent.size();
      behind.turnAfter((3_000_000_000L << attempt) - 2 * MILLI);
      behind.duties.fetch(newer, Slot.ZERO);
      assertEquals(asked, behind.sent.size(), "it is not asked at once");
      assertEquals(attempt, givenUp(behind));
      behind.turnAfter(4 * MILLI);
      assertEquals(attempt + 1, givenUp(behind));
    }
    // One of the same release has one, too.
    isSent(behind, new ServerId(2), Slot.of(5), known);
    assertEquals(Slot.of(5), behind.store.applied(), behind.lines::toString);
  }

  /** It shows only when the rows are read. */
  @Test
  void aSnapshotWithARowOfANewerReleaseIsRefusedByName() throws IOException {
    PlayedDuties sender = new PlayedDuties(1, 0);
    sender.applyLarge(2);
    sender.duties.want();
    sender.runBackground();
    PlayedDuties behind = new PlayedDuties(0, 0);
    byte[] known = sender.disk.bytes(sender.disk.list().get(0));
    isSent(behind, new ServerId(1), Slot.of(2), NewerFormats.snapshotWithRowOfForm(3, known));
    assertEquals(1, behind.lines.size(), behind.lines::toString);
    assertTrue(behind.lines.get(0).contains("a row of form 3, written by a newer version"));
    assertEquals(List.of(), behind.disk.list(), "nothing of it stays");
    assertEquals(Slot.ZERO, behind.store.applied());
  }

  // ---- many pieces
  // -------------------------------------------------------------------------------------------------------------

  /** Each has the same five MiB: a snapshot of 21 pieces. */
  private static PlayedDuties withLargeSnapshot(int server) throws IOException {
    PlayedDuties played = new PlayedDuties(server, 0);
    played.applyLarge(6);
    played.duties.want();
    played.runBackground();
    assertEquals(Slot.of(6), played.snapshots.newest());
    return played;
  }

  /** What two say to each other, from now on. */
  private static final class Wire {
    private final PlayedDuties behind;
    private final PlayedDuties sender;
    private int said;
    private int answered;

    /** Of the sender; empty: it got lost. */
    Function<PeerMessage.SnapshotChunk, Optional<PeerMessage>> onTheWay = Optional::of;

    int requests;
    int pieces;

    Wire(PlayedDuties behind, PlayedDuties sender) {
      this.behind = behind;
      this.sender = sender;
      this.said = behind.sent.size();
      this.answered = sender.sent.size();
    }

    /** What was said goes to the other, and what waits in the background is done. */
    void pass() {
      while (said < behind.sent.size()) {
        requests++;
        sender.duties.onPeer(new ServerId(0), behind.sent.get(said++));
      }
      sender.runBackground();
      while (answered < sender.sent.size()) {
        pieces++;
        onTheWay
            .apply((PeerMessage.SnapshotChunk) sender.sent.get(answered++))
            .ifPresent(message -> behind.duties.onPeer(sender.id(), message));
      }
      behind.runBackground();
    }

    /** Nothing comes any more behind so many pieces, until it is asked for again. */
    void fetchWithABreakAfter(int sent) {
      behind.duties.fetch(sender.id(), Slot.ZERO);
      pass(100);
      assertEquals(sent, pieces);
      behind.turnAfter(600 * MILLI);
      pass(200);
      assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    }

    void pass(int times) {
      for (int i = 0; i < times; i++) {
        pass();
      }
    }
  }

  @Test
  void aRequestIsAnsweredBySomePieces() throws IOException {
    PlayedDuties behind = new PlayedDuties(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    behind.duties.fetch(new ServerId(1), Slot.ZERO);
    wire.pass(200);
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertEquals(21, wire.pieces);
    assertEquals(3, wire.requests);
  }

  @Test
  void aPieceThatWasDamagedOnTheWayIsAskedForAgainWithWhatIsBehindIt() throws IOException {
    PlayedDuties behind = new PlayedDuties(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    wire.onTheWay =
        chunk ->
            Optional.of(
                wire.pieces == 4
                    ? new PeerMessage.SnapshotChunk(
                        chunk.snapshot(),
                        chunk.offset(),
                        chunk.sizeBytes(),
                        chunk.sha256(),
                        chunk.crc() ^ 1,
                        chunk.bytes())
                    : chunk);
    // The next eight are asked for before the first eight are looked at.
    wire.fetchWithABreakAfter(16);
    assertEquals(16 + 18, wire.pieces, "the first three are not sent again");
  }

  @Test
  void aPieceThatGotLostIsAskedForAgainWithWhatIsBehindIt() throws IOException {
    PlayedDuties behind = new PlayedDuties(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    wire.onTheWay = chunk -> wire.pieces == 12 ? Optional.empty() : Optional.of(chunk);
    wire.fetchWithABreakAfter(16);
    assertEquals(16 + 10, wire.pieces);
  }

  /** Eight pieces come, then the sender falls silent until it is given up. */
  private static PlayedDuties withAPart() throws IOException {
    PlayedDuties behind = new PlayedDuties(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    behind.duties.fetch(new ServerId(1), Slot.ZERO);
    wire.pass();
    assertEquals(8, wire.pieces);
    for (int i = 0; i < 20 && givenUp(behind) == 0; i++) {
      behind.turnAfter(600 * MILLI);
    }
    behind.runBackground();
    assertEquals(1, givenUp(behind));
    return behind;
  }

  private static boolean hasAPart(PlayedDuties played) throws IOException {
    return played.disk.list().stream().anyMatch(name -> name.contains("receiving"));
  }

  @Test
  void whoeverIsAskedNextGoesOnWithWhatThereIs() throws IOException {
    PlayedDuties behind = withAPart();
    Wire wire = new Wire(behind, withLargeSnapshot(2));
    behind.duties.fetch(new ServerId(2), Slot.ZERO);
    wire.pass(200);
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertEquals(21 - 8, wire.pieces);
    assertFalse(hasAPart(behind));
  }

  @Test
  void whoeverHasAnotherOneIsAskedForAllOfIt() throws IOException {
    PlayedDuties behind = withAPart();
    PlayedDuties other = withSnapshot(9);
    Wire wire = new Wire(behind, other);
    behind.duties.fetch(new ServerId(1), Slot.ZERO);
    wire.pass(5);
    assertEquals(1, givenUp(behind), "it is not asked again at once");
    behind.turnAfter(150 * MILLI);
    assertEquals(2, givenUp(behind), behind.lines::toString);
    assertFalse(hasAPart(behind));
    behind.duties.fetch(new ServerId(1), Slot.ZERO);
    wire.pass(5);
    assertEquals(Slot.of(9), behind.store.applied(), behind.lines::toString);
  }

  @Test
  void whatNobodyGoesOnWithIsDeleted() throws IOException {
    PlayedDuties behind = withAPart();
    assertTrue(hasAPart(behind));
    behind.turnAfter(30_000 * MILLI);
    behind.runBackground();
    assertTrue(hasAPart(behind));
    behind.turnAfter(31_000 * MILLI);
    behind.runBackground();
    assertFalse(hasAPart(behind));
  }

  /** 64 MiB a second, unless it is configured. */
  @Test
  void aPeerIsNotSentMoreASecondThanIsAllowed() throws IOException {
    PlayedDuties sender = withLargeSnapshot(1);
    sender.duties.onPeer(new ServerId(0), request());
    sender.runBackground();
    assertEquals(8, sender.sent.size());
    sender.duties.onPeer(
        new ServerId(0), new PeerMessage.SnapshotRequest(Slot.of(6), 2 << 20, Slot.of(1)));
    long rest = sender.duties.restNanos();
    assertTrue(rest > 25 * MILLI && rest < 32 * MILLI, "two MiB take 31 ms, not " + rest + " ns");
    sender.turnAfter(rest - 1);
    assertEquals(0, sender.background.size());
    sender.turnAfter(1);
    assertEquals(1, sender.background.size(), "due when it said so");
    sender.runBackground();
    assertEquals(16, sender.sent.size());
  }

  @Test
  void allPeersTogetherAreNotSentMoreASecondThanIsAllowedAndEachAsMuchAsTheOthers()
      throws IOException {
    NodeSettings.Snapshots slow =
        new NodeSettings.Snapshots(
            1 << 20, 12 << 20, 8 << 20, NodeSettings.Snapshots.USUAL_HELP_NANOS);
    PlayedDuties sender = new PlayedDuties(1, 0, slow);
    sender.applyLarge(6);
    sender.duties.want();
    sender.runBackground();
    for (int peer : new int[] {0, 2, 3}) {
      sender.duties.onPeer(new ServerId(peer), request());
    }
    long began = sender.now();
    while (sender.now() - began < 500 * MILLI) {
      sender.runBackground();
    }
    int pieces = sender.sent.size();
    assertTrue(pieces >= 14 && pieces <= 17, pieces + " pieces of 256 KiB, at 8 MiB a second");
    for (int peer : new int[] {0, 2, 3}) {
      long share = sender.receivers.stream().filter(new ServerId(peer)::equals).count();
      assertTrue(share >= pieces / 3, () -> share + " of " + pieces + " to " + peer);
    }
  }

  /** Whoever is sent the one before would find the log cut behind it, and begin again, for ever. */
  @Test
  void theLogIsKeptForWhomASnapshotIsSentTo() throws IOException {
    Value large = new Value.Batch(Bytes.wrap(new byte[100_000]));
    for (boolean helps : List.of(false, true)) {
      PlayedDuties sender = new PlayedDuties(1, 5, PlayedDuties.journal(60, large));
      sender.duties.want();
      sender.runBackground();
      if (helps) {
        sender.duties.onPeer(new ServerId(0), request());
        sender.runBackground();
      }
      for (int slot = 6; slot <= 60; slot++) {
        sender.store.skip(Slot.of(slot));
      }
      sender.duties.want();
      sender.runBackground();
      assertEquals(Slot.of(60), sender.snapshots.newest());
      assertEquals(!helps, sender.paxos.cut().isAfter(Slot.of(5)), sender.paxos.cut()::toString);
    }
  }

  @Test
  void aReplacementThatFoundNoRoomIsStillDueAfterARest() throws IOException {
    PlayedDuties server = withSnapshot(5);
    for (int slot = 6; slot <= 8; slot++) {
      server.store.skip(Slot.of(slot));
    }
    server.disk.capacity(0);
    server.duties.replaceSnapshot();
    server.runBackground();
    assertEquals(2, server.lines.size(), "the first, and that there is no room");
    server.turnAfter(2_000 * MILLI);
    assertEquals(0, server.background.size(), "it rests");
    server.disk.capacity(1 << 20);
    server.turnAfter(2_000 * MILLI);
    server.runBackground();
    assertEquals(Slot.of(8), server.snapshots.newest());
  }

  /** A peer that fell silent, or went on with another's, would keep it on this disk. */
  @Test
  void aSnapshotThatNobodyAsksForAnyMoreIsLetGoOf() throws IOException {
    PlayedDuties sender = withLargeSnapshot(1);
    sender.duties.onPeer(new ServerId(0), request());
    sender.runBackground();
    sender.store.skip(Slot.of(7));
    sender.duties.want();
    sender.runBackground();
    assertEquals(2, sender.disk.list().size(), "one is being sent");
    sender.turnAfter(61_000 * MILLI);
    sender.runBackground();
    sender.store.skip(Slot.of(8));
    sender.duties.want();
    sender.runBackground();
    assertEquals(1, sender.disk.list().size());
  }

  private static boolean asksForSnapshot(Output output) {
    return output.notices().stream().anyMatch(Notice.SnapshotNeeded.class::isInstance);
  }
}
