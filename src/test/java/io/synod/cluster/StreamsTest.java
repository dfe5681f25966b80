package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.synod.client.ClientSettings;
import io.synod.client.OverloadedException;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import io.synod.client.UnavailableException;
import io.synod.client.UnknownOutcomeException;
import io.synod.simulator.checker.Budget;
import io.synod.simulator.checker.History;
import io.synod.simulator.checker.KeyValueOperation;
import io.synod.simulator.checker.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client library with many operations on a call, at servers that are killed and stopped. */
@Tag("long")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StreamsTest {
  private static final int SERVERS = 3;
  private static final int CALLERS = 24;
  private static final int KEYS = 8;
  private static final int DONE_BETWEEN = 400;

  /** Callers with one client between them, whose operations go together. */
  private static final class Callers implements AutoCloseable {
    final History history = new History(System::nanoTime);
    final AtomicInteger done = new AtomicInteger();
    final ConcurrentLinkedQueue<RuntimeException> failed = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<SynodClient> clients = new ArrayList<>();
    private volatile boolean ended;

    Callers(RealCluster cluster) {
      List<ServerAddress> all = new ArrayList<>();
      for (int i = 0; i < SERVERS; i++) {
        all.add(ServerAddress.parse(cluster.seat(i).client().toString()));
      }
      for (int i = 0; i < SERVERS; i++) {
        // Each begins with another server.
        List<ServerAddress> servers = new ArrayList<>(all.subList(i, SERVERS));
        servers.addAll(all.subList(0, i));
        clients.add(
            SynodClient.of(
                ClientSettings.usual(servers)
                    .withStreams(true)
                    .withDeadline(Duration.ofSeconds(5))));
      }
      for (int i = 0; i < CALLERS; i++) {
        String name = "c" + i;
        SynodClient client = clients.get(i % SERVERS);
        SplittableRandom random = new SplittableRandom(i);
        Thread thread = new Thread(() -> call(name, client, random), "caller-" + i);
        threads.add(thread);
        thread.start();
      }
    }

    private void call(String name, SynodClient client, SplittableRandom random) {
      for (int i = 0; !ended; i++) {
        String key = "k" + random.nextInt(KEYS);
        try {
          one(name, client, key, random.nextBoolean() ? name + "." + i : "");
          done.incrementAndGet();
        } catch (UnavailableException | OverloadedException e) {
          history.failed(name);
          failed.add(e);
        } catch (UnknownOutcomeException e) {
          history.unknown(name);
          failed.add(e);
        }
        LockSupport.parkNanos(3_000_000);
      }
    }

    private void one(String name, SynodClient client, String key, String value) {
      ByteString bytes = ByteString.copyFromUtf8(key);
      if (value.isEmpty()) {
        history.invoke(name, KeyValueOperation.GET.on(key));
        Optional<String> got = client.get(bytes).map(ByteString::toStringUtf8);
        history.ok(name, got.stream().toArray(String[]::new));
      } else {
        history.invoke(name, KeyValueOperation.PUT.on(key, value));
        client.put(bytes, ByteString.copyFromUtf8(value));
        history.ok(name);
      }
    }

    void awaitMore() {
      int wanted = done.get() + DONE_BETWEEN;
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      while (done.get() < wanted) {
        assertTrue(System.nanoTime() < end, () -> done + " of " + wanted + "; " + failed.peek());
        LockSupport.parkNanos(5_000_000);
      }
    }

    void end() throws InterruptedException {
      ended = true;
      for (Thread thread : threads) {
        thread.join();
      }
    }

    @Override
    public void close() {
      ended = true;
      clients.forEach(SynodClient::close);
    }
  }

  private static void check(History history) {
    var report = history.check(Budget.STANDARD);
    assertEquals(Verdict.LINEARIZABLE, report.verdict(), report::describe);
  }

  @Test
  void serversAreKilledAndHungAndNoAnswerIsWrong() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      try (Callers callers = new Callers(cluster)) {
        for (int round = 0; round < 4; round++) {
          callers.awaitMore();
          int victim = cluster.coordinator().orElse(round % SERVERS);
          if (round % 2 == 0) {
            cluster.kill(victim);
            callers.awaitMore();
            cluster.start(victim);
          } else {
            cluster.signal(victim, "STOP");
            callers.awaitMore();
            cluster.signal(victim, "CONT");
          }
          cluster.awaitAnswers(SERVERS);
        }
        callers.end();
        check(callers.history);
      }
    }
  }

  /** What a server was sent it answers; what it was not sent goes to another one. */
  @Test
  void aServerThatStopsInOrderCostsNoRequest() throws Exception {
    try (RealCluster cluster = new RealCluster(SERVERS)) {
      cluster.startAll();
      cluster.awaitAnswers(SERVERS);
      try (Callers callers = new Callers(cluster)) {
        for (int server = 0; server < SERVERS; server++) {
          callers.awaitMore();
          assertEquals(0, cluster.terminate(server));
          callers.awaitMore();
          cluster.start(server);
          cluster.awaitAnswers(SERVERS);
        }
        callers.end();
        assertEquals(List.of(), List.copyOf(callers.failed), cluster::logs);
        check(callers.history);
      }
    }
  }
}
