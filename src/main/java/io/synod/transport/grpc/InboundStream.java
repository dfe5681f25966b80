package io.synod.transport.grpc;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.util.concurrent.ScheduledFuture;
import io.synod.transport.PeerMessage;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stream that another server opened: Hello first, then what it has to say. Confined to the loop.
 */
final class InboundStream extends ServerCall.Listener<Frame> {
  /** How many frames gRPC may hand on before it is asked again. */
  private static final int READ_AHEAD = 16;

  private static final long HELLO_SECONDS = 5;

  private final LocalServer local;
  private final PeerService service;
  private final ServerCall<Frame, Frame> call;
  private final ScheduledFuture<?> helloTimeout;

  /** What it said, once it is accepted. */
  private Handshake.@Nullable Greeting greeting;

  private @Nullable PeerLink link;
  private boolean closed;

  InboundStream(LocalServer local, PeerService service, ServerCall<Frame, Frame> call) {
    this.local = local;
    this.service = service;
    this.call = call;
    this.helloTimeout =
        local.loop.schedule(() -> close("no Hello came"), HELLO_SECONDS, TimeUnit.SECONDS);
    call.request(1);
  }

  /** Who called. Only of a stream that was accepted. */
  Handshake.Greeting greeting() {
    if (greeting == null) {
      throw new IllegalStateException("no Hello yet");
    }
    return greeting;
  }

  Optional<String> clusterMismatch() {
    return Handshake.clusterMismatch(
        local.id(), local.cluster(), greeting().from(), greeting().cluster());
  }

  @Override
  public void onMessage(Frame frame) {
    local.onLoop(() -> take(frame));
  }

  @Override
  public void onHalfClose() {
    local.onLoop(
        () -> {
          if (!closed) {
            finish(Status.OK);
            broken();
          }
        });
  }

  @Override
  public void onCancel() {
    local.onLoop(
        () -> {
          closed = true;
          helloTimeout.cancel(false);
          broken();
        });
  }

  /** Ends it: nothing that comes on it is delivered any more. */
  void close(String why) {
    if (!closed) {
      finish(Status.ABORTED.withDescription(why));
    }
  }

  private void finish(Status status) {
    closed = true;
    helloTimeout.cancel(false);
    call.close(status, new Metadata());
  }

  private void broken() {
    if (link != null) {
      link.onInboundBroken(this);
    }
  }

  private void take(Frame frame) {
    if (closed) {
      return;
    }
    if (link == null || greeting == null) {
      onHello(frame);
      return;
    }
    deliver(frame, link, greeting);
    call.request(1);
  }

  private void onHello(Frame frame) {
    helloTimeout.cancel(false);
    Handshake.Greeting caller;
    try {
      caller = Handshake.greeting(frame);
    } catch (MessageRejected e) {
      service.onRejected(e.why());
      finish(Status.INVALID_ARGUMENT.withDescription(e.why()));
      return;
    }
    if (caller.onlyAsks()) {
      reply(Handshake.refusal(local.id(), local.cluster(), caller));
      finish(Status.OK);
      return;
    }
    Optional<PeerLink> contested = service.contested(caller);
    if (contested.isPresent()) {
      contested.get().askWhoIsThere(new CallBack.Waiting(this, caller));
    } else {
      settle(caller, Optional.empty());
    }
  }

  /**
   * Takes the caller in, or does not.
   *
   * @param there the process that answers at its server's address, if that was asked
   */
  void settle(Handshake.Greeting caller, Optional<UUID> there) {
    if (closed) {
      return;
    }
    Optional<String> refusal = service.refusal(caller, host(), there);
    reply(refusal);
    if (refusal.isPresent()) {
      finish(Status.FAILED_PRECONDITION.withDescription(refusal.get()));
      return;
    }
    greeting = caller;
    link = service.link(caller);
    call.request(READ_AHEAD);
    link.onInbound(this);
  }

  private void reply(Optional<String> refusal) {
    call.sendHeaders(new Metadata());
    call.sendMessage(Handshake.encode(new Handshake.Reply(refusal, local.founded(), local.run)));
  }

  /** From which machine it is called, for a person to read. */
  String host() {
    SocketAddress from = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return from instanceof InetSocketAddress at
        ? at.getAddress().getHostAddress()
        : String.valueOf(from);
  }

  private void deliver(Frame frame, PeerLink from, Handshake.Greeting caller) {
    PeerCounters counters = from.counters();
    if (local.isCut(from.peer())) {
      counters.droppedByCut.increment();
      return;
    }
    PeerMessage message;
    try {
      message = PeerCodec.decode(frame.bytes());
    } catch (MessageRejected e) {
      from.onRejected(e.why());
      return;
    }
    if (local.listener.received(from.peer(), caller.incarnation(), message)) {
      counters.receivedMessages.increment();
      counters.receivedBytes.add(frame.sizeBytes());
    } else {
      counters.droppedInbound.increment();
    }
  }
}
