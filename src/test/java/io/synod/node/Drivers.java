package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.synod.journal.DurableLog;
import io.synod.journal.MemoryLog;
import io.synod.node.NodeSettings.DiskMarks;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Notice;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Predicate;

/** Three drivers on one thread, with a clock that a test moves and a network without delay. */
final class Drivers {
  static final long MILLI = 1_000_000;
  static final long PING_INTERVAL = 50 * MILLI;
  static final long ELECTION_TIMEOUT = 500 * MILLI;
  private static final List<Address> LISTED =
      List.of(new Address("a", 1), new Address("b", 1), new Address("c", 1));

  final List<Driver> all = new ArrayList<>();

  /** What was sent and has not arrived. */
  final ArrayDeque<Flight> flights = new ArrayDeque<>();

  /** What a turn is told that it is. */
  long now;

  /** Whether nothing arrives. */
  boolean cut;

  /** What never arrives. */
  Predicate<PeerMessage> lost = message -> false;

  private final DiskMarks marks;
  private final List<Long> quotaBytes;

  record Flight(ServerId from, ServerId to, PeerMessage message) {}

  /**
   * Three that have not begun.
   *
   * @param marks of each one's disk
   */
  Drivers(DiskMarks marks) throws IOException {
    this(marks, Collections.nCopies(LISTED.size(), Long.MAX_VALUE / 1_000));
  }

  /**
   * @param quotaBytes of each
   */
  Drivers(DiskMarks marks, List<Long> quotaBytes) throws IOException {
    this.marks = marks;
    this.quotaBytes = quotaBytes;
    for (int i = 0; i < LISTED.size(); i++) {
      all.add(new Driver(i));
    }
  }

  /** One of them. */
  final class Driver implements Surroundings, PeerNetwork, DurableLog {
    final ServerId id;
    final Paxos paxos;
    final Node node;
    final KeyValueStore store = KeyValueStore.inMemory();
    final List<String> lines = new ArrayList<>();
    private final MemoryLog log = new MemoryLog(() -> {});

    /** For so long it has stood still since its turn began. */
    long stoodStillNanos;

    /** On its disk. */
    long freeBytes = Long.MAX_VALUE;

    Driver(int number) throws IOException {
      id = new ServerId(number);
      PaxosSettings settings =
          new PaxosSettings(
              id,
              incarnation(id),
              LISTED,
              new Address("clients", 1 + number),
              new ClusterId(new UUID(3, number)),
              number,
              PING_INTERVAL,
              ELECTION_TIMEOUT,
              64,
              1 << 20,
              0);
      paxos = new Paxos(settings, Recovered.nothing());
      node =
          new Node(
              Bounds.with(
                  NodeSettings.usual(new UUID(9, number), 0, number),
                  quotaBytes.get(number),
                  marks),
              settings,
              new Node.Parts(
                  paxos,
                  this,
                  store,
                  Snapshots.open(new SimulatedDisk("disk", new SplittableRandom(number))),
                  this,
                  () -> {},
                  this));
    }

    void turn() {
      boolean unused = node.turn(now);
    }

    @Override
    public void send(ServerId to, PeerMessage message) {
      flights.add(new Flight(id, to, message));
    }

    @Override
    public void flush() {}

    @Override
    public void wake() {}

    @Override
    public void inBackground(Runnable work) {
      work.run();
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
      return now + stoodStillNanos;
    }

    @Override
    public long wallMillis() {
      return 0;
    }

    @Override
    public long append(List<JournalRecord> records) {
      return log.append(records);
    }

    @Override
    public void requestSync() {
      log.requestSync();
    }

    @Override
    public long durable() {
      return log.durable();
    }

    @Override
    public long syncAgeNanos(long nowNanos) {
      return 0;
    }

    @Override
    public long freeBytes() {
      return freeBytes;
    }
  }

  private static Incarnation incarnation(ServerId server) {
    return new Incarnation(new UUID(7, server.number()));
  }

  /** So many places behind this one, in a ring. */
  Driver after(Driver driver, int places) {
    return all.get((driver.id.number() + places) % all.size());
  }

  void run(long nanos) {
    for (long end = now + nanos; now < end; now += MILLI) {
      for (Driver each : all) {
        each.turn();
        deliver();
      }
    }
  }

  void deliver() {
    Flight flight;
    while ((flight = flights.poll()) != null) {
      if (!cut && !lost.test(flight.message())) {
        boolean unused =
            all.get(flight.to().number())
                .node
                .received(flight.from(), incarnation(flight.from()), flight.message());
      }
    }
  }

  /** What an operation comes to that is asked of one of them. */
  Answer answer(Driver driver, ClientRequest.Operation operation) {
    Asked asked = new Asked(operation, now + 400 * MILLI);
    assertEquals(Submission.TAKEN, driver.node.submit(asked));
    for (int i = 0; i < 500 && asked.answer().isEmpty(); i++) {
      run(MILLI);
    }
    return asked.answer().orElseThrow();
  }

  /** Who coordinates; there is one after two seconds. */
  Driver coordinator() {
    return all.stream().filter(each -> each.paxos.isCoordinating()).findFirst().orElseThrow();
  }
}
