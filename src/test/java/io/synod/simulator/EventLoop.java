package io.synod.simulator;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Virtual time: what is to happen, in order of time; what falls on the same nanosecond, in an order
 * that the seed decides.
 */
final class EventLoop {
  private final PriorityQueue<Event> events = new PriorityQueue<>(1024);
  private final SplittableRandom ties;
  private long nowNanos;
  private long handled;
  private long numbered;

  private record Event(long nanos, int tie, long number, Runnable action)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      if (byTime != 0) {
        return byTime;
      }
      int byTie = Integer.compare(tie, other.tie);
      return byTie != 0 ? byTie : Long.compare(number, other.number);
    }
  }

  EventLoop(SplittableRandom ties) {
    this.ties = ties;
  }

  long nowNanos() {
    return nowNanos;
  }

  /** How many events have happened. */
  long handled() {
    return handled;
  }

  void at(long nanos, Runnable action) {
    if (nanos < nowNanos) {
      throw new IllegalArgumentException("in the past by " + (nowNanos - nanos) + " ns");
    }
    events.add(new Event(nanos, ties.nextInt(), numbered++, action));
  }

  void after(long nanos, Runnable action) {
    at(nowNanos + Math.max(0, nanos), action);
  }

  /** Lets everything happen that falls before {@code nanos}; then it is {@code nanos}. */
  void runUntil(long nanos) {
    while (true) {
      Event next = events.peek();
      if (next == null || next.nanos >= nanos) {
        nowNanos = Math.max(nowNanos, nanos);
        return;
      }
      events.poll();
      nowNanos = next.nanos;
      handled++;
      next.action.run();
    }
  }
}
