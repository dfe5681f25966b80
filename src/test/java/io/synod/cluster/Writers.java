package io.synod.cluster;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Threads that write without a pause, each key once, again until it is acknowledged; and how long
 * nothing was.
 */
final class Writers implements AutoCloseable {
  private static final long TIMEOUT_MILLIS = 3_000;

  private final RealCluster cluster;
  private final List<Thread> threads = new ArrayList<>();

  /**
   * Of each writer, before it begins with the first one again: more than a quota holds must not
   * come, and what is left of an earlier write to a key must have ended long before.
   */
  private static final int KEYS = 4_000;

  private final Map<String, String> acknowledged = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<Throwable> surprises = new ConcurrentLinkedQueue<>();
  private volatile List<Integer> servers;
  private volatile boolean ended;
  private long lastNanos = System.nanoTime();
  private long gapNanos;
  private long slowestNanos;

  Writers(RealCluster cluster, int count, List<Integer> servers) {
    this.cluster = cluster;
    this.servers = servers;
    for (int i = 0; i < count; i++) {
      int writer = i;
      Thread thread = new Thread(() -> run(writer), "writer-" + i);
      threads.add(thread);
      thread.start();
    }
  }

  /** Whom they write to from now on, in turn. */
  void through(List<Integer> present) {
    servers = present;
  }

  private void run(int writer) {
    try {
      for (int i = 0; !ended; i++) {
        write("w" + writer + "." + i % KEYS, "v" + i, writer + i);
      }
    } catch (RuntimeException | Error e) {
      surprises.add(e);
    }
  }

  private void write(String key, String value, int turn) {
    int at = turn;
    long began = System.nanoTime();
    while (!ended) {
      List<Integer> present = servers;
      Status status = cluster.put(present.get(at++ % present.size()), key, value, TIMEOUT_MILLIS);
      if (status.isOk()) {
        acknowledged.put(key, value);
        onAcknowledged(began);
        return;
      }
      Status.Code code = status.getCode();
      if (code != Status.Code.UNAVAILABLE && code != Status.Code.DEADLINE_EXCEEDED) {
        throw status.asRuntimeException();
      }
    }
  }

  private synchronized void onAcknowledged(long beganNanos) {
    long now = System.nanoTime();
    slowestNanos = Math.max(slowestNanos, now - beganNanos);
    gapNanos = Math.max(gapNanos, now - lastNanos);
    lastNanos = now;
  }

  /** The longest time without an acknowledgement since this was asked last. */
  synchronized long longestGapMillis() {
    long gap = Math.max(gapNanos, System.nanoTime() - lastNanos);
    gapNanos = 0;
    return TimeUnit.NANOSECONDS.toMillis(gap);
  }

  /** The longest that any write took, with all its attempts. */
  synchronized long slowestMillis() {
    return TimeUnit.NANOSECONDS.toMillis(slowestNanos);
  }

  /** Ends them; returns what was acknowledged. */
  Map<String, String> end() throws InterruptedException {
    ended = true;
    for (Thread thread : threads) {
      thread.join();
    }
    if (!surprises.isEmpty()) {
      throw new AssertionError("a writer met what it should not", surprises.peek());
    }
    return acknowledged;
  }

  @Override
  public void close() {
    ended = true;
  }
}
