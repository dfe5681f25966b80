package io.synod.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The answers of a turn for the calls of one network thread. Filled and flushed on the driver's
 * thread.
 */
final class Outbox {
  private final Executor thread;
  private List<ClientCall<?>> answered = new ArrayList<>();

  /**
   * @param thread which reads and writes the connections of these calls
   */
  Outbox(Executor thread) {
    this.thread = thread;
  }

  void add(ClientCall<?> call) {
    answered.add(call);
  }

  void flush() {
    if (answered.isEmpty()) {
      return;
    }
    List<ClientCall<?>> batch = answered;
    answered = new ArrayList<>(batch.size());
    try {
      thread.execute(() -> send(batch));
    } catch (RejectedExecutionException e) {
      // The network thread has ended, and with it the connections: nobody waits for these answers.
      return;
    }
  }

  private static void send(List<ClientCall<?>> batch) {
    for (ClientCall<?> call : batch) {
      call.send();
    }
  }
}
