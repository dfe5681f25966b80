package io.synod.node;

import io.synod.paxos.Bytes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that keeps its answer. */
final class Asked extends ClientRequest {
  private @Nullable Answer answer;

  Asked(Operation operation, long deadlineNanos) {
    super(operation, deadlineNanos);
  }

  private Asked(Operation operation, long deadlineNanos, long patienceNanos) {
    super(operation, deadlineNanos, patienceNanos);
  }

  static Asked put(String key, long deadlineNanos) {
    return patientPut(key, deadlineNanos, deadlineNanos);
  }

  static Asked patientPut(String key, long deadlineNanos, long patienceNanos) {
    return new Asked(
        new Operation.Put(Bytes.utf8(key), Bytes.utf8("v")), deadlineNanos, patienceNanos);
  }

  static Asked get(String key, long deadlineNanos) {
    return new Asked(new Operation.Get(Bytes.utf8(key), ReadMode.LINEARIZABLE), deadlineNanos);
  }

  @Override
  protected void answer(Answer given) {
    if (answer != null) {
      throw new IllegalStateException("answered twice: " + answer + ", " + given);
    }
    answer = given;
  }

  Optional<Answer> answer() {
    return Optional.ofNullable(answer);
  }
}
