package io.synod.transport.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.ScheduledFuture;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What waits for one peer on one lane, and the stream on which it leaves. {@link #offer} is called
 * by the driver; everything else is confined to the loop.
 */
final class OutboundLane implements OutboundStream.Owner {
  private static final long HELLO_REFUSED_MILLIS = 1_000;

  /** After so many failures the longest wait grows once more, this many times. */
  private static final int MANY_FAILURES = 32;

  private static final int SELDOM = 5;

  /** A stream that lived for this long was no accident. */
  private static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LocalServer local;
  private final PeerLink link;
  private final Lane lane;

  private final Queue<Frame> queue = new ConcurrentLinkedQueue<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private final AtomicInteger queuedMessages = new AtomicInteger();
  private volatile boolean open;

  private @Nullable OutboundStream stream;
  private @Nullable ScheduledFuture<?> redial;
  private long attempts;
  private long openedAtNanos;

  /** Attempts since the last lasting stream or sign of life: the wait grows with them. */
  private int failures;

  private boolean stopped;

  OutboundLane(LocalServer local, PeerLink link, Lane lane) {
    this.local = local;
    this.link = link;
    this.lane = lane;
  }

  /**
   * Queues a frame, or drops it: without a stream, or over a bound. Driver thread.
   *
   * @return whether it is queued
   */
  boolean offer(Frame frame) {
    PeerNetworkSettings.Limits limits = local.limits();
    long before = queuedBytes.get();
    if (!open
        || frame.sizeBytes() > limits.messageBytes()
        || (before > 0 && before + frame.sizeBytes() > limits.queueBytes())
        || queuedMessages.get() >= limits.queueMessages()) {
      return false;
    }
    queuedBytes.addAndGet(frame.sizeBytes());
    queuedMessages.incrementAndGet();
    queue.add(frame);
    return true;
  }

  /** How many bytes wait now. Any thread. */
  long queuedBytes() {
    return queuedBytes.get();
  }

  boolean isOpen() {
    return open;
  }

  /** Hands gRPC what waits, as far as it is ready for more. */
  void drain() {
    OutboundStream to = stream;
    if (to == null) {
      return;
    }
    if (local.isCut(link.peer())) {
      while (poll() != null) {
        link.counters().droppedByCut.increment();
      }
      return;
    }
    while (to.isReady()) {
      Frame frame = poll();
      if (frame == null) {
        return;
      }
      to.send(frame);
      link.counters().sentMessages.increment();
      link.counters().sentBytes.add(frame.sizeBytes());
    }
  }

  private @Nullable Frame poll() {
    Frame frame = queue.poll();
    if (frame != null) {
      queuedBytes.addAndGet(-frame.sizeBytes());
      queuedMessages.decrementAndGet();
    }
    return frame;
  }

  private void dropQueue() {
    while (poll() != null) {
      link.counters().droppedOutbound.increment();
    }
  }

  /** Calls the peer now, unless there is a stream or a call under way. */
  void dialNow() {
    failures = 0;
    dialAfter(0);
  }

  private void dialAfter(long millis) {
    if (redial != null) {
      redial.cancel(false);
      redial = null;
    }
    if (stopped || stream != null) {
      return;
    }
    // Never from within a callback of gRPC's.
    redial = local.loop.schedule(this::dial, millis, TimeUnit.MILLISECONDS);
  }

  private void dial() {
    redial = null;
    if (stopped || stream != null) {
      return;
    }
    OutboundStream next = new OutboundStream(local, link, lane, this);
    stream = next;
    next.start(local.greeting(link.peer(), lane, ++attempts));
  }

  /** A later run of the peer was heard: a stream to an earlier one leads nowhere. */
  void onRun(UUID run) {
    if (stream != null && stream.leadsElsewhere(run)) {
      stream.close("the peer was started again");
    }
  }

  /** The cluster of this server is known now: a stream into another one ends. */
  void onCluster() {
    Optional<String> mismatch = stream == null ? Optional.empty() : stream.clusterMismatch();
    if (stream != null && mismatch.isPresent()) {
      stream.close(mismatch.get());
    }
  }

  /** Sends what waits as far as it can, and ends. Returns the channel to wait for. */
  Optional<ManagedChannel> stop() {
    drain();
    stopped = true;
    open = false;
    if (redial != null) {
      redial.cancel(false);
    }
    dropQueue();
    OutboundStream last = stream;
    stream = null;
    return last == null ? Optional.empty() : Optional.of(last.finish());
  }

  @Override
  public void opened(OutboundStream which) {
    if (which == stream) {
      dropQueue();
      openedAtNanos = System.nanoTime();
      open = true;
      link.onOpened(lane);
    }
  }

  @Override
  public void ready(OutboundStream which) {
    if (which == stream) {
      drain();
    }
  }

  @Override
  public void ended(OutboundStream which, OutboundStream.End end, String why) {
    if (which != stream) {
      return;
    }
    boolean wasOpen = open;
    stream = null;
    open = false;
    dropQueue();
    if (wasOpen) {
      link.onBroken(why);
    } else {
      link.onNotOpened(end, why);
    }
    if (lane == Lane.BULK && !link.isUrgentOpen()) {
      // The urgent lane asks for both; it calls for this one when it is through.
      return;
    }
    if (end == OutboundStream.End.HELLO_REFUSED) {
      dialAfter(HELLO_REFUSED_MILLIS);
      return;
    }
    if (wasOpen && System.nanoTime() - openedAtNanos > LASTING_NANOS) {
      failures = 0;
    }
    dialAfter(nextWaitMillis());
  }

  /**
   * 0, 1, 2, 4 ... milliseconds, since a dying process may still accept for a moment; in the end
   * seldom, since an attempt costs about a millisecond of CPU and a peer that is back calls by
   * itself.
   */
  private long nextWaitMillis() {
    long longest = local.limits().redialMillis();
    failures++;
    if (failures > MANY_FAILURES) {
      return SELDOM * longest;
    }
    return failures == 1 ? 0 : Math.min(1L << Math.min(failures - 2, 30), longest);
  }
}
