package io.synod.paxos;

/**
 * Of whom a quorum is a majority: of all voters, or of voters that follow who is there. What is in
 * force is the membership in the log; this says only what a server proposes while it coordinates,
 * so that servers of different policies are as safe as of one.
 *
 * @param standbyAfterNanos a member that was silent for so long loses its vote for now, and gets it
 *     back after having been there for as long; longer after each loss that follows soon
 */
public record QuorumPolicy(Mode mode, long standbyAfterNanos) {
  /** The usual silence, in election timeouts. */
  public static final int USUAL_TIMEOUTS = 5;

  /** Who votes. */
  public enum Mode {
    /** All that were given a vote, there or not. Votes that were lost before are given back. */
    MAJORITY,
    /**
     * Those that are there, and one that is not where that makes their number odd; at least three.
     */
    DYNAMIC
  }

  /** Every vote stays where it is. */
  static QuorumPolicy majority(long electionTimeoutNanos) {
    return new QuorumPolicy(Mode.MAJORITY, USUAL_TIMEOUTS * electionTimeoutNanos);
  }
}
