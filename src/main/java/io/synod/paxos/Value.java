package io.synod.paxos;

/** What a slot decides. */
public sealed interface Value
    permits Value.Batch, Value.Noop, Value.CoordinatorElected, Value.Version, Membership {

  /**
   * A batch of commands for the state machine. To the protocol it is bytes; the journal, the peers
   * and the store share them.
   *
   * @param commands in the state machine's own versioned format
   */
  record Batch(Bytes commands) implements Value {}

  /** Nothing: fills a slot that has to be decided. */
  record Noop() implements Value {}

  /**
   * "The coordinator is this server", decided like any other value: the first that a new
   * coordinator proposes for itself.
   *
   * @param ballot at which it coordinates
   */
  record CoordinatorElected(Ballot ballot, Address clientAddress) implements Value {}

  /**
   * "All behave by this version from the next slot on" (protocol-rules.md, 15); it does nothing
   * unless it is higher than the one in force ({@link VersionInForce#after}).
   *
   * @param number every member supports it
   */
  record Version(int number) implements Value {}
}
