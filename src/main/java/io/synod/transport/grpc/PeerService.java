package io.synod.transport.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.synod.paxos.ServerId;
import io.synod.proto.GetCoordinatorRequest;
import io.synod.proto.GetCoordinatorResponse;
import io.synod.proto.MultiPaxosGrpc;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service {@code keyvaluestore.MultiPaxos}: takes the streams that other servers open. */
final class PeerService implements ServerCallHandler<Frame, Frame> {
  private static final Logger LOG = LoggerFactory.getLogger(PeerService.class);

  /** As generated, but with frames that are encoded and decoded by {@link PeerCodec}. */
  static final MethodDescriptor<Frame, Frame> EXCHANGE =
      MultiPaxosGrpc.getExchangeMethod().toBuilder(new Frame.Marshaller(), new Frame.Marshaller())
          .build();

  private final LocalServer local;
  private final CoordinatorSource coordinator;
  private final Supplier<Map<ServerId, PeerLink>> links;
  private final LongAdder refusedStreams = new LongAdder();
  private final Occasionally refusals = new Occasionally();

  PeerService(
      LocalServer local, CoordinatorSource coordinator, Supplier<Map<ServerId, PeerLink>> links) {
    this.local = local;
    this.coordinator = coordinator;
    this.links = links;
  }

  ServerServiceDefinition definition() {
    ServiceDescriptor generated = MultiPaxosGrpc.getServiceDescriptor();
    return ServerServiceDefinition.builder(
            ServiceDescriptor.newBuilder(generated.getName())
                .setSchemaDescriptor(generated.getSchemaDescriptor())
                .addMethod(EXCHANGE)
                .addMethod(MultiPaxosGrpc.getGetCoordinatorMethod())
                .build())
        .addMethod(EXCHANGE, this)
        .addMethod(
            MultiPaxosGrpc.getGetCoordinatorMethod(),
            ServerCalls.asyncUnaryCall(this::getCoordinator))
        .build();
  }

  @Override
  public ServerCall.Listener<Frame> startCall(ServerCall<Frame, Frame> call, Metadata headers) {
    return new InboundStream(local, this, call);
  }

  Optional<PeerLink> link(ServerId peer) {
    return Optional.ofNullable(links.get().get(peer));
  }

  /** Streams that were refused, whoever called. */
  long refusedStreams() {
    return refusedStreams.sum();
  }

  /** Why this caller is not listened to; none if it is. Logged and counted. */
  Optional<String> refusal(Handshake.Greeting caller) {
    Optional<PeerLink> link = link(caller.from());
    Optional<String> why =
        Handshake.refusal(local.id(), local.cluster(), caller)
            .or(() -> link.isEmpty() ? Optional.of(unknown(caller)) : link.get().refusal(caller));
    why.ifPresent(
        text -> {
          link.ifPresent(known -> known.counters().rejected.increment());
          onRejected(text);
        });
    return why;
  }

  private String unknown(Handshake.Greeting caller) {
    return caller.from().equals(local.id())
        ? "the process at "
            + caller.consensusAddress()
            + " and the one it calls both run as server "
            + local.id().number()
        : "server "
            + caller.from().number()
            + " at "
            + caller.consensusAddress()
            + " is not among the servers that server "
            + local.id().number()
            + " knows";
  }

  void onRejected(String why) {
    refusedStreams.increment();
    if (refusals.isDue(why)) {
      LOG.warn("refused a stream ({} so far): {}", refusedStreams.sum(), why);
    }
  }

  private void getCoordinator(
      GetCoordinatorRequest request, StreamObserver<GetCoordinatorResponse> answer) {
    Optional<CoordinatorSource.KnownCoordinator> known = coordinator.coordinator();
    if (known.isEmpty()) {
      answer.onError(
          Status.NOT_FOUND
              .withDescription("no coordinator is known to server " + local.id().number() + " now")
              .asRuntimeException());
      return;
    }
    answer.onNext(
        GetCoordinatorResponse.newBuilder()
            .setServerId(known.get().ballot().server().number())
            .setClientAddress(known.get().clientAddress().toString())
            .setBallotRound(known.get().ballot().round())
            .build());
    answer.onCompleted();
  }
}
