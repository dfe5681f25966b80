package io.synod.paxos;

/**
 * How far one life of a server has bound itself by votes: both only grow as long as its directory
 * forgets nothing.
 *
 * @param promised the highest ballot that it promised or accepted at
 * @param accepted the last slot of its log
 */
public record Votes(Ballot promised, Slot accepted) {
  /** None cast. */
  public static final Votes NONE = new Votes(Ballot.LOWEST, Slot.ZERO);

  /** What was cast if both were. */
  public static Votes max(Votes a, Votes b) {
    return new Votes(Ballot.max(a.promised, b.promised), Slot.max(a.accepted, b.accepted));
  }

  /** Whether a directory that holds these has forgotten some of those. */
  boolean lacks(Votes cast) {
    return promised.isBelow(cast.promised) || accepted.isBefore(cast.accepted);
  }
}
