package io.synod.cli;

/**
 * One connection of the load generator to one server, in the words of the workload. Calls may come
 * from any thread, and are answered on the connection's own.
 */
interface Caller extends AutoCloseable {
  /** Sets a key of the workload. */
  void put(int key, Outcome outcome);

  /** Reads a key of the workload, linearizably. */
  void get(int key, Outcome outcome);

  /** Ends the connection at once. */
  @Override
  void close();

  /** What becomes of a call: one of the two, once. */
  interface Outcome {
    void done();

    void failed(String why);
  }
}
