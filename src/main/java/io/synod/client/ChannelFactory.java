package io.synod.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import java.util.concurrent.TimeUnit;

/** How a channel to a server is made. Must not block. */
@FunctionalInterface
public interface ChannelFactory {
  /** Opens a channel; the client closes it. It need not connect before it is used. */
  ManagedChannel open(ServerAddress server);

  /**
   * Plain text over TCP. A server that does not take a connection within two seconds counts as one
   * that does not answer; so does one that is silent for seven while calls wait for it.
   */
  static ManagedChannel plaintext(ServerAddress server) {
    return NettyChannelBuilder.forAddress(server.host(), server.port())
        .usePlaintext()
        .directExecutor()
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, 2_000)
        .keepAliveTime(5, TimeUnit.SECONDS)
        .keepAliveTimeout(2, TimeUnit.SECONDS)
        .maxInboundMessageSize(4 << 20)
        .build();
  }
}
