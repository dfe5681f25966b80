package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.node.Answer;
import io.synod.node.NodeStatus;
import io.synod.node.OperatorRequest;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionRange;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.ControlRequest;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.MemberStatus;
import io.synod.proto.PutRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import io.synod.transport.grpc.NetworkThreads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client port over a real socket. */
class ClientServerTest {
  private static final UUID CLUSTER = new UUID(1, 2);
  private static final int DEFAULT_DEADLINE_MILLIS = 5_000;

  private final PlayedNode node = new PlayedNode();
  private final NetworkThreads threads = NetworkThreads.start(2, "test-network");
  private final Outboxes outboxes = new Outboxes(threads.group());
  private final CallIntake intake =
      new CallIntake(
          IntakeSettings.of(1 << 14, DEFAULT_DEADLINE_MILLIS, 64 << 20),
          node,
          outboxes,
          System::nanoTime,
          new LongAdder());
  private final KeyValueService service = new KeyValueService(intake);
  private final Address address = freeAddress();
  private final ClientServer server = new ClientServer(address, threads, service, operators());
  private final List<ManagedChannel> channels = new ArrayList<>();

  private static ServerServiceDefinition operators() {
    StatusService.Own own =
        new StatusService.Own(
            new Incarnation(new UUID(5, 6)),
            new UUID(5, 7),
            new Address("h1", 8001),
            new Address("h1", 9001),
            /* dynamicQuorum= */ false,
            Configuration.Storage.ROCKSDB,
            List.of("rocksdb-damaged"),
            VersionRange.FIRST_ONLY);
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
            new StatusService(
                ClientServerTest::status,
                own,
                () -> LocalControls.Faults.NONE,
                () -> StatusService.Rejected.NONE),
            new AdminCalls(
                nobody,
                ClientServerTest::status,
                new OtherServers(new ServerId(1), Optional.empty())),
            PlayedServer.backups(),
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
        5678,
        new Ballot(7, other),
        Slot.of(20),
        Slot.of(19),
        Slot.of(3),
        2,
        NodeStatus.Behaviour.FIRST,
        new NodeStatus.Data(11, 1_000, 50, 70, 10_000),
        0.25,
        Optional.empty(),
        List.of(
            new NodeStatus.MemberStatus(member, true, 5, 300, 6, /* otherLife= */ true),
            new NodeStatus.MemberStatus(
                member.withRole(Member.Role.VOTER), false, -1, 0, 0, /* otherLife= */ false)));
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
    assertEquals(0, intake.bytesUnderWay());
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
            .setOtherLife(true)
            .build();
    assertEquals(
        StatusResponse.newBuilder()
            .setServerId(1)
            .setClusterId(CLUSTER.toString())
            .setCoordinatorId(2)
            .setCoordinatorHeard(true)
            .setCoordinatorSinceMillis(1234)
            .setUnheardSinceMillis(5678)
            .setBallotRound(7)
            .setBallotServerId(2)
            .setChosenSlot(20)
            .setAppliedSlot(19)
            .setMembershipSlot(3)
            .setQuorum(2)
            .setBehaviourVersion(1)
            .setOldestVersion(1)
            .setNewestVersion(1)
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
                    .clearSyncAgeMillis()
                    .clearOtherLife())
            .setIncarnation(new UUID(5, 6).toString())
            .setClientAddress("h1:8001")
            .setConsensusAddress("h1:9001")
            .setVersion(response.getVersion())
            .setRun(new UUID(5, 7).toString())
            .setUptimeMillis(response.getUptimeMillis())
            .setStorage("rocksdb")
            .addSetAside("rocksdb-damaged")
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

  // ---- clients that do not read
  // ------------------------------------------------------------------

  /** A GET whose answer is read when the test says so. */
  private static final class Unread extends ClientCall.Listener<GetResponse> {
    private final ClientCall<GetRequest, GetResponse> call;
    private final CompletableFuture<Status> status = new CompletableFuture<>();
    private volatile int answered;

    Unread(ManagedChannel channel) {
      call = channel.newCall(KeyValueStoreGrpc.getGetValueMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(GetRequest.newBuilder().setKey(ByteString.copyFromUtf8("k")).build());
      call.halfClose();
    }

    void read() {
      call.request(2);
    }

    @Override
    public void onMessage(GetResponse message) {
      answered = message.getValue().size();
    }

    @Override
    public void onClose(Status end, Metadata trailers) {
      status.complete(end);
    }
  }

  /** Answers each GET with a MiB, until it is interrupted. */
  private Thread answering() {
    Answer mebibyte = new Answer.Found(Bytes.wrap(new byte[1 << 20]), Slot.of(1));
    Thread driver =
        new Thread(
            () -> {
              try {
                while (true) {
                  PlayedNode.answer(node.next(), mebibyte);
                  outboxes.flush();
                }
              } catch (InterruptedException e) {
                // The test is over.
              }
            });
    driver.start();
    return driver;
  }

  /** It takes so little of an answer that is not read that hardly any of it leaves the server. */
  private ManagedChannel unreadChannel() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(address.host(), address.port())
            .usePlaintext()
            .flowControlWindow(65_535)
            .build();
    channels.add(channel);
    return channel;
  }

  private List<Unread> unread(ManagedChannel channel, int count) {
    List<Unread> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(new Unread(channel));
    }
    return calls;
  }

  private void awaitAnswered(LongPredicate bytes) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!bytes.test(intake.bytesAnswered())) {
      assertTrue(System.nanoTime() < end, intake.bytesAnswered() + " bytes of answers wait");
      Thread.sleep(1);
    }
  }

  /** Its answers fill a part of the memory; when it reads, it gets all of them, and no error. */
  @Test
  void aClientThatReadsLateIsGivenAllAndFillsNoMoreThanItsPart() throws Exception {
    Thread driver = answering();
    try {
      List<Unread> calls = unread(unreadChannel(), 200);
      awaitAnswered(bytes -> bytes > 10 << 20);
      assertEquals(
          1 << 20,
          KeyValueStoreGrpc.newBlockingStub(channel())
              .getValue(GetRequest.newBuilder().setKey(ByteString.copyFromUtf8("k")).build())
              .getValue()
              .size());
      assertTrue(intake.bytesAnswered() <= 16 << 20, intake.bytesAnswered() + " bytes wait");
      assertTrue(calls.stream().noneMatch(call -> call.status.isDone()));

      calls.forEach(Unread::read);
      for (Unread call : calls) {
        assertEquals(Status.Code.OK, call.status.get(20, TimeUnit.SECONDS).getCode());
        assertEquals(1 << 20, call.answered);
      }
      awaitAnswered(bytes -> bytes == 0);
      assertEquals(0, intake.bytesUnderWay());
    } finally {
      driver.interrupt();
      driver.join();
    }
  }

  @Test
  void whatFindsNoRoomIsRefusedAtItsDeadlineAndForgottenWhenTheClientLeaves() throws Exception {
    Thread driver = answering();
    try {
      ManagedChannel stuck = unreadChannel();
      Status last = unread(stuck, 100).get(99).status.get(20, TimeUnit.SECONDS);
      assertEquals(Status.Code.RESOURCE_EXHAUSTED, last.getCode(), last::toString);
      String why = String.valueOf(last.getDescription());
      assertTrue(why.contains("no room for an answer of 1053696 bytes"), why);
      assertEquals(0, intake.bytesUnderWay());

      stuck.shutdownNow();
      awaitAnswered(bytes -> bytes == 0);
    } finally {
      driver.interrupt();
      driver.join();
    }
  }

  /** However many do not read: what is left for one that does gets less, and never nothing. */
  @Test
  void manyClientsThatDoNotReadLeaveRoomForOneThatDoes() throws Exception {
    Thread driver = answering();
    try {
      for (int i = 0; i < 12; i++) {
        List<Unread> unused = unread(unreadChannel(), 40);
      }
      awaitAnswered(bytes -> bytes > 40 << 20);
      for (int i = 0; i < 20; i++) {
        assertEquals(
            1 << 20,
            KeyValueStoreGrpc.newBlockingStub(channel())
                .getValue(GetRequest.newBuilder().setKey(ByteString.copyFromUtf8("k")).build())
                .getValue()
                .size());
      }
      assertTrue(intake.bytesAnswered() <= 64 << 20);
    } finally {
      driver.interrupt();
      driver.join();
    }
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
    assertEquals("not-proposed", Objects.requireNonNull(e.getTrailers()).get(UnaryCall.OUTCOME));
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
    assertEquals("not-proposed", Objects.requireNonNull(e.getTrailers()).get(UnaryCall.OUTCOME));
  }

  @Test
  void theStoresServiceHasItsFourCallsAndNoMore() {
    ServerServiceDefinition definition = service.definition();

    assertEquals(
        List.of("DeletePair", "GetValue", "PutPair", "Stream"),
        definition.getMethods().stream()
            .map(method -> String.valueOf(method.getMethodDescriptor().getBareMethodName()))
            .sorted()
            .collect(Collectors.toList()));
  }
}
