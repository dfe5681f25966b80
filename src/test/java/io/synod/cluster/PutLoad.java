package io.synod.cluster;

import com.google.common.util.concurrent.Uninterruptibles;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.synod.paxos.Address;
import io.synod.proto.EmptyMessage;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.PutRequest;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * PUTs through one server, so many under way at any time, each again until it is acknowledged; how
 * many there were, how long they took, and how long nothing was acknowledged. Any thread.
 */
final class PutLoad implements AutoCloseable {
  /** From the source of keys: there are no more. */
  static final long END = -1;

  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

  private static final int LETTER_BITS = 6;
  private static final int LETTERS_A_LONG = Long.SIZE / LETTER_BITS;
  private static final int CHANNELS = 2;
  private static final long DEADLINE_SECONDS = 10;
  private static final long AFTER_FAILURE_MILLIS = 5;
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final ManagedChannel[] channels = new ManagedChannel[CHANNELS];
  private final LongSupplier keys;
  private final int valueBytes;
  private final long intervalNanos;
  private final CountDownLatch ended;
  private final Recorder latencies = new Recorder(LONGEST_NANOS, 3);
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "put-again");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean stopping;
  private volatile Status lastFailure = Status.OK;
  private long phaseNanos = System.nanoTime();
  private long lastNanos = System.nanoTime();
  private long gapNanos;
  private long failures;

  /**
   * What came of one stretch of time.
   *
   * @param nanos how long it was; latencies are in nanoseconds, the gap between two
   *     acknowledgements too
   */
  record Phase(long nanos, Histogram latencies, long longestGapNanos, long failures) {
    double putsASecond() {
      return latencies.getTotalCount() * 1e9 / nanos;
    }

    double p99Millis() {
      return latencies.getValueAtPercentile(99) / 1e6;
    }

    double slowestMillis() {
      return latencies.getMaxValue() / 1e6;
    }

    double longestGapMillis() {
      return longestGapNanos / 1e6;
    }
  }

  /**
   * Begins at once.
   *
   * @param keys the number of the next key, or {@link #END}; any thread asks
   */
  PutLoad(Address server, int outstanding, int valueBytes, LongSupplier keys) {
    this(server, outstanding, valueBytes, keys, 0);
  }

  /**
   * The same, of no more than so many PUTs a second.
   *
   * @param mostASecond 0: as many as there are answers
   */
  PutLoad(Address server, int outstanding, int valueBytes, LongSupplier keys, double mostASecond) {
    this.keys = keys;
    this.intervalNanos = mostASecond == 0 ? 0 : Math.round(outstanding * 1e9 / mostASecond);
    this.valueBytes = valueBytes;
    this.ended = new CountDownLatch(outstanding);
    for (int i = 0; i < CHANNELS; i++) {
      channels[i] =
          NettyChannelBuilder.forAddress(server.host(), server.port())
              .usePlaintext()
              .directExecutor()
              .build();
    }
    for (int i = 0; i < outstanding; i++) {
      new Worker(channels[i % CHANNELS]).next();
    }
  }

  /** Of 16 bytes. */
  static ByteString key(long number) {
    return ByteString.copyFrom(String.format("k%015d", number), StandardCharsets.US_ASCII);
  }

  /** So many letters that hardly compress, always the same for a key. */
  static ByteString value(long number, int bytes) {
    SplittableRandom random = new SplittableRandom(number);
    byte[] value = new byte[bytes];
    long bits = 0;
    for (int i = 0; i < bytes; i++) {
      bits = i % LETTERS_A_LONG == 0 ? random.nextLong() : bits >>> LETTER_BITS;
      value[i] = (byte) LETTERS.charAt((int) (bits & (1 << LETTER_BITS) - 1));
    }
    return UnsafeByteOperations.unsafeWrap(value);
  }

  /** What came of it since the last time. */
  synchronized Phase take() {
    long now = System.nanoTime();
    Phase phase =
        new Phase(
            now - phaseNanos,
            latencies.getIntervalHistogram(),
            Math.max(gapNanos, now - lastNanos),
            failures);
    phaseNanos = now;
    gapNanos = 0;
    failures = 0;
    return phase;
  }

  /** Waits until all keys are written. */
  void awaitEnd() throws InterruptedException {
    while (!ended.await(1, TimeUnit.MINUTES)) {
      if (take().latencies().getTotalCount() == 0) {
        throw new AssertionError("no PUT was acknowledged within a minute: " + lastFailure);
      }
    }
  }

  @Override
  public void close() {
    stopping = true;
    boolean unused =
        Uninterruptibles.awaitUninterruptibly(ended, DEADLINE_SECONDS, TimeUnit.SECONDS);
    later.shutdownNow();
    for (ManagedChannel channel : channels) {
      channel.shutdownNow();
    }
  }

  private synchronized void onAcknowledged(long beganNanos) {
    long now = System.nanoTime();
    gapNanos = Math.max(gapNanos, now - lastNanos);
    lastNanos = now;
    latencies.recordValue(Math.min(now - beganNanos, LONGEST_NANOS));
  }

  private synchronized void onFailed(Status status) {
    failures++;
    lastFailure = status;
  }

  /** One PUT at a time. */
  private final class Worker implements StreamObserver<EmptyMessage> {
    private final KeyValueStoreGrpc.KeyValueStoreStub server;
    private PutRequest request = PutRequest.getDefaultInstance();
    private long beganNanos;

    Worker(ManagedChannel channel) {
      this.server = KeyValueStoreGrpc.newStub(channel);
    }

    private void next() {
      long key = stopping ? END : keys.getAsLong();
      if (key == END) {
        ended.countDown();
        return;
      }
      request = PutRequest.newBuilder().setKey(key(key)).setValue(value(key, valueBytes)).build();
      beganNanos = System.nanoTime();
      send();
    }

    private void send() {
      server.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS).putPair(request, this);
    }

    @Override
    public void onNext(EmptyMessage answer) {}

    @Override
    public void onCompleted() {
      onAcknowledged(beganNanos);
      long wait = stopping ? 0 : beganNanos + intervalNanos - System.nanoTime();
      if (wait <= 0) {
        next();
      } else {
        var unused = later.schedule(this::next, wait, TimeUnit.NANOSECONDS);
      }
    }

    @Override
    public void onError(Throwable error) {
      onFailed(Status.fromThrowable(error));
      if (stopping) {
        ended.countDown();
      } else {
        var unused = later.schedule(this::send, AFTER_FAILURE_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }
}
