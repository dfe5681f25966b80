package io.synod.cli;

import com.google.common.util.concurrent.Uninterruptibles;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.KeyValueStoreGrpc.KeyValueStoreStub;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * So many calls under way at any time: each begins when the one before it has ended. It therefore
 * slows down with the servers, and its latencies leave out what would have waited meanwhile.
 *
 * <p>Nothing is made for a call but what gRPC makes: requests exist beforehand, and one observer
 * serves one call after another, on the network thread of its channel.
 */
final class ClosedLoop implements AutoCloseable {
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long AFTER_FAILURE_MILLIS = 5;
  private static final long FIRST_ANSWER_SECONDS = 10;
  private static final long END_MILLIS = 2_000;

  private final List<ManagedChannel> channels;
  private final Workload workload;
  private final List<Recorder> recorders = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();
  private final LongAdder failures = new LongAdder();
  private final AtomicReference<Optional<String>> firstFailure =
      new AtomicReference<>(Optional.empty());
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "bench-later");
            thread.setDaemon(true);
            return thread;
          });
  private final CountDownLatch ended;
  private final CountDownLatch answered = new CountDownLatch(1);
  private volatile boolean stopping;

  /** What was counted. Latencies are in nanoseconds. */
  record Counts(Histogram latencies, long failures, Optional<String> firstFailure) {}

  /**
   * @param channels taken over; the calls are spread over them evenly
   */
  ClosedLoop(List<ManagedChannel> channels, Workload workload, int outstanding) {
    this.channels = List.copyOf(channels);
    this.workload = workload;
    this.ended = new CountDownLatch(outstanding);
    for (int i = 0; i < channels.size(); i++) {
      recorders.add(new Recorder(LONGEST_NANOS, 3));
    }
    for (int i = 0; i < outstanding; i++) {
      int channel = i % channels.size();
      workers.add(new Worker(channels.get(channel), recorders.get(channel), i));
    }
  }

  void start() {
    workers.forEach(Worker::next);
  }

  /** Waits until a call was answered, or the servers have had ample time for that. */
  void awaitAnswer() throws InterruptedException {
    boolean unused = answered.await(FIRST_ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  /** Forgets what was counted so far. */
  void forget() {
    counts();
  }

  /** What was counted since the last time. */
  Counts counts() {
    Histogram all = new Histogram(LONGEST_NANOS, 3);
    recorders.forEach(recorder -> all.add(recorder.getIntervalHistogram()));
    return new Counts(all, failures.sumThenReset(), firstFailure.getAndSet(Optional.empty()));
  }

  /** Begins no more calls, waits a little for those under way, and closes the channels. */
  @Override
  public void close() {
    stopping = true;
    boolean unused =
        Uninterruptibles.awaitUninterruptibly(ended, END_MILLIS, TimeUnit.MILLISECONDS);
    channels.forEach(ManagedChannel::shutdownNow);
    later.shutdownNow();
  }

  /** One call at a time. */
  private final class Worker {
    private final KeyValueStoreStub stub;
    private final Recorder recorder;
    private final SplittableRandom random;
    private final StreamObserver<EmptyMessage> written = new Outcome<>();
    private final StreamObserver<GetResponse> read = new Outcome<>();
    private long beganNanos;

    Worker(ManagedChannel channel, Recorder recorder, int number) {
      this.stub = KeyValueStoreGrpc.newStub(channel);
      this.recorder = recorder;
      this.random = new SplittableRandom(number);
    }

    private void next() {
      if (stopping) {
        ended.countDown();
        return;
      }
      int key = random.nextInt(workload.keys());
      boolean isRead = random.nextInt(100) < workload.readPercent();
      beganNanos = System.nanoTime();
      if (isRead) {
        stub.getValue(workload.get(key), read);
      } else {
        stub.putPair(workload.put(key), written);
      }
    }

    private final class Outcome<R> implements StreamObserver<R> {
      @Override
      public void onNext(R response) {}

      @Override
      public void onCompleted() {
        recorder.recordValue(Math.min(System.nanoTime() - beganNanos, LONGEST_NANOS));
        if (answered.getCount() > 0) {
          answered.countDown();
        }
        next();
      }

      @Override
      public void onError(Throwable failure) {
        failures.increment();
        firstFailure.updateAndGet(first -> first.or(() -> Optional.of(failure.toString())));
        if (stopping) {
          ended.countDown();
        } else {
          // Not at once: a server that refuses everything must not be flooded.
          var unused =
              later.schedule(Worker.this::next, AFTER_FAILURE_MILLIS, TimeUnit.MILLISECONDS);
        }
      }
    }
  }
}
