package io.synod.client;

import java.util.List;

/** What an operator may order of one server. */
public sealed interface Control {
  /**
   * Fails as an acceptor.
   *
   * @param chance 0 to 1
   */
  record FailRate(double chance) implements Control {}

  /**
   * Drops all traffic with other servers.
   *
   * @param millis for so long; 0 ends it
   */
  record Suspend(int millis) implements Control {}

  /** Writes a snapshot, if there is anything new. */
  record Snapshot() implements Control {}

  /**
   * Is cut off from these; none ends it.
   *
   * @param serverIds the others
   */
  record Cut(List<Integer> serverIds) implements Control {
    public Cut {
      serverIds = List.copyOf(serverIds);
    }
  }
}
