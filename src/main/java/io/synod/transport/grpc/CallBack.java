package io.synod.transport.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks at a peer's address which process is there, when two call as that peer: a process that only
 * has its id, as from a copy of its configuration, must not throw it out. Confined to the loop.
 *
 * <p>One that hangs does not answer, and makes way for its successor after a moment.
 */
final class CallBack implements OutboundStream.Owner {
  private final LocalServer local;
  private final PeerLink link;
  private final List<Waiting> waiting = new ArrayList<>();
  private @Nullable OutboundStream asked;
  private @Nullable ScheduledFuture<?> timeout;

  /** A stream that waits for the answer, and who said Hello on it. */
  record Waiting(InboundStream stream, Handshake.Greeting caller) {}

  CallBack(LocalServer local, PeerLink link) {
    this.local = local;
    this.link = link;
  }

  /** The stream hears what comes of it, after half of the time for a connection at most. */
  void ask(Waiting caller) {
    waiting.add(caller);
    if (timeout == null) {
      timeout =
          local.loop.schedule(
              () -> answered(Optional.empty()),
              local.limits().connectMillis() / 2,
              TimeUnit.MILLISECONDS);
      // Never from within a callback of gRPC's.
      local.loop.execute(this::call);
    }
  }

  private void call() {
    if (timeout != null && asked == null) {
      OutboundStream next = new OutboundStream(local, link, Lane.URGENT, this);
      asked = next;
      // To a release that does not know the question, attempt 0 is no later stream than any.
      next.start(local.greeting(link.peer(), Lane.URGENT, /* attempt= */ 0).asking());
    }
  }

  /** Without an answer for those who wait. Returns the channel to wait for. */
  Optional<ManagedChannel> stop(String why) {
    List<Waiting> all = List.copyOf(waiting);
    Optional<ManagedChannel> channel = finish();
    all.forEach(caller -> caller.stream().close(why));
    return channel;
  }

  @Override
  public void opened(OutboundStream which) {
    if (which == asked) {
      answered(which.remoteRun());
    }
  }

  @Override
  public void ready(OutboundStream which) {
    // Nothing is sent behind the question.
  }

  @Override
  public void ended(OutboundStream which, OutboundStream.End end, String why) {
    if (which == asked) {
      answered(Optional.empty());
    }
  }

  private void answered(Optional<UUID> there) {
    List<Waiting> all = List.copyOf(waiting);
    Optional<ManagedChannel> unused = finish();
    all.forEach(caller -> caller.stream().settle(caller.caller(), there));
  }

  private Optional<ManagedChannel> finish() {
    waiting.clear();
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
    OutboundStream last = asked;
    asked = null;
    return last == null ? Optional.empty() : Optional.of(last.finish());
  }
}
