package io.synod.cluster;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.synod.simulator.checker.History;
import io.synod.simulator.checker.KeyValueOperation;
import java.net.ConnectException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Clients that read and write through all servers at once, and keep a history of it. */
final class Load implements AutoCloseable {
  private static final int KEYS = 8;
  private static final long TIMEOUT_MILLIS = 2_000;
  private static final long POLL_NANOS = 5_000_000;

  /** A client rests so long between two operations, so that histories stay short. */
  private static final long BETWEEN_NANOS = 3_000_000;

  private final RealCluster cluster;
  private final History history = new History(System::nanoTime);
  private final List<Thread> threads = new ArrayList<>();
  private volatile Phase phase;
  private final ConcurrentLinkedQueue<Throwable> surprises = new ConcurrentLinkedQueue<>();
  private volatile boolean ended;

  /** What came of the operations that began in one stretch of time. */
  static final class Phase {
    private final List<AtomicInteger> done = new ArrayList<>();
    private final List<AtomicInteger> refused = new ArrayList<>();
    private long lastNanos = System.nanoTime();
    private long gapNanos;

    private Phase(int servers) {
      for (int i = 0; i < servers; i++) {
        done.add(new AtomicInteger());
        refused.add(new AtomicInteger());
      }
    }

    /** How many this server carried out. */
    int done(int server) {
      return done.get(server).get();
    }

    /** How many this server refused with UNAVAILABLE, or left without an answer until too late. */
    int refused(int server) {
      return refused.get(server).get();
    }

    private synchronized void onDone(int server) {
      done.get(server).incrementAndGet();
      long now = System.nanoTime();
      gapNanos = Math.max(gapNanos, now - lastNanos);
      lastNanos = now;
    }

    /** The longest time in which nothing was carried out at any server. */
    synchronized long longestGapMillis() {
      return TimeUnit.NANOSECONDS.toMillis(Math.max(gapNanos, System.nanoTime() - lastNanos));
    }

    int done() {
      return done.stream().mapToInt(AtomicInteger::get).sum();
    }

    @Override
    public String toString() {
      return "done " + done + ", refused " + refused;
    }
  }

  /** Starts them: two for each server. */
  Load(RealCluster cluster, long seed) {
    this.cluster = cluster;
    this.phase = new Phase(cluster.size());
    for (int i = 0; i < 2 * cluster.size(); i++) {
      int server = i % cluster.size();
      String client = "c" + i;
      SplittableRandom random = new SplittableRandom(seed + i);
      Thread thread = new Thread(() -> ask(client, server, random), "load-" + i);
      threads.add(thread);
      thread.start();
    }
  }

  /** What begins from now on is counted anew. */
  Phase newPhase() {
    Phase next = new Phase(cluster.size());
    phase = next;
    return next;
  }

  History history() {
    return history;
  }

  private void ask(String client, int server, SplittableRandom random) {
    try {
      for (int i = 0; !ended; i++) {
        Phase present = phase;
        try {
          one(
              client,
              server,
              "k" + random.nextInt(KEYS),
              random.nextBoolean() ? client + "." + i : "");
          present.onDone(server);
        } catch (StatusRuntimeException e) {
          note(client, e);
          present.refused.get(server).incrementAndGet();
        }
        LockSupport.parkNanos(BETWEEN_NANOS);
      }
    } catch (RuntimeException | Error e) {
      surprises.add(e);
    }
  }

  private void one(String client, int server, String key, String value) {
    if (value.isEmpty()) {
      history.invoke(client, KeyValueOperation.GET.on(key));
      Optional<String> got = cluster.get(server, key, TIMEOUT_MILLIS);
      history.ok(client, got.stream().toArray(String[]::new));
    } else {
      history.invoke(client, KeyValueOperation.PUT.on(key, value));
      cluster.tryPut(server, key, value, TIMEOUT_MILLIS);
      history.ok(client);
    }
  }

  private void note(String client, StatusRuntimeException e) {
    boolean neverLeft = e.getCause() instanceof ConnectException;
    if (neverLeft || RealCluster.isNotProposed(e)) {
      history.failed(client);
    } else {
      history.unknown(client);
    }
    Status.Code code = e.getStatus().getCode();
    // So gRPC calls a connection that breaks while a call is begun on it.
    boolean broke = e.getCause() instanceof ClosedChannelException;
    if (!broke && code != Status.Code.UNAVAILABLE && code != Status.Code.DEADLINE_EXCEEDED) {
      throw e;
    }
  }

  /** Waits for something that the load brings about, for a minute at most. */
  void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      if (!surprises.isEmpty()) {
        throw new AssertionError("a client met what it should not", surprises.peek());
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(what + ": not within a minute; " + phase + "\n" + cluster.logs());
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** Ends the clients; what is under way ends first. */
  void end() throws InterruptedException {
    ended = true;
    for (Thread thread : threads) {
      thread.join();
    }
    if (!surprises.isEmpty()) {
      throw new AssertionError("a client met what it should not", surprises.peek());
    }
  }

  @Override
  public void close() {
    ended = true;
  }
}
