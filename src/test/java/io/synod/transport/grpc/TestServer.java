package io.synod.transport.grpc;

import static org.junit.jupiter.api.Assertions.fail;

import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** A GrpcPeerNetwork on a loopback port that keeps what it hears. */
final class TestServer implements PeerListener, AutoCloseable {
  private static final long DEADLINE_SECONDS = 20;

  static {
    ch.qos.logback.classic.Logger root =
        (ch.qos.logback.classic.Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(ch.qos.logback.classic.Level.INFO);
  }

  final ServerId id;
  final Incarnation incarnation;
  final NetworkThreads threads;
  final GrpcPeerNetwork network;
  final Queue<Heard> heard = new ConcurrentLinkedQueue<>();
  final Queue<ServerId> gone = new ConcurrentLinkedQueue<>();
  volatile boolean full;
  volatile long goneAtNanos;
  volatile Runnable onReceived = () -> {};

  /** Takes the messages in place of {@link #heard}. */
  volatile @Nullable Consumer<PeerMessage> onMessage;

  /** What it was told of peers of another cluster. */
  final Queue<String> ofAnotherCluster = new ConcurrentLinkedQueue<>();

  final AtomicLong bulkReceived = new AtomicLong();
  volatile Optional<CoordinatorSource.KnownCoordinator> coordinator = Optional.empty();

  record Heard(ServerId from, Incarnation incarnation, PeerMessage message) {}

  TestServer(List<Address> listed, int id, Optional<ClusterId> cluster) {
    this(listed, id, cluster, PeerNetworkSettings.Limits.DEFAULT);
  }

  TestServer(
      List<Address> listed,
      int id,
      Optional<ClusterId> cluster,
      PeerNetworkSettings.Limits limits) {
    this(settings(listed, id, listed.get(id), cluster).withLimits(limits));
  }

  /** One that takes itself for this member of the list, and listens elsewhere. */
  static TestServer elsewhere(List<Address> listed, int id, Address listen) {
    return new TestServer(settings(listed, id, listen, Optional.empty()));
  }

  /** One without a log that is to join this cluster and no other. */
  static TestServer expecting(List<Address> listed, int id, ClusterId expected) {
    return new TestServer(
        settings(listed, id, listed.get(id), Optional.empty()).withExpected(Optional.of(expected)));
  }

  private static PeerNetworkSettings settings(
      List<Address> listed, int id, Address listen, Optional<ClusterId> cluster) {
    Incarnation life = new Incarnation(UUID.randomUUID());
    return PeerNetworkSettings.ofList(new ServerId(id), life, listen, listed, cluster);
  }

  private TestServer(PeerNetworkSettings settings) {
    this.id = settings.server();
    this.incarnation = settings.incarnation();
    this.threads = NetworkThreads.start(1, "peers-" + id.number());
    this.network = new GrpcPeerNetwork(settings, this, () -> coordinator, threads);
  }

  TestServer start() throws IOException {
    network.start();
    return this;
  }

  @Override
  public boolean received(ServerId from, Incarnation life, PeerMessage message) {
    onReceived.run();
    if (full) {
      return false;
    }
    Consumer<PeerMessage> taker = onMessage;
    if (taker == null) {
      heard.add(new Heard(from, life, message));
    } else {
      taker.accept(message);
    }
    return true;
  }

  @Override
  public void unreachable(ServerId peer) {
    goneAtNanos = System.nanoTime();
    gone.add(peer);
  }

  @Override
  public void isOfAnotherCluster(ServerId peer, String why) {
    ofAnotherCluster.add(why);
  }

  void say(TestServer to, PeerMessage message) {
    network.send(to.id, message);
    network.flush();
  }

  /** Until both lanes to the other lead somewhere. */
  void awaitConnected(TestServer... others) {
    for (TestServer other : others) {
      await(id + " connected to " + other.id, () -> network.isConnected(other.id));
    }
  }

  PeerCounters.Figures figures(TestServer peer) {
    PeerCounters counters = network.counters().get(peer.id);
    return counters == null ? new PeerCounters().figures() : counters.figures();
  }

  @Override
  public void close() {
    network.close();
    threads.close();
  }

  static PeerMessage inform(long slot) {
    return new PeerMessage.Protocol(
        new Message.Accepted(new Ballot(1, new ServerId(0)), Slot.of(slot)));
  }

  static PeerMessage urgent(long id) {
    return new PeerMessage.Protocol(new Message.ReadPointRequest(id, false));
  }

  static PeerMessage forward(int sizeBytes) {
    return new PeerMessage.Forward(Bytes.wrap(new byte[sizeBytes]));
  }

  /** Waits for the condition; fails when it does not come. Polls: a condition has no bell. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        fail("did not come within " + DEADLINE_SECONDS + " s: " + what);
      }
      LockSupport.parkNanos(100_000);
    }
  }

  /**
   * Loopback addresses with free ports below the ephemeral range, so that a call to a port where
   * nobody listens cannot connect to itself.
   */
  static List<Address> addresses(int count) {
    List<Address> addresses = new ArrayList<>();
    int port = 15_000 + ThreadLocalRandom.current().nextInt(15_000);
    while (addresses.size() < count) {
      port++;
      try (ServerSocket probe = new ServerSocket()) {
        probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        addresses.add(new Address("127.0.0.1", port));
      } catch (IOException e) {
        // In use: the next one.
        LoggerFactory.getLogger(TestServer.class).debug("port {} is in use", port, e);
      }
    }
    return addresses;
  }
}
