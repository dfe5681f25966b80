package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;

/**
 * Read points that wait for a round of pings to confirm the coordinator. Those that come while a
 * round runs wait for the next: a round confirms only what arrived before it began. Memory of the
 * coordinator.
 */
final class Reads {
  /**
   * @param from who asked; this server itself for its own reads
   * @param underLease whether a lease will do
   */
  record Waiting(ServerId from, long id, boolean underLease) {}

  private List<Waiting> next = new ArrayList<>();
  private List<Waiting> running = new ArrayList<>();
  private long round;
  private Slot point = Slot.ZERO;

  void add(Waiting read) {
    next.add(read);
  }

  /** Whether a round should begin now: some wait, and none runs. */
  boolean wantsRound() {
    return running.isEmpty() && !next.isEmpty();
  }

  boolean isRunning() {
    return !running.isEmpty();
  }

  /** The ping whose answers count, and every later one's. */
  long round() {
    return round;
  }

  /** A round began with this ping, when so much was chosen. */
  void begin(long pingNumber, Slot chosen) {
    round = pingNumber;
    point = chosen;
    running = next;
    next = new ArrayList<>();
  }

  Slot point() {
    return point;
  }

  /** A quorum confirmed: takes out the reads of the round. */
  List<Waiting> confirm() {
    List<Waiting> confirmed = running;
    running = new ArrayList<>();
    return confirmed;
  }

  /** All that wait, when they will not be answered. */
  List<Waiting> giveUp() {
    List<Waiting> all = running;
    all.addAll(next);
    running = new ArrayList<>();
    next = new ArrayList<>();
    return all;
  }
}
