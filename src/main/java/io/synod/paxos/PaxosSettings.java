package io.synod.paxos;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Who this server is, and the protocol's timings and bounds.
 *
 * @param listed the founding list's consensus addresses; a server's id is its place here
 * @param clientAddress of this server
 * @param candidateCluster the cluster id used if this server founds the cluster: random
 * @param seed for jitter: the protocol's only randomness
 * @param pingIntervalNanos between two pings of a server
 * @param electionTimeoutNanos silence after which a server counts as gone
 * @param pipelineSlots how many slots may be proposed and not yet chosen
 * @param messageBytes about how large a message of several values may grow; one value alone may
 *     exceed it
 * @param priority of this server as coordinator
 * @param bootstrapAvailable whether the cluster may be founded without those of the list that are
 *     absent, as long as a majority is there (protocol-rules.md, 8)
 * @param expectedCluster the only cluster that this server joins; with it, it takes part in no
 *     founding
 * @param quorum what becomes of the votes of members that are silent
 * @param supported by which versions this program can behave
 * @param witnessLogBytes present if this server is a {@link Witness}: how large its log may grow
 *     before whoever it is kept for has to lose its vote
 */
public record PaxosSettings(
    ServerId server,
    Incarnation incarnation,
    List<Address> listed,
    Address clientAddress,
    ClusterId candidateCluster,
    long seed,
    long pingIntervalNanos,
    long electionTimeoutNanos,
    int pipelineSlots,
    int messageBytes,
    int priority,
    boolean bootstrapAvailable,
    Optional<ClusterId> expectedCluster,
    QuorumPolicy quorum,
    VersionRange supported,
    OptionalLong witnessLogBytes) {
  private static final int LEASE_PINGS = 5;

  public PaxosSettings {
    if (pingIntervalNanos <= 0 || electionTimeoutNanos < 3 * pingIntervalNanos) {
      throw new IllegalArgumentException(
          "an election timeout is at least three ping intervals, not "
              + electionTimeoutNanos
              + " ns with pings every "
              + pingIntervalNanos
              + " ns");
    }
    if (pipelineSlots < 1 || messageBytes < 1) {
      throw new IllegalArgumentException("pipelineSlots and messageBytes are at least 1");
    }
    if (quorum.standbyAfterNanos() < electionTimeoutNanos) {
      throw new IllegalArgumentException(
          "a vote is lost after an election timeout of silence or more, not after "
              + quorum.standbyAfterNanos()
              + " ns");
    }
    if (witnessLogBytes.isPresent() && witnessLogBytes.getAsLong() < 1) {
      throw new IllegalArgumentException("a witness has a log of at least a byte");
    }
  }

  /** The usual: a cluster is founded by all that are listed, and every vote stays where it is. */
  public PaxosSettings(
      ServerId server,
      Incarnation incarnation,
      List<Address> listed,
      Address clientAddress,
      ClusterId candidateCluster,
      long seed,
      long pingIntervalNanos,
      long electionTimeoutNanos,
      int pipelineSlots,
      int messageBytes,
      int priority) {
    this(
        server,
        incarnation,
        listed,
        clientAddress,
        candidateCluster,
        seed,
        pingIntervalNanos,
        electionTimeoutNanos,
        pipelineSlots,
        messageBytes,
        priority,
        /* bootstrapAvailable= */ false,
        Optional.empty(),
        QuorumPolicy.majority(electionTimeoutNanos),
        VersionRange.FIRST_ONLY,
        OptionalLong.empty());
  }

  /**
   * For how long acceptors are asked to give a lease: an election may take so much longer. Some
   * pings may be lost before it lapses.
   */
  long leaseNanos() {
    return Math.min(LEASE_PINGS * pingIntervalNanos, electionTimeoutNanos / 2);
  }

  /** These, with a majority of the list being enough to found a cluster. */
  public PaxosSettings withBootstrapAvailable() {
    return with(/* bootstrap= */ true, expectedCluster, quorum, supported, witnessLogBytes);
  }

  Life life() {
    return new Life(server, incarnation);
  }

  /** These, with another policy. */
  public PaxosSettings withQuorum(QuorumPolicy policy) {
    return with(bootstrapAvailable, expectedCluster, policy, supported, witnessLogBytes);
  }

  /** These, of a server that founds no cluster and joins no other. */
  public PaxosSettings withExpectedCluster(ClusterId expected) {
    return with(bootstrapAvailable, Optional.of(expected), quorum, supported, witnessLogBytes);
  }

  /** These, of a program that can behave by other versions than the first. */
  public PaxosSettings withSupported(VersionRange versions) {
    return with(bootstrapAvailable, expectedCluster, quorum, versions, witnessLogBytes);
  }

  /** These, of a witness whose log may grow so large. */
  public PaxosSettings withWitnessLog(long sizeBytes) {
    return with(bootstrapAvailable, expectedCluster, quorum, supported, OptionalLong.of(sizeBytes));
  }

  /** Whether this server keeps promises and values only, and never coordinates. */
  public boolean isWitness() {
    return witnessLogBytes.isPresent();
  }

  private PaxosSettings with(
      boolean bootstrap,
      Optional<ClusterId> expected,
      QuorumPolicy policy,
      VersionRange versions,
      OptionalLong witnessLog) {
    return new PaxosSettings(
        server,
        incarnation,
        listed,
        clientAddress,
        candidateCluster,
        seed,
        pingIntervalNanos,
        electionTimeoutNanos,
        pipelineSlots,
        messageBytes,
        priority,
        bootstrap,
        expected,
        policy,
        versions,
        witnessLog);
  }
}
