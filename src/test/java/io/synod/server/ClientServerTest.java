package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.node.Answer;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.node.NodeStatus;
import io.synod.node.OperatorRequest;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.ControlRequest;
import io.synod.proto.EmptyMessage;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.MemberStatus;
import io.synod.proto.PutRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import io.synod.server.Configuration.Limits;
import io.synod.transport.grpc.NetworkThreads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client port over a real socket. */
class ClientServerTest {
  private static final UUID CLUSTER = new UUID(1, 2);

  private final PlayedNode node = new PlayedNode();
  private final NetworkThreads threads = NetworkThreads.start(2, "test-network");
  private final Outboxes outboxes = new Outboxes(threads.group());
  private final KeyValueService service =
      new KeyValueService(
          new KeyValueService.Settings(
              new Limits(1 << 14, 64 << 10, 1 << 20, 1 << 20, 1 << 30),
              ReadMode.LINEARIZABLE,
              10_000,
              64 << 20),
          node,
          outboxes,
          System::nanoTime);
  private final Address address = freeAddress();
  private final ClientServer server = new ClientServer(address, threads, service, operators());
  private final List<ManagedChannel> channels = new ArrayList<>();

  private static ServerServiceDefinition operators() {
    StatusService.Own own =
        new StatusService.Own(
            new Incarnation(new UUID(5, 6)), new Address("h1", 8001), new Address("h1", 9001));
    AdminCalls.Local nobody =
        new AdminCalls.Local() {
          @Override
          public boolean submit(OperatorRequest request) {
            return false;
          }

          @Override
          public void control(ControlRequest request) {
            throw new IllegalArgumentException("no operators here");
          }
        };
    return new AdminService(
            new StatusService(ClientServerTest::status, own, () -> LocalControls.Faults.NONE),
            new AdminCalls(
                nobody,
                ClientServerTest::status,
                new OtherServers(new ServerId(1), Optional.empty())),
            Runnable::run)
        .bindService();
  }

  @BeforeEach
  void start() throws IOException {
    server.start();
  }

  @AfterEach
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    server.close();
    threads.close();
  }

  private static Address freeAddress() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Address("127.0.0.1", socket.getLocalPort());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private ManagedChannel channel() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
    channels.add(channel);
    return channel;
  }

  private static NodeStatus status() {
    ServerId other = new ServerId(2);
    Member member =
        new Member(
            other,
            new Incarnation(new UUID(3, 4)),
            new Address("h2", 9002),
            new Address("h2", 8002),
            Member.Role.LEARNER);
    return new NodeStatus(
        new ServerId(1),
        Optional.of(new ClusterId(CLUSTER)),
        Optional.empty(),
        Optional.of(other),
        true,
        1234,
        new Ballot(7, other),
        Slot.of(20),
        Slot.of(19),
        Slot.of(3),
        2,
        new NodeStatus.Data(11, 1_000, 50, 70, 10_000),
        0.25,
        Optional.empty(),
        List.of(
            new NodeStatus.MemberStatus(member, true, 5, 300, 6),
            new NodeStatus.MemberStatus(member.withRole(Member.Role.VOTER), false, -1, 0, 0)));
  }

  private static PutRequest put(int i) {
    return PutRequest.newBuilder()
        .setKey(ByteString.copyFromUtf8("k" + i))
        .setValue(ByteString.copyFromUtf8("v"))
        .build();
  }

  @Test
  void manyCallsOverSeveralConnectionsAreAnsweredInOneTurn() throws Exception {
    List<Future<EmptyMessage>> calls = new ArrayList<>();
    for (int connection = 0; connection < 4; connection++) {
      KeyValueStoreGrpc.KeyValueStoreFutureStub stub = KeyValueStoreGrpc.newFutureStub(channel());
      for (int i = 0; i < 100; i++) {
        calls.add(stub.putPair(put(i)));
      }
    }
    node.awaitWaiting(400);

    for (int i = 0; i < 400; i++) {
      PlayedNode.answer(node.next(), new Answer.Written(i));
    }
    outboxes.flush();
    for (Future<EmptyMessage> call : calls) {
      assertEquals(EmptyMessage.getDefaultInstance(), call.get(10, TimeUnit.SECONDS));
    }
    assertEquals(0, service.bytesUnderWay());
  }

  @Test
  void statusIsThatOfTheNode() {
    StatusResponse response =
        ClusterGrpc.newBlockingStub(channel()).status(StatusRequest.getDefaultInstance());

    MemberStatus heard =
        MemberStatus.newBuilder()
            .setServerId(2)
            .setIncarnation("00000000")
            .setClientAddress("h2:8002")
            .setConsensusAddress("h2:9002")
            .setRole(MemberStatus.Role.LEARNER)
            .setLive(true)
            .setLagSlots(5)
            .setRoundTripMicros(300)
            .setSyncAgeMillis(6)
            .build();
    assertEquals(
        StatusResponse.newBuilder()
            .setServerId(1)
            .setClusterId(CLUSTER.toString())
            .setCoordinatorId(2)
            .setCoordinatorHeard(true)
            .setCoordinatorSinceMillis(1234)
            .setBallotRound(7)
            .setBallotServerId(2)
            .setChosenSlot(20)
            .setAppliedSlot(19)
            .setMembershipSlot(3)
            .setQuorum(2)
            .setKeys(11)
            .setLiveBytes(1_000)
            .setRevision(50)
            .setHistoryBytes(70)
            .setQuotaBytes(10_000)
            .setFailRate(0.25)
            .addMember(heard)
            .addMember(
                heard.toBuilder()
                    .setRole(MemberStatus.Role.VOTER)
                    .setLive(false)
                    .clearLagSlots()
                    .clearRoundTripMicros()
                    .clearSyncAgeMillis())
            .setIncarnation(new UUID(5, 6).toString())
            .setClientAddress("h1:8001")
            .setConsensusAddress("h1:9001")
            .setVersion(response.getVersion())
            .setUptimeMillis(response.getUptimeMillis())
            .build(),
        response);
  }

  @Test
  void healthFollowsTheStore() {
    HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel());
    HealthCheckRequest ofStore =
        HealthCheckRequest.newBuilder().setService(KeyValueStoreGrpc.SERVICE_NAME).build();

    assertEquals(ServingStatus.NOT_SERVING, health.check(ofStore).getStatus());
    server.setServing(true);
    assertEquals(ServingStatus.SERVING, health.check(ofStore).getStatus());
    assertEquals(
        ServingStatus.SERVING, health.check(HealthCheckRequest.getDefaultInstance()).getStatus());
  }

  @Test
  void aPortInUseIsNamed() {
    ClientServer second = new ClientServer(address, threads, service, operators());

    IOException e = assertThrows(IOException.class, second::start);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("cannot listen for clients on port " + address.port()), message);
    assertTrue(message.endsWith("the port is in use by another program"), message);
  }

  @Test
  void stoppingAnswersWhatIsUnderWayAndRefusesTheRest() throws Exception {
    ManagedChannel channel = channel();
    Future<EmptyMessage> before = KeyValueStoreGrpc.newFutureStub(channel).putPair(put(1));
    node.awaitWaiting(1);

    server.refuseNewCalls();
    Future<EmptyMessage> after = KeyValueStoreGrpc.newFutureStub(channel()).putPair(put(2));
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> after.get(10, TimeUnit.SECONDS));
    assertEquals(Status.Code.UNAVAILABLE, Status.fromThrowable(e).getCode());
    assertFalse(server.awaitAnswers(1));
    PlayedNode.answer(node.next(), new Answer.Written(1));
    outboxes.flush();
    assertEquals(EmptyMessage.getDefaultInstance(), before.get(10, TimeUnit.SECONDS));
    assertTrue(server.awaitAnswers(10_000));
  }

  @Test
  void aMessageBeyondWhatIsReadIsRefused() {
    refusesAsTooLarge((2 << 20) + 1, 2_097_162);
    refusesAsTooLarge(32 << 20, 33_554_441);
  }

  private void refusesAsTooLarge(int valueBytes, int messageBytes) {
    PutRequest huge =
        put(1).toBuilder().setValue(ByteString.copyFrom(new byte[valueBytes])).build();

    StatusRuntimeException e =
        assertThrows(
            StatusRuntimeException.class,
            () -> KeyValueStoreGrpc.newBlockingStub(channel()).putPair(huge));
    assertEquals(Status.Code.INVALID_ARGUMENT, e.getStatus().getCode());
    String why = String.valueOf(e.getStatus().getDescription());
    assertTrue(why.contains("2097152") && why.contains(String.valueOf(messageBytes)), why);
    assertTrue(
        why.contains("a key has 1 to 65536 bytes, a value up to 1048576"), "what is right: " + why);
    assertEquals("not-proposed", Objects.requireNonNull(e.getTrailers()).get(ClientCall.OUTCOME));
  }

  @Test
  void aCallThatIsGivenUpIsNotToldThatItWasTooLarge() throws Exception {
    ManagedChannel channel = channel();
    Future<EmptyMessage> givenUp = KeyValueStoreGrpc.newFutureStub(channel).putPair(put(1));
    node.awaitWaiting(1);
    assertTrue(givenUp.cancel(true));

    Future<EmptyMessage> next = KeyValueStoreGrpc.newFutureStub(channel).putPair(put(2));
    node.awaitWaiting(2);
    PlayedNode.answer(node.next(), new Answer.Written(1));
    PlayedNode.answer(node.next(), new Answer.Written(2));
    outboxes.flush();
    assertEquals(EmptyMessage.getDefaultInstance(), next.get(10, TimeUnit.SECONDS));
  }

  @Test
  void aCallThatComesWhenTheNodeHasStoppedIsRefusedClearly() {
    node.stop();

    StatusRuntimeException e =
        assertThrows(
            StatusRuntimeException.class,
            () -> KeyValueStoreGrpc.newBlockingStub(channel()).putPair(put(1)));
    assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode());
    assertEquals("this server stops", e.getStatus().getDescription());
    assertEquals("not-proposed", Objects.requireNonNull(e.getTrailers()).get(ClientCall.OUTCOME));
  }

  @Test
  void theStoresServiceHasItsThreeCallsAndNoMore() {
    ServerServiceDefinition definition = service.definition();

    assertEquals(
        List.of("DeletePair", "GetValue", "PutPair"),
        definition.getMethods().stream()
            .map(method -> String.valueOf(method.getMethodDescriptor().getBareMethodName()))
            .sorted()
            .collect(Collectors.toList()));
  }
}
