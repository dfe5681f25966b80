package io.synod.node;

import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Input;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Operators' requests on their way through the protocol. Driver thread, but for {@link #offer}. */
final class OperatorDuties {
  private static final int MOST_WAITING = 64;

  private final Inbox<OperatorRequest> requests = new Inbox<>(MOST_WAITING);
  private final Map<Long, Consumer<ChangeAnswer>> underWay = new HashMap<>();
  private long lastId;

  /** Any thread; false if too many wait. */
  boolean offer(OperatorRequest request) {
    return requests.offer(request);
  }

  /** Hands what came to the protocol; returns whether there was anything. */
  boolean turn(Consumer<Input> step) {
    boolean any = false;
    OperatorRequest request;
    while ((request = requests.poll()) != null) {
      any = true;
      long id = ++lastId;
      underWay.put(id, request.answered());
      if (request instanceof OperatorRequest.Change change) {
        step.accept(new Input.ChangeRequested(id, change.change(), change.dryRun()));
      } else if (request instanceof OperatorRequest.HandOver handOver) {
        step.accept(new Input.HandOverRequested(id, handOver.to(), handOver.why()));
      }
    }
    return any;
  }

  void onAnswer(ChangeAnswer answer) {
    Consumer<ChangeAnswer> answered = underWay.remove(answer.id());
    if (answered != null) {
      answered.accept(answer);
    }
  }

  /** No turn follows: what waits may come into force all the same. */
  void stop() {
    OperatorRequest request;
    while ((request = requests.poll()) != null) {
      request.answered().accept(new ChangeAnswer.Unknown(0));
    }
    underWay.values().forEach(answered -> answered.accept(new ChangeAnswer.Unknown(0)));
    underWay.clear();
  }
}
