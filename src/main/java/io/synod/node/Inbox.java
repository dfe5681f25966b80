package io.synod.node;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A bounded queue from many threads to the driver, without a lock. */
final class Inbox<T> {
  private final ConcurrentLinkedQueue<T> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger size = new AtomicInteger();
  private final int capacity;

  Inbox(int capacity) {
    this.capacity = capacity;
  }

  /** Any thread; false if it is full. */
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
}
