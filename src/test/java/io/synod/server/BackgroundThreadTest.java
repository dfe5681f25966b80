package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BackgroundThreadTest {
  private final List<String> done = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final BackgroundThread thread = new BackgroundThread(failures::add);

  @AfterEach
  void close() {
    thread.close();
  }

  /** Of the driver it would end the process in the middle of a start anew. */
  @Test
  void whatIsBegunBehindItsEndIsDroppedWithoutAnError() throws InterruptedException {
    thread.begin(() -> done.add("before"));
    thread.end(10_000);
    thread.begin(() -> done.add("behind"));
    assertEquals(List.of("before"), done);
    assertEquals(List.of(), failures);
  }

  @Test
  void whatIsThrownIsToldAndTheNextIsDone() throws InterruptedException {
    IllegalStateException thrown = new IllegalStateException("why");
    thread.begin(
        () -> {
          throw thrown;
        });
    thread.begin(() -> done.add("next"));
    thread.end(10_000);
    assertEquals(List.of(thrown), failures);
    assertEquals(List.of("next"), done);
  }

  @Test
  void whatHasNotBegunInTimeIsDropped() throws InterruptedException {
    CountDownLatch began = new CountDownLatch(1);
    thread.begin(
        () -> {
          began.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            done.add("interrupted");
          }
        });
    thread.begin(() -> done.add("next"));
    assertTrue(began.await(10, TimeUnit.SECONDS));
    thread.end(50);
    assertEquals(List.of("interrupted"), done);
  }
}
