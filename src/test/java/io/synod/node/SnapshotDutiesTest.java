package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.MemoryLog;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.Result;
import io.synod.store.Snapshots;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Snapshots without a node: what waits in the background, and what the protocol is told. */
class SnapshotDutiesTest {
  private static final long MILLI = 1_000_000;
  private static final ClusterId CLUSTER = new ClusterId(new UUID(3, 4));
  private static final Ballot BALLOT = new Ballot(1, new ServerId(1));
  private static final List<Address> LISTED =
      List.of(new Address("a", 1), new Address("b", 1), new Address("c", 1));
  private static final Membership MEMBERSHIP =
      new Membership(Slot.ZERO, List.of(member(0), member(1), member(2)));

  private static final Founding FOUNDING = new Founding(CLUSTER, MEMBERSHIP);

  private static Member member(int server) {
    return new Member(
        new ServerId(server),
        incarnation(server),
        LISTED.get(server),
        new Address("clients", 1 + server),
        Member.Role.VOTER);
  }

  private static Incarnation incarnation(int server) {
    return new Incarnation(new UUID(7, server));
  }

  /** One server: its log is chosen up to slot 10, its store has applied as much as it is told. */
  private static final class Played implements Surroundings {
    final ArrayDeque<Runnable> background = new ArrayDeque<>();
    final List<PeerMessage> sent = new ArrayList<>();
    final List<Input> steps = new ArrayList<>();
    final List<String> lines = new ArrayList<>();
    final SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
    final KeyValueStore store = KeyValueStore.inMemory();
    final Paxos paxos;
    final Snapshots snapshots;
    final SnapshotDuties duties;
    private final ServerId id;
    private long now;

    Played(int server, int applied) throws IOException {
      this(server, applied, journal());
    }

    /**
     * @param recovered what its journal has
     */
    Played(int server, int applied, Recovered recovered) throws IOException {
      id = new ServerId(server);
      PaxosSettings settings =
          new PaxosSettings(
              id,
              incarnation(server),
              LISTED,
              new Address("clients", 1 + server),
              CLUSTER,
              1,
              50_000_000,
              500_000_000,
              64,
              1 << 20,
              0);
      paxos = new Paxos(settings, recovered);
      for (int slot = 1; slot <= applied; slot++) {
        store.skip(Slot.of(slot));
      }
      snapshots = Snapshots.open(disk);
      PeerNetwork nobody =
          new PeerNetwork() {
            @Override
            public void send(ServerId to, PeerMessage message) {
              throw new AssertionError("sent past the duties");
            }

            @Override
            public void flush() {}
          };
      duties =
          new SnapshotDuties(
              new Node.Parts(
                  paxos, new MemoryLog(() -> {}), store, snapshots, nobody, () -> {}, this),
              1 << 20,
              (to, message) -> sent.add(message),
              this::step);
    }

    ServerId id() {
      return id;
    }

    private static Recovered journal() {
      return journal(10, new Value.Noop());
    }

    /** So many slots, all chosen. */
    static Recovered journal(int slots, Value value) {
      List<AcceptedValue> log = new ArrayList<>();
      for (int slot = 1; slot <= slots; slot++) {
        log.add(new AcceptedValue(Slot.of(slot), BALLOT, value));
      }
      return new Recovered(
          Optional.of(FOUNDING),
          true,
          BALLOT,
          Ballot.LOWEST,
          Slot.ZERO,
          Optional.of(new MembershipInForce(Slot.ZERO, MEMBERSHIP)),
          log,
          Slot.of(slots),
          Optional.empty(),
          Optional.empty());
    }

    /** Applies so many slots, each with 1 MiB that nothing compresses. */
    void applyLarge(int slots) {
      UUID run = new UUID(5, 6);
      CommandEncoder commands = new CommandEncoder(2 << 20);
      commands.putOpenSession(new ServerId(1), run);
      List<Result> results = new ArrayList<>();
      apply(commands, results);
      long session = ((Result.SessionOpened) results.get(0)).session();
      SplittableRandom random = new SplittableRandom(1);
      for (int i = 1; i < slots; i++) {
        byte[] value = new byte[1 << 20];
        random.nextBytes(value);
        commands.putPut(session, i, i, Bytes.utf8("k" + i), Bytes.wrap(value));
        apply(commands, results);
      }
    }

    private void apply(CommandEncoder commands, List<Result> results) {
      store.apply(
          store.applied().next(),
          CommandFormat.batch(1, List.of(commands.take())),
          (session, sequence, result) -> results.add(result));
    }

    void step(Input input) {
      steps.add(input);
      Output unused = paxos.step(input);
    }

    void turn() {
      turnAfter(MILLI);
    }

    void turnAfter(long nanos) {
      now += nanos;
      boolean unused = duties.turn(now);
    }

    /** All of it, and the turns in which it comes back. */
    void runBackground() {
      turn();
      Runnable work;
      while ((work = background.poll()) != null) {
        work.run();
        turn();
      }
    }

    @Override
    public void wake() {}

    @Override
    public void inBackground(Runnable work) {
      background.add(work);
    }

    @Override
    public void notice(Notice notice) {}

    @Override
    public void report(String line) {
      lines.add(line);
    }

    @Override
    public void startAnew() {
      throw new AssertionError("started anew");
    }

    @Override
    public long monotonicNanos() {
      return 0;
    }

    @Override
    public long wallMillis() {
      return 0;
    }
  }

  private static Played withSnapshot(int applied) throws IOException {
    Played played = new Played(1, applied);
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
    Played played = withSnapshot(5);
    for (int i = 0; i < 1_000; i++) {
      played.duties.onPeer(new ServerId(0), request());
    }
    assertEquals(1, played.background.size());
    played.duties.onPeer(new ServerId(2), request());
    assertEquals(2, played.background.size());
    played.runBackground();
    assertEquals(2, played.sent.size());
    assertInstanceOf(PeerMessage.SnapshotChunk.class, played.sent.get(0));
    played.duties.onPeer(new ServerId(0), request());
    played.runBackground();
    assertEquals(3, played.sent.size(), "it asks again when it was answered");
  }

  @Test
  void ofManyPeersOnlySomeAreSentPiecesAtATime() throws IOException {
    Played played = withSnapshot(5);
    for (int peer = 2; peer < 1_000; peer++) {
      played.duties.onPeer(new ServerId(peer), request());
    }
    int atATime = played.background.size();
    assertTrue(atATime > 1 && atATime <= 16, atATime + " wait");
    played.runBackground();
    assertEquals(atATime, played.sent.size());
  }

  /** Its place is given back whatever came of it. */
  @Test
  void aPeerThatAskedForOneThatIsGoneIsAnsweredAndMayAskAgain() throws IOException {
    Played played = withSnapshot(5);
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
    Played sender = withSnapshot(5);
    Played behind = new Played(0, 0);
    ServerId from = new ServerId(1);
    // Its log ends at slot 10, the sender's begins behind slot 20.
    Input cut =
        new Input.Received(
            from,
            incarnation(1),
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
  private static void fetch(Played behind, Played sender) {
    long before = givenUp(behind);
    behind.duties.fetchFrom(new ServerId(1));
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

  private static long givenUp(Played played) {
    return played.steps.stream().filter(Input.SnapshotGivenUp.class::isInstance).count();
  }

  /** A disk that runs full stops the server, and asking again at once would fill its log. */
  @Test
  void whatTheDiskHasNoRoomForIsSaidWithFiguresAndAskedForAgainLater() throws IOException {
    Played sender = withSnapshot(5);
    Played behind = new Played(0, 0);
    behind.disk.capacity(100);

    fetch(behind, sender);
    String said = String.join("\n", behind.lines);
    assertTrue(said.matches("(?s).* needs \\d+ bytes on disk, and 100 are free.*"), said);
    assertEquals(List.of(), behind.disk.list(), "nothing is begun");
    int lines = behind.lines.size();
    behind.turnAfter(2_000_000_000);
    behind.duties.fetchFrom(new ServerId(1));
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
    Played server = new Played(1, 5);
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

  private static String snapshotFile(Played played) throws IOException {
    return played.disk.list().stream().filter(name -> name.contains("5")).findAny().orElseThrow();
  }

  /** A snapshot that was installed may be all that it knows of the cluster. */
  @Test
  void aReplacementWaitsUntilItIsKnownHowTheClusterWasFounded() throws IOException {
    Played server = new Played(0, 10, Recovered.nothing());
    server.step(
        new Input.SnapshotInstalled(
            Slot.of(10), new MembershipInForce(Slot.ZERO, MEMBERSHIP), VersionInForce.FIRST));
    server.duties.replaceSnapshot();
    server.runBackground();
    assertEquals(Slot.ZERO, server.snapshots.newest());

    server.step(
        new Input.Received(new ServerId(1), incarnation(1), new Message.FoundingOpened(FOUNDING)));
    server.runBackground();
    assertEquals(Slot.of(10), server.snapshots.newest());
  }

  /** It would be sent again and again until the scrub comes by, which may take hours. */
  @Test
  void aSnapshotThatRottedIsFoundOutWhenAPeerAsksForItAnew() throws IOException {
    Played sender = withSnapshot(5);
    Played behind = new Played(0, 0);
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
    Played sender = withSnapshot(5);
    String file = snapshotFile(sender);
    sender.disk.makeUnreadable(file, 0);
    for (int i = 0; i < 3; i++) {
      sender.duties.onPeer(new ServerId(0), request());
      sender.runBackground();
    }
    assertTrue(
        sender.lines.stream().anyMatch(line -> line.contains("set aside")), sender.lines::toString);
    Played behind = new Played(0, 0);
    fetch(behind, sender);
    assertEquals(Slot.of(5), behind.store.applied(), behind.lines::toString);
  }

  // ---- many pieces
  // -------------------------------------------------------------------------------------------------------------

  /** Each has the same five MiB: a snapshot of 21 pieces. */
  private static Played withLargeSnapshot(int server) throws IOException {
    Played played = new Played(server, 0);
    played.applyLarge(6);
    played.duties.want();
    played.runBackground();
    assertEquals(Slot.of(6), played.snapshots.newest());
    return played;
  }

  /** What two say to each other, from now on. */
  private static final class Wire {
    private final Played behind;
    private final Played sender;
    private int said;
    private int answered;

    /** Of the sender; empty: it got lost. */
    Function<PeerMessage.SnapshotChunk, Optional<PeerMessage>> onTheWay = Optional::of;

    int requests;
    int pieces;

    Wire(Played behind, Played sender) {
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
      behind.duties.fetchFrom(sender.id());
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
    Played behind = new Played(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    behind.duties.fetchFrom(new ServerId(1));
    wire.pass(200);
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertEquals(21, wire.pieces);
    assertEquals(3, wire.requests);
  }

  @Test
  void aPieceThatWasDamagedOnTheWayIsAskedForAgainWithWhatIsBehindIt() throws IOException {
    Played behind = new Played(0, 0);
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
    Played behind = new Played(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    wire.onTheWay = chunk -> wire.pieces == 12 ? Optional.empty() : Optional.of(chunk);
    wire.fetchWithABreakAfter(16);
    assertEquals(16 + 10, wire.pieces);
  }

  /** Eight pieces come, then the sender falls silent until it is given up. */
  private static Played withAPart() throws IOException {
    Played behind = new Played(0, 0);
    Wire wire = new Wire(behind, withLargeSnapshot(1));
    behind.duties.fetchFrom(new ServerId(1));
    wire.pass();
    assertEquals(8, wire.pieces);
    for (int i = 0; i < 20 && givenUp(behind) == 0; i++) {
      behind.turnAfter(600 * MILLI);
    }
    behind.runBackground();
    assertEquals(1, givenUp(behind));
    return behind;
  }

  private static boolean hasAPart(Played played) throws IOException {
    return played.disk.list().stream().anyMatch(name -> name.contains("receiving"));
  }

  @Test
  void whoeverIsAskedNextGoesOnWithWhatThereIs() throws IOException {
    Played behind = withAPart();
    Wire wire = new Wire(behind, withLargeSnapshot(2));
    behind.duties.fetchFrom(new ServerId(2));
    wire.pass(200);
    assertEquals(Slot.of(6), behind.store.applied(), behind.lines::toString);
    assertEquals(21 - 8, wire.pieces);
    assertFalse(hasAPart(behind));
  }

  @Test
  void whoeverHasAnotherOneIsAskedForAllOfIt() throws IOException {
    Played behind = withAPart();
    Played other = withSnapshot(9);
    Wire wire = new Wire(behind, other);
    behind.duties.fetchFrom(new ServerId(1));
    wire.pass(5);
    assertEquals(2, givenUp(behind), behind.lines::toString);
    assertFalse(hasAPart(behind));
    behind.duties.fetchFrom(new ServerId(1));
    wire.pass(5);
    assertEquals(Slot.of(9), behind.store.applied(), behind.lines::toString);
  }

  @Test
  void whatNobodyGoesOnWithIsDeleted() throws IOException {
    Played behind = withAPart();
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
    Played sender = withLargeSnapshot(1);
    sender.duties.onPeer(new ServerId(0), request());
    sender.runBackground();
    assertEquals(8, sender.sent.size());
    sender.duties.onPeer(
        new ServerId(0), new PeerMessage.SnapshotRequest(Slot.of(6), 2 << 20, Slot.of(1)));
    for (int millis = 0; millis < 30; millis++) {
      sender.turn();
    }
    assertEquals(0, sender.background.size(), "two MiB take 31 ms");
    sender.turn();
    sender.turn();
    sender.runBackground();
    assertEquals(16, sender.sent.size());
  }

  /** Whoever is sent the one before would find the log cut behind it, and begin again, for ever. */
  @Test
  void theLogIsKeptForWhomASnapshotIsSentTo() throws IOException {
    Value large = new Value.Batch(Bytes.wrap(new byte[100_000]));
    for (boolean helps : List.of(false, true)) {
      Played sender = new Played(1, 5, Played.journal(60, large));
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
    Played server = withSnapshot(5);
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
    Played sender = withLargeSnapshot(1);
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
