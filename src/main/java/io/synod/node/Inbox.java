package io.synod.node;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A bounded queue from many threads to the driver, without a lock. */
final class Inbox<T> {
  private static final int CLOSED = 1 << 30;

  private final ConcurrentLinkedQueue<T> queue = new ConcurrentLinkedQueue<>();

  /** How many are in the queue or on their way into it; {@link #CLOSED} more once it is closed. */
  private final AtomicInteger size = new AtomicInteger();

  private final int capacity;

  /**
   * @param capacity below {@code 1 << 29}
   */
  Inbox(int capacity) {
    this.capacity = capacity;
  }

  /** Any thread; false if it is full or closed. */
  boolean offer(T item) {
    if (size.incrementAndGet() > capacity) {
      size.decrementAndGet();
      return false;
    }
    queue.add(item);
    return true;
  }

  /** Driver thread. */
  @Nullable T poll() {
    T item = queue.poll();
    if (item != null) {
      size.decrementAndGet();
    }
    return item;
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Any thread. */
  boolean isClosed() {
    return size.get() >= CLOSED / 2;
  }

  /** Takes nothing any more, and gives back all that it took. Driver thread, once. */
  List<T> close() {
    size.addAndGet(CLOSED);
    List<T> rest = new ArrayList<>();
    while (true) {
      T item = poll();
      if (item != null) {
        rest.add(item);
      } else if (size.get() == CLOSED) {
        return rest;
      } else {
        // Another thread is about to add one, or to find that it may not.
        Thread.onSpinWait();
      }
    }
  }
}
