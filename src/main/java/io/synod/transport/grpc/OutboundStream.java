package io.synod.transport.grpc;

import com.google.common.net.InetAddresses;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.ConnectTimeoutException;
import io.grpc.netty.shaded.io.netty.util.concurrent.ScheduledFuture;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to call a peer on one lane, and the stream if it succeeds: one channel, one
 * connection, one call. Confined to the loop.
 *
 * <p>Each attempt has a channel of its own because gRPC's channel keeps a back-off of its own
 * between connections (a second and more), fails calls with the last error meanwhile, and tells
 * refused connections only the first time.
 */
final class OutboundStream extends ClientCall.Listener<Frame> {
  private static final int BULK_READY_BYTES = 256 << 10;
  private static final int REPLY_WINDOW_BYTES = 64 << 10;
  private static final long KEEP_ALIVE_SECONDS = 10;
  private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 3;

  /** Why a stream ended, or was not had. */
  enum End {
    /** Nobody listens there: the peer's process is gone. */
    CONNECTION_REFUSED,
    /** The peer, or this server, does not want it; the text says why. */
    HELLO_REFUSED,
    /** It broke, was too slow, or was closed. */
    BROKEN
  }

  /** Who wants to know. */
  interface Owner {
    void opened(OutboundStream stream);

    void ready(OutboundStream stream);

    void ended(OutboundStream stream, End end, String why);
  }

  private final LocalServer local;
  private final PeerLink link;
  private final Owner owner;
  private final ManagedChannel channel;
  private final ClientCall<Frame, Frame> call;
  private @Nullable ScheduledFuture<?> helloTimeout;
  private Optional<UUID> remoteRun = Optional.empty();
  private Optional<ClusterId> remoteCluster = Optional.empty();
  private boolean open;
  private boolean ended;

  OutboundStream(LocalServer local, PeerLink link, Lane lane, Owner owner) {
    this.local = local;
    this.link = link;
    this.owner = owner;
    this.channel = channel(local, link.address());
    CallOptions options =
        lane == Lane.BULK
            ? CallOptions.DEFAULT.withOnReadyThreshold(BULK_READY_BYTES)
            : CallOptions.DEFAULT;
    this.call = channel.newCall(PeerService.EXCHANGE, options);
  }

  private static ManagedChannel channel(LocalServer local, Address address) {
    // A host that is an IP address needs no resolver, and no thread of one.
    NettyChannelBuilder builder =
        InetAddresses.isInetAddress(address.host())
            ? NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddresses.forString(address.host()), address.port()))
            : NettyChannelBuilder.forAddress(address.host(), address.port());
    return builder
        .eventLoopGroup(local.loop)
        .channelType(local.threads.channelType())
        .directExecutor()
        .usePlaintext()
        .disableRetry()
        .disableServiceConfigLookUp()
        .maxTraceEvents(0)
        .proxyDetector(target -> null)
        .flowControlWindow(REPLY_WINDOW_BYTES)
        .maxInboundMessageSize(REPLY_WINDOW_BYTES)
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, local.limits().connectMillis())
        .build();
  }

  /** Calls, and says Hello. */
  void start(Handshake.Greeting greeting) {
    helloTimeout =
        local.loop.schedule(
            () -> close("no answer to Hello"),
            2L * local.limits().connectMillis(),
            TimeUnit.MILLISECONDS);
    call.start(this, new Metadata());
    call.request(1);
    call.sendMessage(Handshake.encode(greeting));
  }

  boolean isReady() {
    return open && call.isReady();
  }

  /** The process that took the Hello; none before. */
  Optional<UUID> remoteRun() {
    return remoteRun;
  }

  /** Whether it leads to another process than {@code run}. */
  boolean leadsElsewhere(UUID run) {
    return remoteRun.isPresent() && !remoteRun.get().equals(run);
  }

  /** Why it may not go on with this cluster id; none if it may. */
  Optional<String> clusterMismatch() {
    return Handshake.clusterMismatch(local.id(), local.cluster(), link.peer(), remoteCluster);
  }

  void send(Frame frame) {
    call.sendMessage(frame);
  }

  /** Ends it at once; the owner hears of it. */
  void close(String why) {
    end(End.BROKEN, why);
  }

  /** Ends it after what was sent, without the owner. The channel is for the caller to wait for. */
  ManagedChannel finish() {
    boolean wasOpen = open && !ended;
    ended = true;
    open = false;
    stopTimer();
    if (wasOpen) {
      call.halfClose();
      channel.shutdown();
    } else {
      channel.shutdownNow();
    }
    return channel;
  }

  @Override
  public void onMessage(Frame frame) {
    local.onLoop(() -> onReply(frame));
  }

  @Override
  public void onReady() {
    local.onLoop(
        () -> {
          if (open) {
            owner.ready(this);
          }
        });
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    local.onLoop(
        () -> end(isRefused(status) ? End.CONNECTION_REFUSED : End.BROKEN, describe(status)));
  }

  private void onReply(Frame frame) {
    if (ended || open) {
      return;
    }
    try {
      Handshake.Reply reply = Handshake.reply(frame);
      remoteCluster = reply.cluster();
      Optional<String> mismatch = clusterMismatch();
      mismatch.ifPresent(why -> local.listener.isOfAnotherCluster(link.peer(), why));
      Optional<String> refusal = reply.refusal().or(() -> mismatch);
      if (refusal.isPresent()) {
        end(End.HELLO_REFUSED, refusal.get());
        return;
      }
      remoteRun = Optional.of(reply.run());
      open = true;
      stopTimer();
      owner.opened(this);
    } catch (MessageRejected e) {
      link.countRejected();
      end(End.HELLO_REFUSED, e.why());
    }
  }

  private void end(End how, String why) {
    if (ended) {
      return;
    }
    ended = true;
    open = false;
    stopTimer();
    channel.shutdownNow();
    owner.ended(this, how, why);
  }

  private void stopTimer() {
    if (helloTimeout != null) {
      helloTimeout.cancel(false);
      helloTimeout = null;
    }
  }

  private static boolean isRefused(Status status) {
    for (Throwable t = status.getCause(); t != null; t = t.getCause()) {
      // A connection that timed out is one, too, and says nothing about the process.
      if (t instanceof ConnectException && !(t instanceof ConnectTimeoutException)) {
        return true;
      }
    }
    return false;
  }

  private static String describe(Status status) {
    Throwable cause = status.getCause();
    String text =
        status.getCode() + (status.getDescription() == null ? "" : ": " + status.getDescription());
    return cause == null ? text : text + ": " + cause.getMessage();
  }
}
