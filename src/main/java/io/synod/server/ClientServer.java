package io.synod.server;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.synod.paxos.Address;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.transport.grpc.NetworkThreads;
import io.synod.transport.grpc.Ports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** The client port: the store's calls, the cluster's status, gRPC health and reflection. */
final class ClientServer {
  private static final int METADATA_BYTES = 8 << 10;
  private static final int MESSAGE_BYTES = 2 << 20;
  private static final int CALLS_PER_CONNECTION = 1_000;

  private final Address listen;
  private final KeyValueService service;
  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;

  ClientServer(
      Address listen,
      NetworkThreads threads,
      KeyValueService service,
      ServerServiceDefinition cluster) {
    this.listen = listen;
    this.service = service;
    setServing(false);
    this.server =
        NettyServerBuilder.forAddress(new InetSocketAddress(listen.host(), listen.port()))
            .bossEventLoopGroup(threads.group())
            .workerEventLoopGroup(threads.group())
            .channelType(threads.serverChannelType())
            .directExecutor()
            .maxInboundMetadataSize(METADATA_BYTES)
            .maxInboundMessageSize(MESSAGE_BYTES)
            .addStreamTracerFactory(TooLarge.TRACING)
            .addTransportFilter(service.intake().connections())
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
            .keepAliveTime(60, TimeUnit.SECONDS)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(service.definition())
            .addService(service.rangesDefinition())
            .addService(cluster)
            .addService(health.getHealthService())
            .addService(reflection())
            .build();
  }

  private static BindableService reflection() {
    return ProtoReflectionServiceV1.newInstance();
  }

  /**
   * Listens. Blocks until it does.
   *
   * @throws IOException naming the port, if it cannot be listened on
   */
  void start() throws IOException {
    try {
      server.start();
    } catch (IOException e) {
      throw Ports.cannotListen("clients", listen, e);
    }
  }

  /** Tells health checks whether the store answers. One thread. */
  void setServing(boolean now) {
    ServingStatus status = now ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    health.setStatus(KeyValueStoreGrpc.SERVICE_NAME, status);
  }

  /** Refuses new calls and connections from now on; calls under way go on. */
  void refuseNewCalls() {
    service.refuseNewCalls();
    health.enterTerminalState();
    server.shutdown();
  }

  /** Waits until the calls under way are answered; returns whether they are. */
  boolean awaitAnswers(long timeoutMillis) throws InterruptedException {
    return server.awaitTermination(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Ends what is left. */
  void close() {
    server.shutdownNow();
  }
}
