package io.synod.server;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.synod.paxos.Address;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.GetCoordinatorRequest;
import io.synod.proto.MultiPaxosGrpc;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Calls of an operator that are for other servers, on their consensus ports. Blocks. */
final class OtherServers {
  private static final long STATUS_MILLIS = 2_000;
  private static final long CALL_MILLIS = 12_000;

  /**
   * How long others are waited for that may hang, where the answer is of use without theirs too.
   */
  static final long MOMENT_MILLIS = 600;

  private final ServerId self;
  private final Optional<String> token;

  OtherServers(ServerId self, Optional<String> token) {
    this.self = self;
    this.token = token;
  }

  /**
   * Who has this consensus port.
   *
   * @throws StatusRuntimeException if nobody answers, or what answers is another port
   */
  StatusResponse status(Address address) {
    return with(
        address,
        STATUS_MILLIS,
        asked(),
        stub -> {
          checkIsConsensusPort(stub.getChannel());
          return stub.status(StatusRequest.getDefaultInstance());
        });
  }

  /** A port for clients answers the operators' calls too, but has no protocol. */
  private static void checkIsConsensusPort(Channel channel) {
    try {
      Object unused =
          MultiPaxosGrpc.newBlockingStub(channel)
              .withDeadlineAfter(STATUS_MILLIS, TimeUnit.MILLISECONDS)
              .getCoordinator(GetCoordinatorRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  /** A call that another server carries out itself. */
  <R> R call(Member server, Function<ClusterGrpc.ClusterBlockingStub, R> call)
      throws StatusException {
    try {
      return with(server.consensusAddress(), CALL_MILLIS, trusted(), call);
    } catch (StatusRuntimeException e) {
      throw failure(server, e);
    }
  }

  /** What it says itself goes to the caller as it is. */
  private static StatusException failure(Member server, StatusRuntimeException e) {
    Metadata trailers = e.getTrailers();
    if (trailers != null && trailers.containsKey(UnaryCall.OUTCOME)) {
      return new StatusException(e.getStatus(), trailers);
    }
    String name = "server " + server.server().number() + " at " + server.consensusAddress();
    Metadata outcome = new Metadata();
    if (e.getStatus().getCode() == Status.Code.PERMISSION_DENIED) {
      outcome.put(UnaryCall.OUTCOME, "not-proposed");
      return e.getStatus()
          .withDescription(
              name
                  + ", which has to carry it out, is not reached through the loopback and was not given"
                  + " its cluster_token: all servers need the same one")
          .asException(outcome);
    }
    outcome.put(UnaryCall.OUTCOME, isNotConnected(e.getStatus()) ? "not-proposed" : "unknown");
    return Status.UNAVAILABLE
        .withCause(e)
        .withDescription(name + ", which has to carry it out, did not: " + why(e.getStatus()))
        .asException(outcome);
  }

  private static boolean isNotConnected(Status status) {
    return status.getCode() == Status.Code.UNAVAILABLE
        && status.getCause() instanceof ConnectException;
  }

  /** Why there was no answer, for a person to read. */
  static String why(Status status) {
    if (isNotConnected(status)) {
      return "connection refused";
    }
    return switch (status.getCode()) {
      case DEADLINE_EXCEEDED, CANCELLED -> "no answer in time";
      case UNIMPLEMENTED -> "what answers there is no consensus port";
      default -> Optional.ofNullable(status.getDescription()).orElse(status.getCode().toString());
    };
  }

  /** What these servers say of themselves, as far as they answer in this time. */
  Map<ServerId, StatusResponse> statuses(List<Member> servers, long millis) {
    Map<ServerId, ListenableFuture<StatusResponse>> asked = new LinkedHashMap<>();
    List<ManagedChannel> channels = new ArrayList<>();
    try {
      for (Member server : servers) {
        ManagedChannel channel = channel(server.consensusAddress());
        channels.add(channel);
        asked.put(
            server.server(),
            ClusterGrpc.newFutureStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(asked()))
                .withDeadlineAfter(millis, TimeUnit.MILLISECONDS)
                .status(StatusRequest.getDefaultInstance()));
      }
      Map<ServerId, StatusResponse> answers = new LinkedHashMap<>();
      asked.forEach((server, answer) -> answer(answer).ifPresent(it -> answers.put(server, it)));
      return answers;
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static Optional<StatusResponse> answer(ListenableFuture<StatusResponse> asked) {
    try {
      return Optional.of(asked.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException e) {
      // It is down, hangs or is an older release: then nobody knows.
      return Optional.empty();
    }
  }

  private static <R> R with(
      Address address,
      long millis,
      Metadata headers,
      Function<ClusterGrpc.ClusterBlockingStub, R> call) {
    ManagedChannel channel = channel(address);
    try {
      return call.apply(
          ClusterGrpc.newBlockingStub(channel)
              .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
              .withDeadlineAfter(millis, TimeUnit.MILLISECONDS));
    } finally {
      channel.shutdownNow();
    }
  }

  private static ManagedChannel channel(Address address) {
    return NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
  }

  /** Of a question, which needs no token: whoever has that address is not to learn it. */
  private Metadata asked() {
    Metadata headers = new Metadata();
    headers.put(AdminGate.PASSED_ON, String.valueOf(self.number()));
    return headers;
  }

  /** Of a call that changes something, to a member. */
  private Metadata trusted() {
    Metadata headers = asked();
    token.ifPresent(text -> headers.put(AdminGate.TOKEN, text));
    return headers;
  }
}
