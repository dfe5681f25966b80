package io.synod.node;

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
import io.synod.paxos.Standing;
import io.synod.paxos.Value;
import io.synod.paxos.VersionRange;
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

/**
 * A server without a node: its log is chosen up to slot 10, its store has applied as much as it is
 * told.
 */
final class PlayedDuties implements Surroundings {
  static final long MILLI = 1_000_000;

  private static final NodeSettings.Snapshots USUAL = NodeSettings.Snapshots.every(1 << 20);
  private static final ClusterId CLUSTER = new ClusterId(new UUID(3, 4));
  private static final Ballot BALLOT = new Ballot(1, new ServerId(1));
  private static final List<Address> LISTED =
      List.of(new Address("a", 1), new Address("b", 1), new Address("c", 1));
  static final Membership MEMBERSHIP =
      new Membership(Slot.ZERO, List.of(member(0), member(1), member(2)));

  static final Founding FOUNDING = new Founding(CLUSTER, MEMBERSHIP);

  private static Member member(int server) {
    return new Member(
        new ServerId(server),
        incarnation(server),
        LISTED.get(server),
        new Address("clients", 1 + server),
        Member.Role.VOTER);
  }

  static Incarnation incarnation(int server) {
    return new Incarnation(new UUID(7, server));
  }

  final ArrayDeque<Runnable> background = new ArrayDeque<>();
  final List<PeerMessage> sent = new ArrayList<>();

  /** Of each that was sent. */
  final List<ServerId> receivers = new ArrayList<>();

  final List<Input> steps = new ArrayList<>();
  final List<String> lines = new ArrayList<>();
  final SimulatedDisk disk = new SimulatedDisk("disk", new SplittableRandom(1));
  final KeyValueStore store;
  final Paxos paxos;
  final Snapshots snapshots;
  final SnapshotDuties duties;
  private final ServerId id;

  boolean mayStartAnew;

  /** How often it was to start anew. */
  int starts;

  private long now;
  private long protocolNanos;
  private long pings;

  PlayedDuties(int server, int applied) throws IOException {
    this(server, applied, journal());
  }

  /**
   * @param recovered what its journal has
   */
  PlayedDuties(int server, int applied, Recovered recovered) throws IOException {
    this(server, applied, recovered, USUAL, KeyValueStore.inMemory());
  }

  PlayedDuties(int server, int applied, NodeSettings.Snapshots settings) throws IOException {
    this(server, applied, journal(), settings, KeyValueStore.inMemory());
  }

  PlayedDuties(
      int server,
      int applied,
      Recovered recovered,
      NodeSettings.Snapshots snapshotSettings,
      KeyValueStore store)
      throws IOException {
    this.store = store;
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
            snapshotSettings,
            id,
            this::send,
            this::step);
  }

  ServerId id() {
    return id;
  }

  long now() {
    return now;
  }

  private void send(ServerId to, PeerMessage message) {
    sent.add(message);
    receivers.add(to);
  }

  /** A server is heard, which has applied so much; a coordinator has a ballot above all others. */
  void hear(int server, int applied, boolean coordinates) {
    ServerId from = new ServerId(server);
    protocolNanos += 60 * MILLI;
    pings +=
        paxos.step(new Input.TimePassed(protocolNanos, 0, store.applied())).sendNow().stream()
            .map(Output.Send::message)
            .filter(Message.Ping.class::isInstance)
            .map(message -> ((Message.Ping) message).number() - pings)
            .max(Long::compare)
            .orElse(0L);
    Ballot ballot = coordinates ? new Ballot(7, from) : BALLOT;
    Standing standing =
        new Standing(
            ballot,
            coordinates ? Optional.of(ballot) : Optional.empty(),
            coordinates,
            Slot.of(applied),
            Slot.of(applied),
            Slot.ZERO,
            0,
            List.of(),
            0,
            /* leaving= */ false,
            /* inDoubt= */ false,
            VersionRange.FIRST_ONLY,
            /* witness= */ Optional.empty());
    Message pong = new Message.Pong(pings, standing, BALLOT, Slot.of(applied));
    Output unused = paxos.step(new Input.Received(from, incarnation(server), pong));
  }

  /** Nobody is heard for so long. */
  void hearNobody(long nanos) {
    long end = protocolNanos + nanos;
    while (protocolNanos < end) {
      protocolNanos += 40 * MILLI;
      Output unused = paxos.step(new Input.TimePassed(protocolNanos, 0, store.applied()));
    }
  }

  /** The next slot is chosen, and applied: so many bytes that change nothing. */
  void applyNext(int sizeBytes) {
    Slot slot = paxos.chosen().next();
    AcceptedValue value =
        new AcceptedValue(slot, BALLOT, new Value.Batch(Bytes.wrap(new byte[sizeBytes])));
    Message fetched = new Message.Fetched(slot, List.of(value), Slot.ZERO, slot);
    Output unused = paxos.step(new Input.Received(new ServerId(2), incarnation(2), fetched));
    store.skip(slot);
    duties.onApplied(sizeBytes);
  }

  static Recovered journal() {
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

  /** What is begun by now. */
  void runBackgroundNow() {
    for (int left = background.size(); left > 0; left--) {
      background.remove().run();
    }
  }

  /** All of it, and the turns in which it comes back; a snapshot that was begun is written. */
  void runBackground() {
    turn();
    while (!background.isEmpty() || duties.needs().isRewriting()) {
      runBackgroundNow();
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
    if (!mayStartAnew) {
      throw new AssertionError("started anew");
    }
    starts++;
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
