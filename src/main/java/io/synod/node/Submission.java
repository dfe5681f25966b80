package io.synod.node;

/** What became of a request that was handed to a node. */
public enum Submission {
  /** It will be answered. */
  TAKEN,
  /** The queue is full: it will not be answered, and has no effect. */
  QUEUE_FULL,
  /** The node has stopped: it will not be answered, and has no effect. */
  STOPPED
}
