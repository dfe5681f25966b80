package io.synod.server;

import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.NodeStatus;
import io.synod.node.Submission;
import io.synod.paxos.Bytes;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether the store answers, and tells health checks and scripts. A server is ready once
 * it has answered a write of its own: the removal of a key that nobody ever made, which leaves no
 * trace. From then on it goes by what the node says.
 *
 * <p>{@link #tick} is called by one thread, many times a second.
 */
final class Readiness {
  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
  private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** A witness has no store that could answer. */
  private final boolean witness;

  private final Requests requests;
  private final Supplier<NodeStatus> status;
  private final LongSupplier clockNanos;
  private final Listener listener;
  private @Nullable Probe probe;
  private boolean answered;
  private @Nullable Boolean told;

  /** Who is told. */
  interface Listener {
    /** The store answers, or does not any more. Called on a change, by the thread that ticks. */
    void serving(boolean now);

    /** How it is now. Called at each tick. */
    void state(String state, NodeStatus status);
  }

  /**
   * @param clockNanos the driver's
   */
  Readiness(
      Requests requests, Supplier<NodeStatus> status, LongSupplier clockNanos, Listener listener) {
    this(requests, status, clockNanos, listener, /* witness= */ false);
  }

  private Readiness(
      Requests requests,
      Supplier<NodeStatus> status,
      LongSupplier clockNanos,
      Listener listener,
      boolean witness) {
    this.requests = requests;
    this.status = status;
    this.clockNanos = clockNanos;
    this.listener = listener;
    this.witness = witness;
  }

  /** Of a witness: it never serves clients. */
  static Readiness ofWitness(Supplier<NodeStatus> status, Listener listener) {
    return new Readiness(
        request -> Submission.STOPPED, status, () -> 0, listener, /* witness= */ true);
  }

  /** Looks again. Never blocks. */
  void tick() {
    NodeStatus now = status.get();
    boolean up = now.waitingFor().isEmpty() && now.coordinatorContent();
    if (!answered && !witness) {
      probe();
    }
    boolean serving = up && answered;
    if (told == null || told != serving) {
      told = serving;
      listener.serving(serving);
      if (serving) {
        LOG.info("the store answers");
      } else {
        LOG.info("the store does not answer: {}", witness ? "this server is a witness" : why(now));
      }
    }
    listener.state(witness && up ? "witness" : serving ? "serving" : "waiting", now);
  }

  /** Why it does not serve, for a person to read. */
  static String why(NodeStatus status) {
    return status
        .waitingFor()
        .orElse(
            status.coordinatorContent()
                ? "waiting for its first write"
                : "it hears no coordinator that has a quorum" + unheard(status) + warning(status));
  }

  private static String unheard(NodeStatus status) {
    List<String> unheard =
        status.members().stream()
            .filter(each -> each.member().role().votes() && !each.live())
            .map(each -> "server " + each.member().server().number())
            .toList();
    return unheard.isEmpty()
        ? ""
        : ": " + String.join(", ", unheard) + (unheard.size() == 1 ? " is" : " are") + " not heard";
  }

  private static String warning(NodeStatus status) {
    return status.warning().map(what -> "; " + what).orElse("");
  }

  private void probe() {
    Probe running = probe;
    if (running == null) {
      Probe next = new Probe(clockNanos.getAsLong() + PROBE_NANOS);
      if (requests.submit(next) == Submission.TAKEN) {
        probe = next;
      }
    } else if (running.answer().isPresent()) {
      Answer answer = running.answer().get();
      // Where there is no room for a write, reads go on.
      answered = answer instanceof Answer.Written || answer instanceof Answer.Exhausted;
      probe = null;
    }
  }

  /** A write of the server's own. */
  static final class Probe extends ClientRequest {
    private volatile @Nullable Answer answer;

    Probe(long deadlineNanos) {
      super(new Operation.Delete(Bytes.utf8("\0synod probe " + UUID.randomUUID())), deadlineNanos);
    }

    @Override
    protected void answer(Answer given) {
      answer = given;
    }

    Optional<Answer> answer() {
      return Optional.ofNullable(answer);
    }
  }
}
