package io.synod.server;

import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.Submission;
import java.util.ArrayDeque;
import java.util.Deque;

/** A node whose answers the test gives. */
final class PlayedNode implements Requests {
  private final Deque<ClientRequest> waiting = new ArrayDeque<>();
  private boolean stopped;
  private int capacity = Integer.MAX_VALUE;

  @Override
  public synchronized Submission submit(ClientRequest request) {
    if (stopped) {
      return Submission.STOPPED;
    }
    if (waiting.size() >= capacity) {
      return Submission.QUEUE_FULL;
    }
    waiting.add(request);
    notifyAll();
    return Submission.TAKEN;
  }

  synchronized void stop() {
    stopped = true;
  }

  synchronized void setCapacity(int requests) {
    capacity = requests;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  /** The next request, when it comes. */
  synchronized ClientRequest next() throws InterruptedException {
    while (waiting.isEmpty()) {
      wait();
    }
    return waiting.remove();
  }

  synchronized void awaitWaiting(int requests) throws InterruptedException {
    while (waiting.size() < requests) {
      wait();
    }
  }

  /** Notes the answer; the caller flushes. */
  static void answer(ClientRequest request, Answer answer) {
    ((ClientCall) request).answer(answer);
  }
}
