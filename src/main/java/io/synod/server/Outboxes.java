package io.synod.server;

import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.EventExecutor;
import io.synod.node.ClientRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * An outbox for each network thread, so that the answers of a turn wake each of them once, and are
 * written on the thread that owns their connections.
 */
final class Outboxes implements ClientRequest.Answers {
  private final List<EventExecutor> loops = new ArrayList<>();
  private final List<Outbox> outboxes = new ArrayList<>();

  /** For calls that come on no network thread: in tests, which have no network. */
  private final Outbox direct = new Outbox(Runnable::run, () -> true, (work, delay) -> {});

  /** Without a network. */
  Outboxes() {}

  Outboxes(EventLoopGroup group) {
    for (EventExecutor loop : group) {
      loops.add(loop);
      outboxes.add(
          new Outbox(
              loop,
              loop::inEventLoop,
              (work, delay) -> {
                ScheduledFuture<?> unused = loop.schedule(work, delay, TimeUnit.NANOSECONDS);
              }));
    }
  }

  /** The one for calls that come on this thread. */
  Outbox here() {
    for (int i = 0; i < loops.size(); i++) {
      if (loops.get(i).inEventLoop()) {
        return outboxes.get(i);
      }
    }
    return direct;
  }

  @Override
  public void flush() {
    for (int i = 0; i < outboxes.size(); i++) {
      outboxes.get(i).flush();
    }
    direct.flush();
  }
}
