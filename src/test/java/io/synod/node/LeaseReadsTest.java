package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.synod.journal.MemoryLog;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Address;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
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
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Drivers that read under leases: which reading of the clock they go by. */
class LeaseReadsTest {
  private static final long MILLI = 1_000_000;
  private static final long PING_INTERVAL = 50 * MILLI;
  private static final long ELECTION_TIMEOUT = 500 * MILLI;
  private static final List<Address> LISTED =
      List.of(new Address("a", 1), new Address("b", 1), new Address("c", 1));

  private final List<Driver> drivers = new ArrayList<>();
  private final ArrayDeque<Flight> flights = new ArrayDeque<>();

  /** What a turn is told that it is. */
  private long now;

  private boolean cut;

  private record Flight(ServerId from, ServerId to, PeerMessage message) {}

  /** One of three drivers. */
  private final class Driver implements Surroundings, PeerNetwork {
    final ServerId id;
    final Paxos paxos;
    final Node node;

    /** For so long it has stood still since its turn began. */
    long stoodStillNanos;

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
              NodeSettings.usual(new UUID(9, number), 0, number),
              settings,
              new Node.Parts(
                  paxos,
                  new MemoryLog(() -> {}),
                  KeyValueStore.inMemory(),
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
    public void inBackground(Runnable work) {}

    @Override
    public void notice(Notice notice) {}

    @Override
    public void report(String line) {}

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
  }

  private static Incarnation incarnation(ServerId server) {
    return new Incarnation(new UUID(7, server.number()));
  }

  private void run(long nanos) {
    for (long end = now + nanos; now < end; now += MILLI) {
      for (Driver each : drivers) {
        each.turn();
        deliver();
      }
    }
  }

  private void deliver() {
    Flight flight;
    while ((flight = flights.poll()) != null) {
      if (!cut) {
        boolean unused =
            drivers
                .get(flight.to().number())
                .node
                .received(flight.from(), incarnation(flight.from()), flight.message());
      }
    }
  }

  private static Asked get(Driver asked) {
    Asked get = new Asked(new Operation.Get(Bytes.utf8("k"), ReadMode.LEASE), Long.MAX_VALUE / 2);
    assertEquals(Submission.TAKEN, asked.node.submit(get));
    return get;
  }

  private Driver coordinatorWithALease() throws IOException {
    for (int i = 0; i < 3; i++) {
      drivers.add(new Driver(i));
    }
    run(2_000 * MILLI);
    Driver coordinator =
        drivers.stream().filter(each -> each.paxos.isCoordinating()).findFirst().orElseThrow();
    Asked first = get(coordinator);
    run(2 * PING_INTERVAL);
    assertInstanceOf(Answer.NotFound.class, first.answer().orElseThrow(), "by a round of pings");
    return coordinator;
  }

  @Test
  void underALeaseTheCoordinatorAnswersInTheSameTurn() throws IOException {
    Driver coordinator = coordinatorWithALease();
    cut = true;
    Asked read = get(coordinator);
    coordinator.turn();
    assertInstanceOf(Answer.NotFound.class, read.answer().orElseThrow());
  }

  @Test
  void anotherServerAsksTheCoordinatorAlone() throws IOException {
    Driver coordinator = coordinatorWithALease();
    Driver other = drivers.get((coordinator.id.number() + 1) % 3);
    Asked read = get(other);
    other.turn();
    deliver();
    coordinator.turn();
    deliver();
    other.turn();
    assertInstanceOf(Answer.NotFound.class, read.answer().orElseThrow());
  }

  /**
   * The process stands still after its turn has begun, others take over, and then a client asks: by
   * the time of the turn the lease would hold.
   */
  @Test
  void theTimeOfTheTurnWillNotDo() throws IOException {
    Driver coordinator = coordinatorWithALease();
    cut = true;
    coordinator.stoodStillNanos = 2 * ELECTION_TIMEOUT;
    Asked read = get(coordinator);
    coordinator.turn();
    assertEquals(Optional.empty(), read.answer());
  }

  /** An acceptor that stands still before it reads the Ping counts from then. */
  @Test
  void anAcceptorDoesNotCountByTheTimeOfItsTurn() throws IOException {
    Driver coordinator = coordinatorWithALease();
    Driver first = drivers.get((coordinator.id.number() + 1) % 3);
    Driver second = drivers.get((coordinator.id.number() + 2) % 3);
    Asked read = get(coordinator);
    run(PING_INTERVAL);
    assertInstanceOf(Answer.NotFound.class, read.answer().orElseThrow());
    // A whole ping interval more: the next ping is on its way to both when they stand still.
    now += PING_INTERVAL;
    coordinator.turn();
    deliver();
    for (Driver each : List.of(first, second)) {
      now -= PING_INTERVAL;
      each.stoodStillNanos = PING_INTERVAL;
      each.turn();
      each.stoodStillNanos = 0;
      now += PING_INTERVAL;
    }
    cut = true;
    flights.clear();
    long asked = now;
    first.node.unreachable(coordinator.id);
    second.node.unreachable(coordinator.id);
    cut = false;
    while (now - asked < 5 * PING_INTERVAL - 2 * MILLI) {
      for (Driver each : List.of(first, second)) {
        each.turn();
        flights.removeIf(
            flight -> flight.to().equals(coordinator.id) || flight.from().equals(coordinator.id));
        deliver();
      }
      assertEquals(false, first.paxos.isCoordinating() || second.paxos.isCoordinating());
      now += MILLI;
    }
  }
}
