package io.synod.server;

import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What was answered on one connection and has not left, since its client reads less than it asks
 * for. A connection may fill a part of the memory that nobody else's answers fill: however many
 * clients do not read, those that do find some.
 *
 * <p>An answer that finds no room is let go, so that it holds no memory, and read again when some
 * of those before it have left. A connection that nothing waits for is refused instead: no room
 * would ever come of its own.
 *
 * <p>Its connection's network thread only, but for what {@link Shared} says.
 */
final class Backlog {
  /** What an answer takes beside its values: gRPC keeps each in a buffer of 4 KiB at least. */
  static final int ANSWER_BYTES = 5 << 10;

  /** A connection may fill one part in so many of what is free. */
  private static final int SHARE = 4;

  private final Shared shared;

  /** Taken of the room of all: of answers that have not left, and for those that are read again. */
  private long taken;

  /** To be read again, in the order in which they came. */
  private final ArrayDeque<ClientCall> held = new ArrayDeque<>();

  private boolean looksAtDeadlines;

  /**
   * What all connections have in common. Any thread.
   *
   * @param room for the answers of all
   * @param requests who reads again
   */
  record Shared(Room room, Requests requests, LongSupplier clockNanos) {}

  Backlog(Shared shared) {
    this.shared = shared;
  }

  /** Whether nothing waits to leave, so that nothing would give room back. */
  boolean isEmpty() {
    return taken == 0;
  }

  /** Takes room for an answer of so many bytes, if there is. */
  boolean take(int bytes) {
    if (taken + bytes > shared.room().free() / SHARE || !shared.room().take(bytes)) {
      return false;
    }
    taken += bytes;
    return true;
  }

  /** An answer has left, or its caller is gone: whoever waits for room goes on. */
  void giveBack(int bytes) {
    release(bytes);
    while (!held.isEmpty()) {
      ClientCall first = held.peek();
      if (first.takeRoomAgain()) {
        held.remove();
        readAgain(first);
      } else if (isEmpty()) {
        held.remove();
        first.refuseForRoom();
      } else {
        return;
      }
    }
  }

  /** As {@link #giveBack}, and nobody goes on. */
  void release(int bytes) {
    taken -= bytes;
    shared.room().giveBack(bytes);
  }

  private void readAgain(ClientCall call) {
    switch (call.readAgain(shared.requests())) {
      case TAKEN -> {}
      case STOPPED -> call.refuseAgain(Status.UNAVAILABLE.withDescription(CallIntake.STOPS));
      case QUEUE_FULL ->
          call.refuseAgain(
              Status.RESOURCE_EXHAUSTED.withDescription("the queue is full: try again later"));
    }
  }

  /** Reads this again when there is room, or refuses it at its deadline. */
  void hold(ClientCall call, Outbox outbox) {
    held.add(call);
    if (!looksAtDeadlines) {
      lookAtDeadlines(outbox, call.deadlineNanos());
    }
  }

  /** Its caller is gone. */
  void drop(ClientCall call) {
    held.remove(call);
  }

  private void lookAtDeadlines(Outbox outbox, long nextNanos) {
    looksAtDeadlines = true;
    long delay = Math.max(0, nextNanos - shared.clockNanos().getAsLong());
    outbox.later(() -> refuseExpired(outbox), delay + TimeUnit.MILLISECONDS.toNanos(1));
  }

  private void refuseExpired(Outbox outbox) {
    looksAtDeadlines = false;
    long now = shared.clockNanos().getAsLong();
    long next = Long.MAX_VALUE;
    boolean any = false;
    for (Iterator<ClientCall> each = held.iterator(); each.hasNext(); ) {
      ClientCall call = each.next();
      if (call.deadlineNanos() - now <= 0) {
        each.remove();
        call.refuseForRoom();
      } else {
        next = any ? Math.min(next, call.deadlineNanos()) : call.deadlineNanos();
        any = true;
      }
    }
    if (any) {
      lookAtDeadlines(outbox, next);
    }
  }
}
