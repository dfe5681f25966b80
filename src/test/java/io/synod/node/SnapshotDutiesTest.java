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
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
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
import org.junit.jupiter.api.Test;

/** Snapshots without a node: what waits in the background, and what the protocol is told. */
class SnapshotDutiesTest {
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
    private long now;

    Played(int server, int applied) throws IOException {
      this(server, applied, journal());
    }

    /**
     * @param recovered what its journal has
     */
    Played(int server, int applied, Recovered recovered) throws IOException {
      PaxosSettings settings =
          new PaxosSettings(
              new ServerId(server),
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

    private static Recovered journal() {
      List<AcceptedValue> log = new ArrayList<>();
      for (int slot = 1; slot <= 10; slot++) {
        log.add(new AcceptedValue(Slot.of(slot), BALLOT, new Value.Noop()));
      }
      return new Recovered(
          Optional.of(FOUNDING),
          true,
          BALLOT,
          Ballot.LOWEST,
          Slot.ZERO,
          Optional.of(new MembershipInForce(Slot.ZERO, MEMBERSHIP)),
          log,
          Slot.of(10),
          Optional.empty(),
          Optional.empty());
    }

    void step(Input input) {
      steps.add(input);
      Output unused = paxos.step(input);
    }

    void turn() {
      turnAfter(1_000_000);
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
        new Input.SnapshotInstalled(Slot.of(10), new MembershipInForce(Slot.ZERO, MEMBERSHIP)));
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

  private static boolean asksForSnapshot(Output output) {
    return output.notices().stream().anyMatch(Notice.SnapshotNeeded.class::isInstance);
  }
}
