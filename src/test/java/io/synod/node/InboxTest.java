package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class InboxTest {
  @Test
  void aFullOneTakesNothingUntilThereIsRoom() {
    Inbox<Integer> inbox = new Inbox<>(2);
    assertTrue(inbox.offer(1) && inbox.offer(2));
    assertFalse(inbox.offer(3));
    assertFalse(inbox.isClosed());
    assertEquals(1, inbox.poll());
    assertTrue(inbox.offer(4));
    assertEquals(2, inbox.poll());
    assertEquals(4, inbox.poll());
    assertNull(inbox.poll());
    assertTrue(inbox.isEmpty());
  }

  @Test
  void aClosedOneGivesBackWhatItHasAndTakesNothing() {
    Inbox<Integer> inbox = new Inbox<>(2);
    assertTrue(inbox.offer(1));
    assertEquals(List.of(1), inbox.close());
    assertTrue(inbox.isClosed());
    assertFalse(inbox.offer(2));
    assertTrue(inbox.isClosed() && inbox.isEmpty());
  }

  @RepeatedTest(20)
  void whatWasTakenIsGivenBackOnceHoweverManyThreadsOfferWhileItCloses() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(1 << 20);
    ConcurrentLinkedQueue<Integer> taken = new ConcurrentLinkedQueue<>();
    CountDownLatch started = new CountDownLatch(4);
    List<Thread> offering = new ArrayList<>();
    for (int first = 0; first < 4; first++) {
      int from = first;
      Thread thread =
          new Thread(
              () -> {
                started.countDown();
                for (int i = from; inbox.offer(i); i += 4) {
                  taken.add(i);
                }
              });
      offering.add(thread);
      thread.start();
    }
    started.await();
    List<Integer> got = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Integer item = inbox.poll();
      if (item != null) {
        got.add(item);
      }
    }
    got.addAll(inbox.close());
    for (Thread thread : offering) {
      thread.join();
    }
    List<Integer> all = new ArrayList<>(taken);
    all.sort(null);
    got.sort(null);
    assertEquals(all, got);
  }
}
