package io.synod.transport.grpc;

import static io.synod.transport.grpc.TestServer.addresses;
import static io.synod.transport.grpc.TestServer.await;
import static io.synod.transport.grpc.TestServer.inform;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.paxos.Address;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class HandshakeTest {
  private static final ClusterId ONE = new ClusterId(new UUID(1, 1));
  private static final ClusterId TWO = new ClusterId(new UUID(2, 2));
  private static final UUID RUN = new UUID(3, 3);

  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  private static Handshake.Greeting greeting(Handshake.Versions versions, int from, int to) {
    return new Handshake.Greeting(
        versions,
        Optional.empty(),
        new ServerId(from),
        new ServerId(to),
        new Incarnation(new UUID(4, from)),
        RUN,
        new Address("127.0.0.1", 9_000),
        Bytes.EMPTY,
        Lane.URGENT,
        1,
        /* onlyAsks= */ false);
  }

  @Test
  void bringsBackHelloAndItsAnswer() throws MessageRejected {
    Handshake.Greeting hello = greeting(Handshake.Versions.OURS, 1, 0);
    assertEquals(hello, Handshake.greeting(Handshake.encode(hello)));
    Handshake.Reply reply = new Handshake.Reply(Optional.of("no"), Optional.of(ONE), RUN);
    assertEquals(reply, Handshake.reply(Handshake.encode(reply)));
    assertThrows(MessageRejected.class, () -> Handshake.greeting(Handshake.encode(reply)));
    assertThrows(MessageRejected.class, () -> Handshake.greeting(new Frame(new byte[] {1, 2})));
  }

  @Test
  void refusesVersionsThatItDoesNotSpeak() {
    ServerId self = new ServerId(0);
    int newest = Handshake.VERSION;
    for (Handshake.Versions other :
        List.of(
            new Handshake.Versions(newest + 1, newest + 3),
            new Handshake.Versions(0, Handshake.OLDEST_VERSION - 1))) {
      String why =
          Handshake.refusal(self, Optional.empty(), greeting(other, 1, 0)).orElse("accepted");
      assertTrue(why.contains(other.toString()), why);
    }
    assertEquals(
        Optional.empty(),
        Handshake.refusal(
            self, Optional.empty(), greeting(new Handshake.Versions(newest, newest + 1), 1, 0)));
  }

  @Test
  void refusesACallMeantForAnotherServer() {
    String why =
        Handshake.refusal(
                new ServerId(2), Optional.of(ONE), greeting(Handshake.Versions.OURS, 1, 0))
            .orElse("accepted");
    assertEquals("expected server 0 at this address, but this is server 2", why);
  }

  @Test
  void keepsClustersApart() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = open(new TestServer(listed, 0, Optional.of(ONE)));
    TestServer b = open(new TestServer(listed, 1, Optional.of(TWO)));
    await("both refuse", () -> a.network.refusedStreams() > 0 && b.network.refusedStreams() > 0);
    assertFalse(a.network.isConnected(b.id) || b.network.isConnected(a.id));
    String why =
        Handshake.clusterMismatch(a.id, Optional.of(ONE), b.id, Optional.of(TWO)).orElse("");
    assertTrue(why.contains(ONE.toString()) && why.contains(TWO.toString()), why);
    assertTrue(a.gone.isEmpty() && b.gone.isEmpty());
  }

  /** A wrong cluster_id at one server is that server's trouble. */
  @Test
  void whatItIsToJoinIsComparedAndNotPresented() throws IOException {
    List<Address> listed = addresses(3);
    TestServer a = open(TestServer.expecting(listed, 0, ONE));
    TestServer b = open(TestServer.expecting(listed, 1, TWO));
    a.awaitConnected(b);
    b.awaitConnected(a);
    TestServer founded = open(new TestServer(listed, 2, Optional.of(ONE)));
    a.awaitConnected(founded);
    founded.awaitConnected(a);
    await("named", () -> !b.ofAnotherCluster.isEmpty());
    String why = b.ofAnotherCluster.element();
    assertTrue(why.contains(ONE.toString()) && why.contains(TWO.toString()), why);
    assertTrue(a.ofAnotherCluster.isEmpty() && founded.ofAnotherCluster.isEmpty());
    assertFalse(b.network.isConnected(founded.id));
  }

  @Test
  void goesOnThroughTheFounding() throws IOException {
    List<Address> listed = addresses(3);
    TestServer a = open(new TestServer(listed, 0, Optional.empty()));
    TestServer b = open(new TestServer(listed, 1, Optional.empty()));
    TestServer stranger = open(new TestServer(listed, 2, Optional.of(TWO)));
    a.awaitConnected(b, stranger);
    stranger.awaitConnected(a);
    a.network.setCluster(ONE);
    a.say(b, inform(1));
    await("heard on the old stream", () -> b.heard.size() == 1);
    await("another cluster is left", () -> !a.network.isConnected(stranger.id));
    await("and leaves", () -> !stranger.network.isConnected(a.id));
    b.network.setCluster(ONE);
    a.say(b, inform(2));
    await("heard on the old stream again", () -> b.heard.size() == 2);
    assertEquals(0, a.figures(b).breaks());
  }

  @Test
  void hearsOnlyTheLatestProcess() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = open(new TestServer(listed, 0, Optional.empty()));
    Caller first = new Caller(listed.get(0), new UUID(5, 1));
    await("accepted", () -> first.answers.size() == 1);
    first.call.sendMessage(new Frame(PeerCodec.encode(inform(1))));
    await("heard", () -> a.heard.size() == 1);
    first.call.sendMessage(new Frame(new byte[] {1, 2, 3}));
    await("nonsense is counted", () -> a.network.rejected() == 1);
    first.call.sendMessage(new Frame(PeerCodec.encode(inform(2))));
    await("heard all the same", () -> a.heard.size() == 2);

    Caller second = new Caller(listed.get(0), new UUID(5, 2));
    await("accepted", () -> second.answers.size() == 1);
    await("the first one's stream ends", () -> first.status.isPresent());
    second.call.sendMessage(new Frame(PeerCodec.encode(inform(3))));
    await("heard", () -> a.heard.size() == 3);

    Caller firstAgain = new Caller(listed.get(0), new UUID(5, 1));
    await("refused", () -> firstAgain.status.isPresent());
    assertEquals(Status.Code.FAILED_PRECONDITION, firstAgain.status.orElseThrow().getCode());
    second.call.sendMessage(new Frame(PeerCodec.encode(inform(4))));
    await("heard", () -> a.heard.size() == 4);
  }

  @Test
  void refusesASecondProcessWhileTheFirstAnswersAtItsAddressAndNamesBoth() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = open(new TestServer(listed, 0, Optional.empty()));
    TestServer b = open(new TestServer(listed, 1, Optional.empty()));
    a.awaitConnected(b);
    b.awaitConnected(a);
    Caller second = new Caller(listed.get(0), new UUID(5, 1));
    await("refused", () -> second.status.isPresent());
    assertEquals(
        "server 1 runs at "
            + listed.get(1)
            + " and answers there: the process that calls as server 1 from 127.0.0.1 is another one,"
            + " and is to stop or to have an id of its own",
        second.status.orElseThrow().getDescription());
    b.say(a, inform(1));
    await("heard", () -> a.heard.size() == 1);
    assertEquals(0, a.figures(b).breaks());
  }

  /** Whoever called first while it was away. */
  @Test
  void theProcessAtTheAddressTakesItsPlaceBack() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = open(new TestServer(listed, 0, Optional.empty()));
    Caller other = new Caller(listed.get(0), new UUID(5, 1));
    await("accepted", () -> other.answers.size() == 1);
    TestServer b = open(new TestServer(listed, 1, Optional.empty()));
    b.awaitConnected(a);
    await("the other one's stream ends", () -> other.status.isPresent());
    Caller again = new Caller(listed.get(0), new UUID(5, 1));
    await("refused", () -> again.status.isPresent());
    assertEquals(Status.Code.FAILED_PRECONDITION, again.status.orElseThrow().getCode());
    b.say(a, inform(1));
    await("heard", () -> a.heard.size() == 1);
  }

  @Test
  void hearsAFormerProcessAgainWhenItsSuccessorIsGone() throws IOException {
    List<Address> listed = addresses(2);
    TestServer a = open(new TestServer(listed, 0, Optional.empty()));
    Caller first = new Caller(listed.get(0), new UUID(5, 1));
    await("accepted", () -> first.answers.size() == 1);
    Caller second = new Caller(listed.get(0), new UUID(5, 2));
    await("the first one's stream ends", () -> first.status.isPresent());
    second.call.cancel("it is killed", null);
    await("broken", () -> breaks(a) == 1);
    Caller firstAgain = new Caller(listed.get(0), new UUID(5, 1));
    await("answered", () -> firstAgain.answers.size() == 1);
    firstAgain.call.sendMessage(new Frame(PeerCodec.encode(inform(1))));
    await("heard", () -> a.heard.size() == 1);
  }

  @Test
  void whoOnlyAsksHearsWhichProcessItIsAndLeavesNothingBehind() throws Exception {
    List<Address> listed = addresses(2);
    TestServer a = open(new TestServer(listed, 0, Optional.empty()));
    List<Optional<UUID>> runs = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Caller asking = new Caller(listed.get(0), RUN, /* onlyAsks= */ true);
      await("ended", () -> asking.status.isPresent());
      assertEquals(Status.Code.OK, asking.status.orElseThrow().getCode());
      runs.add(Optional.of(Handshake.reply(asking.answers.element()).run()));
    }
    assertEquals(runs.get(0), runs.get(1));
    assertEquals(0, breaks(a));
    assertEquals(0, a.network.rejected());
  }

  /** Of streams with server 1. */
  private static long breaks(TestServer server) {
    return Optional.ofNullable(server.network.counters().get(new ServerId(1))).stream()
        .mapToLong(counters -> counters.figures().breaks())
        .sum();
  }

  private TestServer open(TestServer server) throws IOException {
    opened.add(server);
    return server.start();
  }

  /** Calls as server 1, by hand. */
  private final class Caller extends ClientCall.Listener<Frame> {
    final Queue<Frame> answers = new ConcurrentLinkedQueue<>();
    final ClientCall<Frame, Frame> call;
    volatile Optional<Status> status = Optional.empty();

    Caller(Address address, UUID run) {
      this(address, run, /* onlyAsks= */ false);
    }

    Caller(Address address, UUID run, boolean onlyAsks) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
      opened.add(channel::shutdownNow);
      call = channel.newCall(PeerService.EXCHANGE, CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.request(2);
      Handshake.Greeting plain = greeting(Handshake.Versions.OURS, 1, 0);
      call.sendMessage(
          Handshake.encode(
              new Handshake.Greeting(
                  plain.versions(),
                  plain.cluster(),
                  plain.from(),
                  plain.to(),
                  plain.incarnation(),
                  run,
                  plain.consensusAddress(),
                  plain.foundingList(),
                  plain.lane(),
                  plain.attempt(),
                  onlyAsks)));
    }

    @Override
    public void onMessage(Frame frame) {
      answers.add(frame);
    }

    @Override
    public void onClose(Status closed, Metadata trailers) {
      status = Optional.of(closed);
    }
  }
}
