package io.synod.node;

import io.synod.paxos.Notice;

/** What the driver needs of the process around it. */
public interface Surroundings {
  /** There is new work for the driver; any thread. */
  void wake();

  /** Does work that may block elsewhere; its result comes back through the driver's own queues. */
  void inBackground(Runnable work);

  /** Something happened that an operator would want to know; driver thread. */
  void notice(Notice notice);

  /** One line for the operator. */
  void report(String line);

  /** As {@link #report}, of what a person should act on. */
  default void warn(String line) {
    report(line);
  }

  /** This server is to be stopped, and started from its directory again; driver thread. */
  void startAnew();

  /** The clock that {@link Node#turn} is told, as it is now. */
  long monotonicNanos();

  /** Wall clock, for display only. */
  long wallMillis();
}
