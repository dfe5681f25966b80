package io.synod.simulator;

import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;

/**
 * A server as the faults see it: a machine with a disk and a clock, and a process on it or none.
 */
interface SimulatedServer {
  ServerId id();

  /** The life of its disk. */
  ServerLife life();

  /** Whether the process runs. */
  boolean isUp();

  /** How far it knows, or after a start will know, the log to be chosen. */
  Slot chosenKnown();

  /** Whether nothing that it accepted may be lost to damage or with a torn tail. */
  boolean knowsItsSlots();

  /** Whether what it accepted may be lost to damage, which no number of others' words mends. */
  boolean hasUnknownSlots();

  /** Whether its disk was harmed, so that it may lack what was durable there. */
  boolean isHarmed();

  /** Whether its directory can be started from; if not, that asks for an operator. */
  boolean isStartable();

  /** Whether it has no store, and never coordinates. */
  default boolean isWitness() {
    return false;
  }

  /** How far its store has applied; of the last run while it is down. */
  Slot applied();

  /** Whether it coordinates and hears a quorum. */
  boolean coordinates();

  /** Whether it knows whom to send what clients ask. */
  boolean follows();

  /** One line for a person. */
  String describe();

  /** Starts the process, if it is down. */
  void start();

  /**
   * Ends the process, if it runs.
   *
   * @param power the machine loses power too: nobody is told, and nothing unsynced is sure
   */
  void crash(boolean power);

  /** The disk is lost: what starts again is a new life. Only while it is down. */
  void wipe();

  /** The process does nothing for a while, and does not notice. */
  void stopFor(long nanos);

  /** It cuts itself off for a while, on purpose. */
  void suspendFor(long nanos);

  /** As an acceptor it fails on purpose. */
  void failRate(double rate);

  /** Its syncs take so many times as long. */
  void slowSync(double factor);

  /** No sync ends for a while. */
  void stuckSync(long nanos);

  /** Its next start is with other options. */
  void changeOptions();

  /** Its store is written out as a snapshot, if it has come further. */
  void takeSnapshot();

  /** Something of its disk goes wrong. */
  void harmDisk(Fault fault);

  SimulatedClock clock();

  /** No fault stays on it. */
  void calm();
}
