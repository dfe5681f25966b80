package io.synod.server;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes calls, or answers, may hold at the same time, so that they never fill the memory.
 * Any thread.
 */
final class Room {
  private final long bytes;
  private final AtomicLong taken = new AtomicLong();

  Room(long bytes) {
    this.bytes = bytes;
  }

  /** Takes so many bytes, if there are. */
  boolean take(int wanted) {
    if (taken.addAndGet(wanted) <= bytes) {
      return true;
    }
    taken.addAndGet(-wanted);
    return false;
  }

  void giveBack(int given) {
    taken.addAndGet(-given);
  }

  long bytes() {
    return bytes;
  }

  long free() {
    return bytes - taken.get();
  }

  long taken() {
    return taken.get();
  }
}
