package io.synod.client;

/** What is tried again, and for how long. */
public enum Retries {
  /**
   * Reads, and writes that certainly had no effect, go to each other server once. A write whose
   * outcome is unknown is reported, not repeated.
   */
  SAFE,
  /**
   * Everything is tried again, with pauses, until the deadline. A write whose first attempt took
   * effect unseen is then done twice: it may overwrite what somebody else wrote between the two.
   */
  UNTIL_DEADLINE
}
