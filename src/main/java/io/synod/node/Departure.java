package io.synod.node;

import io.synod.paxos.Input;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.ServerId;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A server that is about to end has another one coordinate before it does, and its vote not waited
 * for. Driver thread, but for {@link #want} and {@link #isDispensable}.
 */
final class Departure {
  /** Of the request to hand over; nobody waits for its answer. */
  private static final long HAND_OVER_ID = 0;

  private final PaxosSettings identity;
  private final Paxos paxos;

  /** The server is about to end: another one should coordinate before it does. */
  private volatile boolean leaving;

  private boolean leavingTold;
  private long handOverAskedNanos = Long.MIN_VALUE;

  /** Whether nobody would miss a coordinator if this server ended now; as of the last turn. */
  private volatile boolean dispensable;

  Departure(PaxosSettings identity, Paxos paxos) {
    this.identity = identity;
    this.paxos = paxos;
  }

  /** The server is about to end; {@link #isDispensable} tells when it may. Any thread. */
  void want() {
    dispensable = false;
    leaving = true;
  }

  /** Whether it may end without an election. Any thread. */
  boolean isDispensable() {
    return dispensable;
  }

  /** Whether there is something to go on with in {@link #turn}. */
  boolean isWanted() {
    return leaving;
  }

  /**
   * Goes on with it.
   *
   * @return whether the hand-over was asked for: what this server says to itself is to follow
   */
  boolean turn(long nowNanos, Consumer<Input> step) {
    if (!leavingTold && paxos.isOpen()) {
      leavingTold = true;
      step.accept(new Input.Leaving());
    }
    if (!paxos.isOpen() || paxos.membership().membership().voters() == 1) {
      dispensable = true;
    } else if (!paxos.isCoordinating()) {
      Optional<ServerId> heard = paxos.coordinatorHeard();
      dispensable =
          heard.isPresent() && !heard.get().equals(identity.server()) && paxos.isReleased();
    } else if (handOverAskedNanos == Long.MIN_VALUE
        || nowNanos - handOverAskedNanos >= identity.pingIntervalNanos()) {
      // Refused while nobody has caught up, or another change is under way: asked again.
      handOverAskedNanos = nowNanos;
      step.accept(new Input.HandOverRequested(HAND_OVER_ID, Optional.empty(), "it stops"));
      return true;
    }
    return false;
  }
}
