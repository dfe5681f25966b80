package io.synod.transport.grpc;

import static io.synod.transport.grpc.TestServer.addresses;
import static io.synod.transport.grpc.TestServer.await;
import static io.synod.transport.grpc.TestServer.forward;
import static io.synod.transport.grpc.TestServer.inform;
import static io.synod.transport.grpc.TestServer.urgent;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import io.synod.proto.GetCoordinatorRequest;
import io.synod.proto.GetCoordinatorResponse;
import io.synod.proto.MultiPaxosGrpc;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class GrpcPeerNetworkTest {
  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  private TestServer start(List<Address> listed, int id) throws IOException {
    return start(listed, id, PeerNetworkSettings.Limits.DEFAULT);
  }

  private TestServer start(List<Address> listed, int id, PeerNetworkSettings.Limits limits)
      throws IOException {
    TestServer server = new TestServer(listed, id, Optional.empty(), limits).start();
    opened.add(server);
    return server;
  }

  @Test
  void deliversInOrderOnEachLane() throws IOException {
    List<Address> listed = addresses(3);
    TestServer a = start(listed, 0);
    TestServer b = start(listed, 1);
    TestServer c = start(listed, 2);
    for (TestServer one : List.of(a, b, c)) {
      for (TestServer other : List.of(a, b, c)) {
        if (one != other) {
          one.awaitConnected(other);
        }
      }
    }
    for (int i = 1; i <= 1_000; i++) {
      for (TestServer to : List.of(b, c)) {
        a.network.send(to.id, inform(i));
        a.network.send(to.id, urgent(i));
      }
      if (i % 10 == 0) {
        a.network.flush();
      }
    }
    for (TestServer to : List.of(b, c)) {
      await("all messages", () -> to.heard.size() == 2_000);
      List<PeerMessage> bulk = new ArrayList<>();
      List<PeerMessage> pings = new ArrayList<>();
      for (TestServer.Heard heard : to.heard) {
        assertEquals(a.id, heard.from());
        assertEquals(a.incarnation, heard.incarnation());
        (Lane.of(heard.message()) == Lane.BULK ? bulk : pings).add(heard.message());
      }
      for (int i = 0; i < 1_000; i++) {
        assertEquals(inform(i + 1), bulk.get(i));
        assertEquals(urgent(i + 1), pings.get(i));
      }
      assertEquals(2_000, a.figures(to).sentMessages());
      assertEquals(2_000, to.figures(a).receivedMessages());
    }
  }

  /** One that was removed, is to be added, or knows a newer membership. */
  @Test
  void listensToAServerOfItsClusterThatItDoesNotKnow() throws IOException {
    Optional<ClusterId> cluster = Optional.of(new ClusterId(UUID.randomUUID()));
    List<Address> listed = addresses(2);
    TestServer a = new TestServer(listed.subList(0, 1), 0, cluster).start();
    opened.add(a);
    TestServer guest = new TestServer(listed, 1, cluster).start();
    guest.awaitConnected(a);
    await("the way back", () -> a.network.isConnected(guest.id));
    a.say(guest, inform(1));
    guest.say(a, inform(2));
    await("both messages", () -> a.heard.size() == 1 && guest.heard.size() == 1);
    assertTrue(a.network.counters().containsKey(guest.id));
    guest.close();
    await("forgotten", () -> !a.network.isConnected(guest.id));
    await("its counters too", () -> !a.network.counters().containsKey(guest.id));
    TestServer again = new TestServer(listed, 1, cluster).start();
    opened.add(again);
    await("the way back", () -> a.network.isConnected(again.id));
    a.network.setPeers(Map.of(again.id, listed.get(1)));
    await("a peer now", () -> a.network.isConnected(again.id) && again.network.isConnected(a.id));
    a.network.setPeers(Map.of());
    await("a guest again", () -> a.network.isConnected(again.id));
  }

  /** As of a server that finds a membership in its log which is not its list. */
  @Test
  void thePeersThatWereSetBeforeTheStartCount() throws IOException {
    List<Address> listed = addresses(3);
    TestServer b = start(listed, 1);
    TestServer a = new TestServer(listed.subList(0, 1), 0, Optional.empty());
    opened.add(a);
    a.network.setPeers(Map.of(b.id, listed.get(1)));
    TestServer unused = a.start();
    a.awaitConnected(b);
  }

  @Test
  void refusesAStrangerWhileNeitherKnowsACluster() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed.subList(0, 1), 0);
    TestServer stranger = start(listed, 1);
    await("refused", () -> a.network.refusedStreams() > 0);
    assertTrue(!stranger.network.isConnected(a.id));
  }

  @Test
  void carriesLargeMessages() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed, 0);
    TestServer b = start(listed, 1);
    a.awaitConnected(b);
    a.say(b, forward(4 << 20));
    await("a message of 4 MiB", () -> b.heard.size() == 1);
    a.say(b, forward(5 << 20));
    a.say(b, inform(1));
    await("the next", () -> b.heard.size() == 2);
    assertEquals(1, a.figures(b).droppedOutbound());
    assertEquals(0, a.figures(b).breaks());
  }

  @Test
  void saysOnceThatAStoppedPeerIsGoneAndHearsItAgain() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed, 0);
    TestServer b = new TestServer(listed, 1, Optional.empty()).start();
    a.awaitConnected(b);
    b.close();
    await("unreachable", () -> !a.gone.isEmpty());
    // Several attempts later it still was said once.
    await("its dials go on", () -> !a.network.isConnected(new ServerId(1)));
    for (int round = 2; round < 5; round++) {
      TestServer again = new TestServer(listed, 1, Optional.empty()).start();
      long startedAt = System.nanoTime();
      again.awaitConnected(a);
      a.awaitConnected(again);
      a.heard.clear();
      again.say(a, inform(round));
      await("heard again", () -> !a.heard.isEmpty());
      System.out.printf("heard again after %.1f ms%n", (System.nanoTime() - startedAt) / 1e6);
      assertEquals(again.incarnation, a.heard.element().incarnation());
      assertEquals(round - 1, a.gone.size());
      again.close();
      int expected = round;
      await("unreachable again", () -> a.gone.size() == expected);
    }
  }

  @Test
  void reachesPeersByName() throws IOException {
    List<Address> listed = new ArrayList<>();
    for (Address address : addresses(2)) {
      listed.add(new Address("localhost", address.port()));
    }
    TestServer a = start(listed, 0);
    try (TestServer b = new TestServer(listed, 1, Optional.empty()).start()) {
      a.awaitConnected(b);
      a.say(b, inform(1));
      await("heard", () -> b.heard.size() == 1);
    }
    await("unreachable", () -> a.gone.size() == 1);
    TestServer again = start(listed, 1);
    a.awaitConnected(again);
  }

  @Test
  void saysSoonThatAKilledProcessIsGone() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed, 0);
    for (int round = 1; round <= 3; round++) {
      int expected = round;
      Process process = PeerProcess.start(1, listed);
      opened.add(process::destroyForcibly);
      a.heard.clear();
      await(
          "heard and connected",
          () -> a.heard.size() > 10 && a.network.isConnected(new ServerId(1)));
      long killedAt = System.nanoTime();
      process.destroyForcibly();
      await("unreachable", () -> a.gone.size() == expected);
      double millis = (a.goneAtNanos - killedAt) / 1e6;
      System.out.printf("unreachable %.1f ms after kill -9%n", millis);
      assertTrue(millis < 1_000, millis + " ms");
    }
  }

  /** As with a copy of its configuration on another machine. */
  @Test
  void aSecondProcessWithAMembersIdDoesNotThrowItOut() throws IOException {
    List<Address> all = addresses(4);
    List<Address> listed = all.subList(0, 3);
    TestServer a = start(listed, 0);
    TestServer b = start(listed, 1);
    TestServer c = start(listed, 2);
    c.awaitConnected(a, b);
    a.awaitConnected(c);
    b.awaitConnected(c);
    TestServer other = TestServer.elsewhere(listed, 2, all.get(3));
    opened.add(other);
    TestServer unused = other.start();
    // Several attempts later it still is refused.
    await("refused", () -> a.network.refusedStreams() > 1 && b.network.refusedStreams() > 1);
    for (TestServer each : List.of(a, b)) {
      c.say(each, inform(1));
      each.say(c, inform(2));
      await("heard", () -> each.heard.size() == 1);
      assertEquals(c.incarnation, each.heard.element().incarnation());
      assertEquals(0, each.figures(c).breaks());
      assertTrue(!other.network.isConnected(each.id));
    }
    await("both messages", () -> c.heard.size() == 2);
  }

  /** And has its place again when it goes on, at its own address. */
  @Test
  void aProcessThatHangsGivesWay() throws Exception {
    List<Address> all = addresses(3);
    List<Address> listed = all.subList(0, 2);
    TestServer a = start(listed, 0);
    Process process = PeerProcess.start(1, listed);
    opened.add(process::destroyForcibly);
    await("heard", () -> !a.heard.isEmpty());
    Incarnation hanging = a.heard.element().incarnation();
    signal("STOP", process);
    TestServer successor = TestServer.elsewhere(listed, 1, all.get(2));
    opened.add(successor);
    long startedAt = System.nanoTime();
    TestServer unused = successor.start();
    successor.awaitConnected(a);
    double millis = (System.nanoTime() - startedAt) / 1e6;
    System.out.printf("heard %.1f ms after the start, beside one that hangs%n", millis);
    assertTrue(millis < 2_000, millis + " ms");
    signal("CONT", process);
    await("it is asked and refused", () -> !successor.network.isConnected(a.id));
    a.heard.clear();
    await("heard again", () -> !a.heard.isEmpty());
    assertEquals(hanging, a.heard.element().incarnation());
  }

  private static void signal(String name, Process process) throws Exception {
    String pid = Long.toString(process.pid());
    assertEquals(0, new ProcessBuilder("kill", "-" + name, pid).start().waitFor());
  }

  @Test
  void boundsWhatWaitsForAStuckPeer() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed, 0);
    TestServer b = start(listed, 1);
    a.awaitConnected(b);
    CountDownLatch stuck = new CountDownLatch(1);
    b.onReceived =
        () -> {
          try {
            stuck.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    PeerMessage message = forward(1 << 16);
    for (int i = 0; i < 2_000; i++) {
      a.say(b, message);
      assertTrue(a.network.queuedBytes() <= PeerNetworkSettings.Limits.DEFAULT.queueBytes());
    }
    long dropped = a.figures(b).droppedOutbound();
    assertTrue(dropped > 1_000, dropped + " dropped");
    stuck.countDown();
    await("the rest", () -> b.heard.size() == 2_000 - dropped);
    a.say(b, inform(5));
    await("what comes later", () -> b.heard.size() == 2_001 - dropped);
  }

  @Test
  void boundsTheNumberOfMessagesThatWait() throws IOException {
    List<Address> listed = addresses(2);
    PeerNetworkSettings.Limits limits =
        new PeerNetworkSettings.Limits(1 << 20, 1 << 20, 100, 1 << 20, 200, 1_000);
    TestServer a = start(listed, 0, limits);
    TestServer b = start(listed, 1);
    a.awaitConnected(b);
    for (int i = 0; i < 1_000; i++) {
      // Without a flush nothing leaves.
      a.network.send(b.id, inform(i));
    }
    assertEquals(900, a.figures(b).droppedOutbound());
    a.network.flush();
    await("the others", () -> b.heard.size() == 100);
  }

  @Test
  void countsWhatAFullReceiverDoesNotTake() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed, 0);
    TestServer b = start(listed, 1);
    a.awaitConnected(b);
    b.full = true;
    for (int i = 0; i < 100; i++) {
      a.say(b, inform(i));
    }
    await("all dropped", () -> b.figures(a).droppedInbound() == 100);
    b.full = false;
    a.say(b, inform(7));
    await("heard", () -> b.heard.size() == 1);
    assertEquals(0, a.figures(b).breaks());
  }

  @Test
  void cutsBothWaysAndSilently() throws IOException {
    List<Address> listed = addresses(3);
    TestServer a = start(listed, 0);
    TestServer b = start(listed, 1);
    TestServer c = start(listed, 2);
    a.awaitConnected(b, c);
    b.awaitConnected(a);
    a.network.setCut(Set.of(b.id));
    a.say(b, inform(1));
    b.say(a, inform(2));
    a.say(c, inform(3));
    await("the one that is not cut off", () -> c.heard.size() == 1);
    await("dropped both ways", () -> a.figures(b).droppedByCut() == 2);
    b.close();
    await("broken", () -> !a.network.isConnected(b.id));
    await("other streams", () -> a.figures(b).breaks() >= 1);
    assertTrue(a.gone.isEmpty() && a.heard.isEmpty() && b.heard.isEmpty());
    a.network.setCut(Set.of());
    await("said when it is no longer cut off", () -> a.gone.size() == 1);
  }

  @Test
  void namesThePortThatIsInUse() throws IOException {
    List<Address> listed = addresses(2);
    try (ServerSocket taken = new ServerSocket(listed.get(0).port());
        TestServer a = new TestServer(listed, 0, Optional.empty())) {
      assertTrue(taken.isBound());
      IOException refused = assertThrows(IOException.class, a::start);
      String text = String.valueOf(refused.getMessage());
      assertTrue(text.contains("port " + listed.get(0).port()) && text.contains("in use"), text);
    }
  }

  @Test
  void tellsWhoCoordinates() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = start(listed, 0);
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", listed.get(0).port()).usePlaintext().build();
    opened.add(channel::shutdownNow);
    MultiPaxosGrpc.MultiPaxosBlockingStub stub = MultiPaxosGrpc.newBlockingStub(channel);
    StatusRuntimeException none =
        assertThrows(
            StatusRuntimeException.class,
            () -> stub.getCoordinator(GetCoordinatorRequest.getDefaultInstance()));
    assertEquals(Status.Code.NOT_FOUND, none.getStatus().getCode());
    a.coordinator =
        Optional.of(
            new CoordinatorSource.KnownCoordinator(
                new Ballot(7, new ServerId(1)), new Address("localhost", 8_001)));
    GetCoordinatorResponse known = stub.getCoordinator(GetCoordinatorRequest.getDefaultInstance());
    assertEquals(1, known.getServerId());
    assertEquals("localhost:8001", known.getClientAddress());
    assertEquals(7, known.getBallotRound());
  }
}
