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
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
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
  private final Links links;
  private final LongAdder refusedStreams = new LongAdder();
  private final Occasionally refusals = new Occasionally();

  /** The way to those that call. */
  interface Links {
    /** To this peer, if it is known. */
    Optional<PeerLink> to(ServerId peer);

    /**
     * To a caller that is not known: one that was removed and does not know, that is to be added,
     * or that belongs to a membership newer than this server's. The protocol tells them apart.
     */
    PeerLink toGuest(Handshake.Greeting caller);

    /** Whether there is room for one more. */
    boolean hasRoomForGuest();
  }

  PeerService(LocalServer local, CoordinatorSource coordinator, Links links) {
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

  /** The way to a caller that was not refused. */
  PeerLink link(Handshake.Greeting caller) {
    return links.to(caller.from()).orElseGet(() -> links.toGuest(caller));
  }

  /** Streams that were refused, whoever called. */
  long refusedStreams() {
    return refusedStreams.sum();
  }

  /**
   * The way to a caller under whose id another process is heard; none if nothing is to be asked.
   */
  Optional<PeerLink> contested(Handshake.Greeting caller) {
    return links
        .to(caller.from())
        .filter(link -> link.isContested(caller))
        .filter(link -> Handshake.refusal(local.id(), local.cluster(), caller).isEmpty());
  }

  /**
   * Why this caller is not listened to; none if it is. Logged and counted.
   *
   * @param host the caller's
   * @param there the process that answers at its server's address, if that was asked
   */
  Optional<String> refusal(Handshake.Greeting caller, String host, Optional<UUID> there) {
    Optional<PeerLink> link = links.to(caller.from());
    Optional<String> why =
        Handshake.refusal(local.id(), local.cluster(), caller)
            .or(
                () ->
                    link.isPresent()
                        ? link.get().refusal(caller, host, there)
                        : guestRefusal(caller));
    why.ifPresent(
        text -> {
          link.ifPresent(known -> known.counters().rejected.increment());
          onRejected(text);
        });
    return why;
  }

  /** A guest is of the same cluster, or one of the two does not know its cluster yet. */
  private Optional<String> guestRefusal(Handshake.Greeting caller) {
    boolean founded = local.founded().isPresent() || caller.cluster().isPresent();
    boolean may = founded && !caller.from().equals(local.id()) && links.hasRoomForGuest();
    return may ? Optional.empty() : Optional.of(unknown(caller));
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
