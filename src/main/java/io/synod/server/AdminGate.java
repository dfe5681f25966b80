package io.synod.server;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.synod.proto.ClusterGrpc;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Who may change the cluster: a caller through the loopback, or one that has the cluster token. Any
 * thread.
 */
final class AdminGate implements ServerInterceptor {
  static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("synod-cluster-token", Metadata.ASCII_STRING_MARSHALLER);

  /** Bears the id of the server that passed a call on. */
  static final Metadata.Key<String> PASSED_ON =
      Metadata.Key.of("synod-passed-on", Metadata.ASCII_STRING_MARSHALLER);

  /** Whether another server passed the call on: it is not passed on again. */
  static final Context.Key<Boolean> WAS_PASSED_ON = Context.keyWithDefault("passed-on", false);

  private final Optional<String> token;

  AdminGate(Optional<String> token) {
    this.token = token;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    boolean reads =
        call.getMethodDescriptor()
            .getFullMethodName()
            .equals(ClusterGrpc.getStatusMethod().getFullMethodName());
    SocketAddress caller = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    if (!reads && !isLocal(caller) && !hasToken(headers)) {
      Metadata trailers = new Metadata();
      trailers.put(UnaryCall.OUTCOME, "not-proposed");
      call.close(
          Status.PERMISSION_DENIED.withDescription(
              "what changes the cluster is asked for through the loopback (127.0.0.1, ::1) of the"
                  + " server's own machine, or with the cluster_token of the servers:"
                  + " SYNOD_CLUSTER_TOKEN gives it to ./client and the scripts"),
          trailers);
      return new ServerCall.Listener<>() {};
    }
    Context context = Context.current().withValue(WAS_PASSED_ON, headers.get(PASSED_ON) != null);
    return Contexts.interceptCall(context, call, headers, next);
  }

  private static boolean isLocal(SocketAddress caller) {
    return caller instanceof InetSocketAddress address
        && address.getAddress() != null
        && address.getAddress().isLoopbackAddress();
  }

  private boolean hasToken(Metadata headers) {
    String given = headers.get(TOKEN);
    return token.isPresent()
        && given != null
        && MessageDigest.isEqual(
            token.get().getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
  }
}
