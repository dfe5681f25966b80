package io.synod.server;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.synod.journal.MemoryDisk;
import io.synod.node.NodeStatus;
import io.synod.node.OperatorRequest;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionRange;
import io.synod.proto.ControlRequest;
import io.synod.proto.GetCoordinatorRequest;
import io.synod.proto.GetCoordinatorResponse;
import io.synod.proto.MultiPaxosGrpc;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;

/** A server's operators' service on a port, with a node whose answers the test gives. */
final class PlayedServer implements AutoCloseable, AdminCalls.Local {
  static final Metadata.Key<String> REASON = AdminCalls.REASON;

  static final ClusterId CLUSTER = new ClusterId(new UUID(1, 2));

  /** By which versions its program can behave. */
  static final VersionRange SUPPORTED = new VersionRange(1, 2);

  private final ServerId id;
  private final ExecutorService threads = AdminService.threads();
  private final Server server;
  private final Address address;

  /** How the server stands. */
  volatile NodeStatus status;

  /** What operators have done to it. */
  volatile LocalControls.Faults faults = LocalControls.Faults.NONE;

  /** What the node makes of a request. */
  volatile Function<OperatorRequest, ChangeAnswer> node =
      request -> {
        throw new AssertionError("nothing is asked of this server: " + request);
      };

  final List<OperatorRequest> asked = new CopyOnWriteArrayList<>();

  /** The token of each call; none of one that had none. */
  final List<Optional<String>> tokens = new CopyOnWriteArrayList<>();

  final List<ControlRequest> controls = new CopyOnWriteArrayList<>();

  PlayedServer(int number, NodeStatus status, Optional<String> token) throws IOException {
    this.id = new ServerId(number);
    this.status = status;
    this.server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(service(token))
            .addService(new ConsensusPort())
            .intercept(new Tokens())
            .build()
            .start();
    this.address = new Address("127.0.0.1", server.getPort());
  }

  /** Keeps what callers show. */
  private final class Tokens implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      tokens.add(Optional.ofNullable(headers.get(AdminGate.TOKEN)));
      return next.startCall(call, headers);
    }
  }

  /** What a port for clients does not have. */
  private static final class ConsensusPort extends MultiPaxosGrpc.MultiPaxosImplBase {
    @Override
    public void getCoordinator(
        GetCoordinatorRequest request, StreamObserver<GetCoordinatorResponse> caller) {
      caller.onError(Status.NOT_FOUND.asException());
    }
  }

  /** How server i stands, in the cluster that all are of. */
  static NodeStatus status(int i, List<Member> members, Optional<Integer> coordinator) {
    return new NodeStatus(
        new ServerId(i),
        Optional.of(CLUSTER),
        Optional.empty(),
        coordinator.map(ServerId::new),
        coordinator.isPresent(),
        0,
        0,
        Ballot.LOWEST,
        Slot.of(20),
        Slot.of(20),
        Slot.of(3),
        members.isEmpty() ? 0 : members.size() / 2 + 1,
        NodeStatus.Behaviour.FIRST,
        NodeStatus.Data.NONE,
        0,
        Optional.empty(),
        members.stream()
            .map(member -> new NodeStatus.MemberStatus(member, true, 0, 100, 0, false))
            .toList());
  }

  /** As on a port, with the gate in front. */
  ServerServiceDefinition service(Optional<String> token) {
    StatusService.Own own =
        new StatusService.Own(
            incarnation(),
            UUID.randomUUID(),
            new Address("clients", 8000 + id.number()),
            new Address("servers", 1),
            /* dynamicQuorum= */ false,
            id.number() == 2 ? Configuration.Storage.ROCKSDB : Configuration.Storage.HEAP,
            id.number() == 2 ? List.of("rocksdb-damaged") : List.of(),
            SUPPORTED);
    return ServerInterceptors.intercept(
        new AdminService(
            new StatusService(() -> status, own, () -> faults, () -> StatusService.Rejected.NONE),
            new AdminCalls(this, () -> status, new OtherServers(id, token)),
            backups(),
            threads),
        new AdminGate(token));
  }

  /** Of one that has applied nothing. */
  static Backups backups() {
    try {
      return new Backups(
          taken -> taken.accept(Slot.ZERO),
          Snapshots.open(MemoryDisk.empty("played")),
          /* witness= */ false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Incarnation incarnation() {
    return new Incarnation(new UUID(7, id.number()));
  }

  Address address() {
    return address;
  }

  Member member() {
    return new Member(
        id,
        incarnation(),
        address(),
        new Address("clients", 8000 + id.number()),
        Member.Role.VOTER);
  }

  @Override
  public boolean submit(OperatorRequest request) {
    asked.add(request);
    request.answered().accept(node.apply(request));
    return true;
  }

  @Override
  public void control(ControlRequest request) {
    if (request.getFailRate() > 1) {
      throw new IllegalArgumentException("a chance is at most 1");
    }
    controls.add(request);
  }

  @Override
  public void close() {
    server.shutdownNow();
    threads.shutdownNow();
  }
}
