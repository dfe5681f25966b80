package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DriverLoopTest {
  private static final long LONG_NANOS = TimeUnit.HOURS.toNanos(1);

  private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
  private final AtomicReference<Throwable> fatal = new AtomicReference<>();
  private final CountDownLatch fatalTold = new CountDownLatch(1);
  private final AtomicInteger turns = new AtomicInteger();
  private final DriverLoop driver =
      new DriverLoop(
          loop,
          loop::execute,
          failure -> {
            fatal.set(failure);
            fatalTold.countDown();
          });

  @AfterEach
  void end() {
    loop.shutdownNow();
  }

  /** Waits until the loop has done what it was given, and what came of that. */
  private void settle() throws Exception {
    int before;
    do {
      before = turns.get();
      for (int handedOn = 0; handedOn < 3; handedOn++) {
        loop.submit(() -> {}).get();
      }
    } while (turns.get() != before);
  }

  @Test
  void wakesBeforeOneTurnAreOneTurn() throws Exception {
    driver.start(() -> turns.incrementAndGet() < 0, () -> LONG_NANOS, () -> {});
    settle();
    assertEquals(1, turns.get());
    CountDownLatch hold = new CountDownLatch(1);
    loop.execute(() -> awaitQuietly(hold));
    for (int i = 0; i < 100; i++) {
      driver.wake();
    }
    hold.countDown();
    settle();
    assertEquals(2, turns.get());
  }

  @Test
  void turnsAgainUntilThereIsNothingToDo() throws Exception {
    driver.start(() -> turns.incrementAndGet() < 10, () -> LONG_NANOS, () -> {});
    settle();
    assertEquals(10, turns.get());
  }

  @Test
  void noTurnFollowsAnotherBeforeTheLoopHasRead() throws Exception {
    Deque<Runnable> atEndOfRound = new ArrayDeque<>();
    DriverLoop held = new DriverLoop(loop, atEndOfRound::add, fatal::set);
    held.start(() -> turns.incrementAndGet() > 0, () -> LONG_NANOS, () -> {});
    for (int round = 1; round <= 5; round++) {
      settle();
      held.wake();
      settle();
      // Whatever woke it, and though there is more to do: one turn when the round ends.
      assertEquals(round - 1, turns.get());
      loop.submit(
              () -> {
                assertEquals(1, atEndOfRound.size());
                atEndOfRound.remove().run();
              })
          .get();
    }
    assertEquals(5, turns.get());
  }

  @Test
  void turnsWhenItsRestIsOver() throws Exception {
    CountDownLatch three = new CountDownLatch(3);
    driver.start(
        () -> {
          three.countDown();
          return false;
        },
        () -> TimeUnit.MILLISECONDS.toNanos(1),
        () -> {});
    assertTrue(three.await(20, TimeUnit.SECONDS));
  }

  @Test
  void shorterRestIsNotHeldUpByLongerOne() throws Exception {
    AtomicReference<Long> rest = new AtomicReference<>(LONG_NANOS);
    CountDownLatch three = new CountDownLatch(3);
    driver.start(
        () -> {
          three.countDown();
          return false;
        },
        rest::get,
        () -> {});
    loop.submit(() -> {}).get();
    rest.set(TimeUnit.MILLISECONDS.toNanos(1));
    driver.wake();
    assertTrue(three.await(20, TimeUnit.SECONDS));
  }

  @Test
  void failedTurnIsFatalAndTheLast() throws Exception {
    IllegalStateException failure = new IllegalStateException("broken");
    driver.start(
        () -> {
          turns.incrementAndGet();
          throw failure;
        },
        () -> 0,
        () -> {});
    assertTrue(fatalTold.await(20, TimeUnit.SECONDS));
    driver.wake();
    settle();
    assertSame(failure, fatal.get());
    assertEquals(1, turns.get());
  }

  @Test
  void endsOnTheLoopAndTurnsNoMore() throws Exception {
    List<Thread> threads = new ArrayList<>();
    driver.start(
        () -> turns.incrementAndGet() < 0,
        () -> LONG_NANOS,
        () -> threads.add(Thread.currentThread()));
    settle();
    assertTrue(driver.stop(20_000));
    CompletableFuture<Thread> own = new CompletableFuture<>();
    loop.execute(() -> own.complete(Thread.currentThread()));
    assertEquals(List.of(own.get()), threads);
    driver.wake();
    settle();
    assertEquals(1, turns.get());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      boolean unused = latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
