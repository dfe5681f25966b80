package io.synod.server;

import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import java.util.ArrayDeque;
import java.util.Deque;

/** A node whose answers the test gives. */
final class PlayedNode implements Requests {
  private final Deque<ClientRequest> waiting = new ArrayDeque<>();
  private int capacity = Integer.MAX_VALUE;

  @Override
  public synchronized boolean submit(ClientRequest request) {
    if (waiting.size() >= capacity) {
      return false;
    }
    waiting.add(request);
    notifyAll();
    return true;
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
    ((ClientCall<?>) request).answer(answer);
  }
}
