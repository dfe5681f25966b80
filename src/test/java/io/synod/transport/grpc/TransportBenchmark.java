package io.synod.transport.grpc;

import static io.synod.transport.grpc.TestServer.addresses;
import static io.synod.transport.grpc.TestServer.await;
import static io.synod.transport.grpc.TestServer.urgent;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the transport takes by itself, on loopback. Prints; asserts only that it works. */
@Tag("soak")
final class TransportBenchmark {
  private static final int PINGS = 60_000;
  private static final int PROPOSALS = 400_000;
  private static final long WINDOW = 256;
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  @Test
  void takesThisLong() throws IOException {
    List<Address> listed = addresses(2);
    try (Pinger a = new Pinger(new TestServer(listed, 0, Optional.empty()).start());
        TestServer b = new TestServer(listed, 1, Optional.empty()).start()) {
      answerFrom(b, a.server);
      a.server.awaitConnected(b);
      b.awaitConnected(a.server);
      a.run(b, PINGS / 2);
      a.run(b, PINGS);
      a.print("ping-pong, idle");
      propose(a.server, b, PROPOSALS / 2, 1_024);
      propose(a.server, b, PROPOSALS, 1_024);
      propose(a.server, b, 5_000, 1 << 17);
      AtomicLong bulkDone = new AtomicLong();
      Thread load =
          new Thread(
              () -> {
                while (bulkDone.get() == 0) {
                  if (a.server.network.queuedBytes() < 1 << 20) {
                    a.bulk(b, 1_024);
                  } else {
                    LockSupport.parkNanos(50_000);
                  }
                }
              });
      load.start();
      a.run(b, PINGS / 4);
      a.print("ping-pong, with proposals of 1 KiB without pause");
      bulkDone.set(1);
      join(load);
    }
  }

  @Test
  void deadPeersCostThisMuch() throws IOException, InterruptedException {
    List<Address> listed = addresses(5);
    try (TestServer a = new TestServer(listed, 0, Optional.empty()).start()) {
      for (int round = 0; round < 3; round++) {
        long cpu = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        assertFalse(new CountDownLatch(1).await(5, TimeUnit.SECONDS));
        System.out.printf(
            "four dead peers: %.2f %% of a core%n",
            100.0 * (SYSTEM.getProcessCpuTime() - cpu) / (System.nanoTime() - start));
      }
      assertTrue(a.gone.isEmpty());
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static PeerMessage propose(long slot, int payloadBytes) {
    return new PeerMessage.Protocol(
        new Message.Propose(
            new Ballot(1, new ServerId(0)),
            Slot.of(slot),
            List.of(new Value.Batch(Bytes.wrap(new byte[payloadBytes]))),
            Slot.of(slot - 1)));
  }

  private static void answerFrom(TestServer from, TestServer to) {
    from.onMessage =
        message -> {
          if (Lane.of(message) == Lane.URGENT) {
            from.say(to, message);
          } else {
            from.bulkReceived.incrementAndGet();
          }
        };
  }

  /** Proposes with a window, as a pipeline does, from a driver thread. */
  private static void propose(TestServer a, TestServer b, int count, int payloadBytes) {
    long base = b.bulkReceived.get();
    long cpu = SYSTEM.getProcessCpuTime();
    long start = System.nanoTime();
    for (int i = 1; i <= count; i++) {
      while (i - (b.bulkReceived.get() - base) > WINDOW || a.network.queuedBytes() > 8 << 20) {
        a.network.flush();
        LockSupport.parkNanos(20_000);
      }
      a.network.send(b.id, propose(i, payloadBytes));
      if (i % 16 == 0) {
        a.network.flush();
      }
    }
    a.network.flush();
    await("all proposals", () -> b.bulkReceived.get() - base == count);
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "proposals of %d bytes: %.0f a second, %.0f MB/s, %.1f us of CPU each (both ends)%n",
        payloadBytes,
        count / seconds,
        count / seconds * payloadBytes / 1e6,
        (SYSTEM.getProcessCpuTime() - cpu) / 1e3 / count);
  }

  /** Sends the next ping when the last one is answered, both on the network threads. */
  private static final class Pinger implements AutoCloseable {
    final TestServer server;
    private Histogram histogram = new Histogram(3);
    private final AtomicLong left = new AtomicLong();
    private long sentAt;
    private long bulkSlot;

    Pinger(TestServer server) {
      this.server = server;
    }

    /** Sending is for one thread: the load's messages pass through the same network's. */
    void bulk(TestServer to, int payloadBytes) {
      server
          .threads
          .group()
          .next()
          .execute(() -> server.say(to, propose(++bulkSlot, payloadBytes)));
      LockSupport.parkNanos(1);
    }

    void run(TestServer to, int count) {
      histogram = new Histogram(3);
      left.set(count);
      server.onMessage =
          message -> {
            histogram.recordValue(System.nanoTime() - sentAt);
            if (left.decrementAndGet() > 0) {
              sentAt = System.nanoTime();
              server.say(to, message);
            }
          };
      server
          .threads
          .group()
          .next()
          .execute(
              () -> {
                sentAt = System.nanoTime();
                server.say(to, urgent(1));
              });
      await("all pings", () -> left.get() == 0);
    }

    void print(String what) {
      System.out.printf(
          "%s: p50 %.0f us, p90 %.0f, p99 %.0f, p99.9 %.0f, max %.0f%n",
          what,
          histogram.getValueAtPercentile(50) / 1e3,
          histogram.getValueAtPercentile(90) / 1e3,
          histogram.getValueAtPercentile(99) / 1e3,
          histogram.getValueAtPercentile(99.9) / 1e3,
          histogram.getMaxValue() / 1e3);
    }

    @Override
    public void close() {
      server.close();
    }
  }
}
