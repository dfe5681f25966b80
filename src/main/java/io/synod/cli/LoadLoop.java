package io.synod.cli;

/** Calls that are made again and again, until this is closed. */
interface LoadLoop extends AutoCloseable {
  /** Begins; returns at once. */
  void start();

  /** Begins no more calls, waits a little for those under way, and closes the connections. */
  @Override
  void close();
}
