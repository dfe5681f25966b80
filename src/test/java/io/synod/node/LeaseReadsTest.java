package io.synod.node;

import static io.synod.node.Drivers.ELECTION_TIMEOUT;
import static io.synod.node.Drivers.MILLI;
import static io.synod.node.Drivers.PING_INTERVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.node.Drivers.Driver;
import io.synod.node.NodeSettings.DiskMarks;
import io.synod.paxos.Bytes;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Drivers that read under leases: which reading of the clock they go by. */
class LeaseReadsTest {
  private final Drivers cluster = new Drivers(DiskMarks.NONE);

  LeaseReadsTest() throws IOException {}

  private static Asked get(Driver asked) {
    Asked get = new Asked(new Operation.Get(Bytes.utf8("k"), ReadMode.LEASE), Long.MAX_VALUE / 2);
    assertEquals(Submission.TAKEN, asked.node.submit(get));
    return get;
  }

  private Driver coordinatorWithALease() {
    cluster.run(2_000 * MILLI);
    Driver coordinator = cluster.coordinator();
    Asked first = get(coordinator);
    cluster.run(2 * PING_INTERVAL);
    assertInstanceOf(Answer.NotFound.class, first.answer().orElseThrow(), "by a round of pings");
    return coordinator;
  }

  @Test
  void underALeaseTheCoordinatorAnswersInTheSameTurn() {
    Driver coordinator = coordinatorWithALease();
    cluster.cut = true;
    Asked read = get(coordinator);
    coordinator.turn();
    assertInstanceOf(Answer.NotFound.class, read.answer().orElseThrow());
  }

  @Test
  void anotherServerAsksTheCoordinatorAlone() {
    Driver coordinator = coordinatorWithALease();
    Driver other = cluster.after(coordinator, 1);
    Asked read = get(other);
    other.turn();
    cluster.deliver();
    coordinator.turn();
    cluster.deliver();
    other.turn();
    assertInstanceOf(Answer.NotFound.class, read.answer().orElseThrow());
  }

  /**
   * The process stands still after its turn has begun, others take over, and then a client asks: by
   * the time of the turn the lease would hold.
   */
  @Test
  void theTimeOfTheTurnWillNotDo() {
    Driver coordinator = coordinatorWithALease();
    cluster.cut = true;
    coordinator.stoodStillNanos = 2 * ELECTION_TIMEOUT;
    Asked read = get(coordinator);
    coordinator.turn();
    assertEquals(Optional.empty(), read.answer());
  }

  /** An acceptor that stands still before it reads the Ping counts from then. */
  @Test
  void anAcceptorDoesNotCountByTheTimeOfItsTurn() {
    Driver coordinator = coordinatorWithALease();
    Driver first = cluster.after(coordinator, 1);
    Driver second = cluster.after(coordinator, 2);
    Asked read = get(coordinator);
    cluster.run(PING_INTERVAL);
    assertInstanceOf(Answer.NotFound.class, read.answer().orElseThrow());
    // A whole ping interval more: the next ping is on its way to both when they stand still.
    cluster.now += PING_INTERVAL;
    coordinator.turn();
    cluster.deliver();
    for (Driver each : List.of(first, second)) {
      cluster.now -= PING_INTERVAL;
      each.stoodStillNanos = PING_INTERVAL;
      each.turn();
      each.stoodStillNanos = 0;
      cluster.now += PING_INTERVAL;
    }
    cluster.cut = true;
    cluster.flights.clear();
    long asked = cluster.now;
    first.node.unreachable(coordinator.id);
    second.node.unreachable(coordinator.id);
    cluster.cut = false;
    while (cluster.now - asked < 5 * PING_INTERVAL - 2 * MILLI) {
      for (Driver each : List.of(first, second)) {
        each.turn();
        cluster.flights.removeIf(
            flight -> flight.to().equals(coordinator.id) || flight.from().equals(coordinator.id));
        cluster.deliver();
      }
      assertEquals(false, first.paxos.isCoordinating() || second.paxos.isCoordinating());
      cluster.now += MILLI;
    }
  }
}
