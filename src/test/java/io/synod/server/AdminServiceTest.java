package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.synod.node.NodeStatus;
import io.synod.node.OperatorRequest;
import io.synod.paxos.Address;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipChange;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Outlook;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.ControlRequest;
import io.synod.proto.MemberStatus;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What operators call, over real sockets; server 0 coordinates at first. */
@Timeout(60)
class AdminServiceTest {
  private static final ClusterId CLUSTER = PlayedServer.CLUSTER;
  private static final String TOKEN = "a long secret".replace(' ', '-');

  /** Not what the changes here would lead to: it is handed on as it is. */
  private static final Outlook OUTLOOK = new Outlook(4, 3, 1, List.of(new ServerId(5)));

  private final List<PlayedServer> servers = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    for (int i = 0; i < 3; i++) {
      servers.add(
          new PlayedServer(
              i, PlayedServer.status(i, List.of(), Optional.empty()), Optional.empty()));
    }
    coordinatedBy(0);
  }

  @AfterEach
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    servers.forEach(PlayedServer::close);
  }

  private void coordinatedBy(int coordinator) {
    List<Member> members = servers.stream().map(PlayedServer::member).toList();
    for (int i = 0; i < servers.size(); i++) {
      servers.get(i).status = PlayedServer.status(i, members, Optional.of(coordinator));
    }
  }

  private ClusterGrpc.ClusterBlockingStub stub(int server) {
    Address address = servers.get(server).address();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
    channels.add(channel);
    return ClusterGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private Membership without(int server) {
    return new Membership(
        Slot.of(3),
        servers.stream()
            .map(PlayedServer::member)
            .filter(member -> member.server().number() != server)
            .toList());
  }

  private static ChangeRequest remove(int server) {
    return ChangeRequest.newBuilder().setRemove(server).build();
  }

  private static void assertFails(
      Status.Code code, String description, String outcome, StatusRuntimeException e) {
    assertEquals(code, e.getStatus().getCode(), e::toString);
    assertTrue(String.valueOf(e.getStatus().getDescription()).contains(description), e::toString);
    assertEquals(outcome, trailer(e, UnaryCall.OUTCOME));
  }

  private static String trailer(StatusRuntimeException e, Metadata.Key<String> key) {
    return Objects.requireNonNull(Objects.requireNonNull(e.getTrailers()).get(key));
  }

  // ---- changes

  @Test
  void aChangeIsPassedOnToTheCoordinatorWhoeverIsAsked() {
    servers.get(0).node =
        request ->
            new ChangeAnswer.Done(1, new MembershipInForce(Slot.of(21), without(2)), OUTLOOK);
    for (int asked = 0; asked < 3; asked++) {
      ChangeResponse response = stub(asked).change(remove(2));
      assertEquals(21, response.getSlot());
      assertEquals(2, response.getQuorum());
      assertEquals(2, response.getQuorumBefore());
      assertEquals(3, response.getVotersBefore());
      assertEquals(
          List.of(0, 1), response.getMemberList().stream().map(MemberStatus::getServerId).toList());
      OperatorRequest.Change change = (OperatorRequest.Change) servers.get(0).asked.get(asked);
      assertEquals(new MembershipChange.Remove(new ServerId(2)), change.change());
      assertFalse(change.dryRun());
    }
    assertEquals(3, servers.get(0).asked.size());
  }

  @Test
  void aDryRunSaysWhatWouldBe() {
    Membership before =
        new Membership(Slot.ZERO, servers.stream().map(PlayedServer::member).toList());
    servers.get(0).node = request -> new ChangeAnswer.Planned(1, before, without(1), OUTLOOK);
    ChangeResponse response = stub(1).change(remove(1).toBuilder().setDryRun(true).build());
    assertFalse(response.hasSlot());
    assertEquals(2, response.getMemberCount());
    assertEquals(
        ChangeResponse.Outlook.newBuilder()
            .setVoters(4)
            .setQuorum(3)
            .setSpare(1)
            .addAwaitedServerId(5)
            .build(),
        response.getOutlook());
    assertTrue(((OperatorRequest.Change) servers.get(0).asked.get(0)).dryRun());
  }

  @Test
  void aRefusalArrivesInItsOwnWords() {
    servers.get(0).node =
        request ->
            new ChangeAnswer.Refused(
                1, ChangeAnswer.Reason.WOULD_LOSE_QUORUM, "of the 2 voters 1 would be live");
    for (int asked = 0; asked < 2; asked++) {
      ClusterGrpc.ClusterBlockingStub stub = stub(asked);
      StatusRuntimeException e =
          assertThrows(StatusRuntimeException.class, () -> stub.change(remove(1)));
      assertFails(
          Status.Code.FAILED_PRECONDITION, "of the 2 voters 1 would be live", "not-proposed", e);
      assertEquals("WOULD_LOSE_QUORUM", trailer(e, AdminCalls.REASON));
    }
  }

  @Test
  void theNextCoordinatorIsAskedWhenOneHandsOverFirst() {
    servers.get(0).node =
        request -> {
          coordinatedBy(1);
          return new ChangeAnswer.Refused(
              1, ChangeAnswer.Reason.HANDS_OVER, "server 1 coordinates next: ask that");
        };
    servers.get(1).node =
        request ->
            new ChangeAnswer.Done(1, new MembershipInForce(Slot.of(30), without(0)), OUTLOOK);
    assertEquals(30, stub(2).change(remove(0)).getSlot());
    assertEquals(1, servers.get(0).asked.size());
    assertEquals(1, servers.get(1).asked.size());
  }

  @Test
  void aServerThatWasPassedACallDoesNotPassItOnAgain() {
    // Server 2 believes in a coordinator that knows better.
    List<Member> members = servers.stream().map(PlayedServer::member).toList();
    servers.get(0).status = PlayedServer.status(0, members, Optional.of(1));
    servers.get(1).status = PlayedServer.status(1, members, Optional.of(0));
    servers.get(0).node = servers.get(1).node = request -> new ChangeAnswer.HandedOver(1, id(2));
    // It hears why before its own deadline.
    ClusterGrpc.ClusterBlockingStub stub = stub(2).withDeadlineAfter(1, TimeUnit.SECONDS);
    StatusRuntimeException e =
        assertThrows(StatusRuntimeException.class, () -> stub.change(remove(1)));
    assertFails(Status.Code.UNAVAILABLE, "does not coordinate", "not-proposed", e);
    assertTrue(servers.get(0).asked.isEmpty());
  }

  private static ServerId id(int server) {
    return new ServerId(server);
  }

  @Test
  void whatMayStillComeIntoForceIsCalledUnknown() {
    servers.get(0).node = request -> new ChangeAnswer.Unknown(1);
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    assertFails(
        Status.Code.UNAVAILABLE,
        "MEMBERS shows",
        "unknown",
        assertThrows(StatusRuntimeException.class, () -> stub.change(remove(1))));
  }

  @Test
  void aServerThatIsToJoinIsAskedWhoItIs() throws IOException {
    try (PlayedServer joining =
        new PlayedServer(5, founded(Optional.empty(), 5), Optional.empty())) {
      servers.get(0).node =
          request ->
              new ChangeAnswer.Done(1, new MembershipInForce(Slot.of(22), without(9)), OUTLOOK);
      ChangeResponse unused =
          stub(1).change(ChangeRequest.newBuilder().setAdd(joining.address().toString()).build());
      OperatorRequest.Change change = (OperatorRequest.Change) servers.get(0).asked.get(0);
      Member learner = joining.member().withRole(Member.Role.LEARNER);
      assertEquals(new MembershipChange.Add(learner, PlayedServer.SUPPORTED), change.change());

      unused =
          stub(1)
              .change(
                  ChangeRequest.newBuilder()
                      .setReplace(
                          ChangeRequest.Replacement.newBuilder()
                              .setServerId(2)
                              .setBy(joining.address().toString()))
                      .build());
      change = (OperatorRequest.Change) servers.get(0).asked.get(1);
      assertEquals(
          new MembershipChange.Replace(id(2), learner, PlayedServer.SUPPORTED), change.change());
    }
  }

  private static NodeStatus founded(Optional<ClusterId> cluster, int i) {
    NodeStatus like = PlayedServer.status(i, List.of(), Optional.empty());
    return new NodeStatus(
        like.server(),
        cluster,
        Optional.of("waiting"),
        like.coordinator(),
        like.coordinatorContent(),
        0,
        0,
        like.ballot(),
        Slot.ZERO,
        Slot.ZERO,
        Slot.ZERO,
        0,
        NodeStatus.Behaviour.FIRST,
        NodeStatus.Data.NONE,
        0,
        Optional.empty(),
        List.of());
  }

  @Test
  void aServerOfAnotherClusterIsRefusedAndBothAreNamed() throws IOException {
    ClusterId other = new ClusterId(new UUID(8, 9));
    try (PlayedServer joining =
        new PlayedServer(5, founded(Optional.of(other), 5), Optional.empty())) {
      ClusterGrpc.ClusterBlockingStub stub = stub(1);
      ChangeRequest add = ChangeRequest.newBuilder().setAdd(joining.address().toString()).build();
      StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> stub.change(add));
      assertFails(Status.Code.FAILED_PRECONDITION, other.toString(), "not-proposed", e);
      assertTrue(String.valueOf(e.getMessage()).contains(CLUSTER.toString()), e::toString);
      assertTrue(servers.get(0).asked.isEmpty());
    }
  }

  @Test
  void aMemberByAnotherNameOfItsAddressIsRefusedAndNothingChanges() {
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    String known = servers.get(2).address().toString();
    String other = known.replace("127.0.0.1", "localhost");
    ChangeRequest add = ChangeRequest.newBuilder().setAdd(other).build();
    assertFails(
        Status.Code.FAILED_PRECONDITION,
        "server 2 is a member already, at " + known + ", which " + other + " is another name of",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.change(add)));
    assertTrue(servers.get(0).asked.isEmpty());
  }

  @Test
  void statusSaysWhatTheOthersKeepAndWhere() {
    List<MemberStatus> members = withFaultsOf(2, stub(0));
    assertEquals("rocksdb", members.get(2).getKept().getStorage());
    assertEquals(List.of("rocksdb-damaged"), members.get(2).getKept().getSetAsideList());
    assertFalse(members.get(0).hasKept(), "its own is not among that of the others");
    StatusResponse own = stub(2).status(StatusRequest.getDefaultInstance());
    assertEquals("rocksdb", own.getStorage());
    assertEquals(List.of("rocksdb-damaged"), own.getSetAsideList());
  }

  @Test
  void whereNobodyAnswersNobodyIsAdded() {
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    ChangeRequest nobody = ChangeRequest.newBuilder().setAdd("127.0.0.1:1").build();
    assertFails(
        Status.Code.FAILED_PRECONDITION,
        "no server answers at 127.0.0.1:1",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.change(nobody)));
    ChangeRequest nonsense = ChangeRequest.newBuilder().setAdd("nonsense").build();
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "'nonsense' is not an address",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.change(nonsense)));
  }

  // ---- moving the coordinator

  @Test
  void theCoordinatorIsMovedThroughAnyServer() {
    servers.get(0).node = request -> new ChangeAnswer.HandedOver(1, id(2));
    assertEquals(
        2,
        stub(1)
            .moveCoordinator(MoveCoordinatorRequest.newBuilder().setTo(2).build())
            .getCoordinatorId());
    assertEquals(
        2, stub(0).moveCoordinator(MoveCoordinatorRequest.getDefaultInstance()).getCoordinatorId());
    assertEquals(
        List.of(Optional.of(id(2)), Optional.empty()),
        servers.get(0).asked.stream()
            .map(request -> ((OperatorRequest.HandOver) request).to())
            .toList());
  }

  // ---- one server

  @Test
  void anActionReachesTheServerThatItNames() {
    ControlRequest cut =
        ControlRequest.newBuilder()
            .setServerId(2)
            .setCut(ControlRequest.Cut.newBuilder().addServerId(0))
            .build();
    Object unused = stub(1).control(cut);
    unused = stub(2).control(cut);
    assertEquals(List.of(cut, cut), servers.get(2).controls);
    assertTrue(servers.get(1).controls.isEmpty());
  }

  /** A client that sets no field asks for server 0 in proto3: that must not stop it by mistake. */
  @Test
  void aRequestThatNamesNoServerIsNotForServer0() {
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "set server_id",
        "not-proposed",
        assertThrows(
            StatusRuntimeException.class,
            () -> stub.control(ControlRequest.newBuilder().setSuspendMillis(5_000).build())));
    ChangeRequest replace =
        ChangeRequest.newBuilder()
            .setReplace(ChangeRequest.Replacement.newBuilder().setBy("127.0.0.1:1"))
            .build();
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "set server_id",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.change(replace)));
    assertTrue(servers.get(0).controls.isEmpty());
    assertTrue(servers.get(0).asked.isEmpty());
  }

  @Test
  void anActionThatMakesNoSenseIsRefused() {
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    assertFails(
        Status.Code.FAILED_PRECONDITION,
        "no member has the id 9",
        "not-proposed",
        assertThrows(
            StatusRuntimeException.class,
            () -> stub.control(ControlRequest.newBuilder().setServerId(9).build())));
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "at most 1",
        "not-proposed",
        assertThrows(
            StatusRuntimeException.class,
            () -> stub.control(ControlRequest.newBuilder().setServerId(2).setFailRate(2).build())));
  }

  @Test
  void nobodyIsCutOffFromWhoIsNoMemberAndNothingIsApplied() {
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    assertFails(
        Status.Code.FAILED_PRECONDITION,
        "no member has the id 7",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.control(cut(2, 0, 7))));
    assertFails(
        Status.Code.INVALID_ARGUMENT,
        "server 2 cannot be cut off from itself",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.control(cut(2, 0, 2))));
    assertTrue(servers.get(2).controls.isEmpty());
  }

  private static ControlRequest cut(int server, int... others) {
    ControlRequest.Cut.Builder cut = ControlRequest.Cut.newBuilder();
    for (int other : others) {
      cut.addServerId(other);
    }
    return ControlRequest.newBuilder().setServerId(server).setCut(cut).build();
  }

  @Test
  void statusSaysWhatAnOperatorDidAndHasNotEnded() {
    servers.get(1).faults = new LocalControls.Faults(1_500, List.of(id(0), id(2)));
    StatusResponse status = stub(1).status(StatusRequest.getDefaultInstance());
    assertEquals(1_500, status.getSuspendedMillis());
    assertEquals(List.of(0, 2), status.getCutServerIdList());
  }

  @Test
  void statusSaysWhatWasDoneToTheOthersIfItIsAskedFor() {
    servers.get(0).faults = new LocalControls.Faults(0, List.of(id(1)));
    servers.get(1).faults = new LocalControls.Faults(1_500, List.of());
    servers.get(2).close();
    List<MemberStatus> members = withFaultsOf(1, stub(0));
    assertFalse(members.get(0).hasFaults(), "its own are not among those of the others");
    assertEquals(1_500, members.get(1).getFaults().getSuspendedMillis());
    assertFalse(members.get(2).hasFaults(), "it is down");
    members = withFaultsOf(0, stub(1));
    assertEquals(List.of(1), members.get(0).getFaults().getCutServerIdList());
    assertEquals("heap", members.get(0).getKept().getStorage());
    members = stub(1).status(StatusRequest.getDefaultInstance()).getMemberList();
    assertFalse(members.get(0).hasFaults(), "nobody asked for it");
  }

  /** Asks until this server answered the one that is asked in time: a machine may be busy. */
  private static List<MemberStatus> withFaultsOf(
      int server, ClusterGrpc.ClusterBlockingStub asked) {
    StatusRequest all = StatusRequest.newBuilder().setOthers(true).build();
    List<MemberStatus> members = asked.status(all).getMemberList();
    while (!members.get(server).hasFaults()) {
      // Until the deadline of the stub.
      members = asked.status(all).getMemberList();
    }
    return members;
  }

  @Test
  void aServerThatWasRemovedSendsOperatorsElsewhereAtOnce() {
    List<Member> others = List.of(servers.get(0).member(), servers.get(1).member());
    servers.get(2).status = PlayedServer.status(2, others, Optional.empty());
    ClusterGrpc.ClusterBlockingStub stub = stub(2);
    assertFails(
        Status.Code.UNAVAILABLE,
        "server 2 is no member; ask another server",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.change(remove(0))));
    assertFails(
        Status.Code.UNAVAILABLE,
        "server 2 is no member; ask another server",
        "not-proposed",
        assertThrows(StatusRuntimeException.class, () -> stub.control(cut(1, 0))));
    assertTrue(servers.get(1).controls.isEmpty(), "by its list of before");
    ControlRequest own = ControlRequest.newBuilder().setServerId(2).setSnapshot(true).build();
    Object unused = stub.control(own);
    assertEquals(List.of(own), servers.get(2).controls);
  }

  @Test
  void aServerThatIsDownIsNamed() {
    servers.get(2).close();
    ClusterGrpc.ClusterBlockingStub stub = stub(1);
    assertFails(
        Status.Code.UNAVAILABLE,
        "server 2 at " + servers.get(2).address(),
        "not-proposed",
        assertThrows(
            StatusRuntimeException.class,
            () ->
                stub.control(
                    ControlRequest.newBuilder().setServerId(2).setSnapshot(true).build())));
  }

  // ---- who may

  @Test
  void callersElsewhereNeedTheToken() throws IOException {
    // A caller within the process has no address: it is not on the loopback.
    Server elsewhere =
        InProcessServerBuilder.forName("gate")
            .addService(servers.get(1).service(Optional.of(TOKEN)))
            .build()
            .start();
    ManagedChannel channel = InProcessChannelBuilder.forName("gate").build();
    channels.add(channel);
    try {
      ClusterGrpc.ClusterBlockingStub stub = ClusterGrpc.newBlockingStub(channel);
      StatusResponse status = stub.status(StatusRequest.getDefaultInstance());
      assertEquals(1, status.getServerId());
      assertEquals(servers.get(1).incarnation().id().toString(), status.getIncarnation());
      assertEquals("clients:8001", status.getClientAddress());

      ControlRequest control = ControlRequest.newBuilder().setServerId(1).setFailRate(0.5).build();
      for (String wrong : List.of("", "another-secret", TOKEN + "x")) {
        assertFails(
            Status.Code.PERMISSION_DENIED,
            "cluster_token",
            "not-proposed",
            assertThrows(
                StatusRuntimeException.class, () -> withToken(stub, wrong).control(control)));
      }
      assertTrue(servers.get(1).controls.isEmpty());
      Object unused = withToken(stub, TOKEN).control(control);
      assertEquals(List.of(control), servers.get(1).controls);
    } finally {
      elsewhere.shutdownNow();
    }
  }

  private static ClusterGrpc.ClusterBlockingStub withToken(
      ClusterGrpc.ClusterBlockingStub stub, String token) {
    Metadata headers = new Metadata();
    if (!token.isEmpty()) {
      headers.put(AdminGate.TOKEN, token);
    }
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Takes connections and says nothing, as a stopped process does. */
  private ServerSocket hangsInPlaceOf(int server) throws IOException {
    ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Member member = servers.get(server).member();
    List<Member> members = new ArrayList<>(servers.stream().map(PlayedServer::member).toList());
    members.set(
        server,
        new Member(
            member.server(),
            member.incarnation(),
            new Address("127.0.0.1", silent.getLocalPort()),
            member.clientAddress(),
            member.role()));
    servers.get(0).status = PlayedServer.status(0, members, Optional.of(0));
    return silent;
  }

  @Test
  void aCallerInAHurryGetsStatusThoughAnotherServerHangs() throws IOException {
    StatusRequest all = StatusRequest.newBuilder().setOthers(true).build();
    try (ServerSocket silent = hangsInPlaceOf(2)) {
      assertTrue(silent.isBound());
      ClusterGrpc.ClusterBlockingStub stub = stub(0);
      // The first call makes the connection.
      assertEquals(0, stub.status(StatusRequest.getDefaultInstance()).getServerId());
      Optional<StatusResponse> found = Optional.empty();
      // A machine may be busy.
      for (int i = 0; i < 20 && found.isEmpty(); i++) {
        try {
          found = Optional.of(stub.withDeadlineAfter(280, TimeUnit.MILLISECONDS).status(all));
        } catch (StatusRuntimeException e) {
          assertEquals(Status.Code.DEADLINE_EXCEEDED, e.getStatus().getCode());
        }
      }
      assertFalse(found.orElseThrow().getMember(2).hasFaults());
    }
  }

  @Test
  void manyWhoAskWhileAnotherServerHangsAllGetStatus() throws Exception {
    StatusRequest all = StatusRequest.newBuilder().setOthers(true).build();
    int calls = 60;
    try (ServerSocket silent = hangsInPlaceOf(2)) {
      assertTrue(silent.isBound());
      ManagedChannel channel = (ManagedChannel) stub(0).getChannel();
      long began = System.nanoTime();
      List<ListenableFuture<StatusResponse>> answers = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        answers.add(ClusterGrpc.newFutureStub(channel).status(all));
      }
      int waited = 0;
      for (ListenableFuture<StatusResponse> answer : answers) {
        StatusResponse found = answer.get(20, TimeUnit.SECONDS);
        assertEquals(3, found.getMemberCount());
        waited += found.getMember(1).hasFaults() ? 1 : 0;
      }
      long moments =
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began) / OtherServers.MOMENT_MILLIS;
      assertTrue(waited <= 2 * (moments + 1), waited + " waited in " + moments + " moments");
    }
  }
}
