package io.synod.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;

/**
 * The answers of a turn for the calls of one network thread. Filled and flushed on the driver's
 * thread.
 */
final class Outbox {
  private final Executor thread;
  private final BooleanSupplier isOwn;
  private final Later later;
  private List<ClientCall> answered = new ArrayList<>();

  /** Does something on the network thread after a while. */
  interface Later {
    void run(Runnable work, long delayNanos);
  }

  /**
   * @param thread which reads and writes the connections of these calls
   * @param isOwn whether the caller is that thread
   */
  Outbox(Executor thread, BooleanSupplier isOwn, Later later) {
    this.thread = thread;
    this.isOwn = isOwn;
    this.later = later;
  }

  /** Does this on the network thread after a while, unless the connections have ended by then. */
  void later(Runnable work, long delayNanos) {
    later.run(work, delayNanos);
  }

  /** Does this on the network thread, unless the connections have ended. Any thread. */
  void run(Runnable work) {
    try {
      thread.execute(work);
    } catch (RejectedExecutionException e) {
      // The network thread has ended, and with it the connections: nobody waits for this.
      return;
    }
  }

  void add(ClientCall call) {
    answered.add(call);
  }

  void flush() {
    if (answered.isEmpty()) {
      return;
    }
    if (isOwn.getAsBoolean()) {
      send(answered);
      answered.clear();
      return;
    }
    List<ClientCall> batch = answered;
    answered = new ArrayList<>(batch.size());
    run(() -> send(batch));
  }

  private static void send(List<ClientCall> batch) {
    for (ClientCall call : batch) {
      call.send();
    }
    for (ClientCall call : batch) {
      call.turnSent();
    }
  }
}
