package io.synod.paxos;

import java.util.Optional;

/**
 * Of whom a quorum is a majority: of all voters, or of voters that follow who is there. What is in
 * force is the membership in the log; this says only what a server proposes while it coordinates,
 * so that servers of different policies are as safe as of one.
 *
 * @param standbyAfterNanos a member that was silent for so long loses its vote for now, and gets it
 *     back after having been there for as long; longer after each loss that follows soon
 * @param lastVoter who votes alone where only two are there, it one of them; of mode {@link
 *     Mode#DYNAMIC} only
 */
public record QuorumPolicy(Mode mode, long standbyAfterNanos, Optional<ServerId> lastVoter) {
  /** The usual silence, in election timeouts. */
  public static final int USUAL_TIMEOUTS = 5;

  public QuorumPolicy {
    if (mode == Mode.MAJORITY && lastVoter.isPresent()) {
      throw new IllegalArgumentException(
          "a last voter is of votes that follow who is there, not of a majority of all");
    }
  }

  /** Without a last voter: with two of three there, the loss of either stops the store. */
  public QuorumPolicy(Mode mode, long standbyAfterNanos) {
    this(mode, standbyAfterNanos, Optional.empty());
  }

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
