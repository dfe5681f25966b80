package io.synod.paxos;

import java.util.List;
import java.util.Optional;

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
    VersionRange supported) {
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
        VersionRange.FIRST_ONLY);
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
    return with(/* bootstrap= */ true, expectedCluster, quorum, supported);
  }

  Life life() {
    return new Life(server, incarnation);
  }

  /** These, with another policy. */
  public PaxosSettings withQuorum(QuorumPolicy policy) {
    return with(bootstrapAvailable, expectedCluster, policy, supported);
  }

  /** These, of a server that founds no cluster and joins no other. */
  public PaxosSettings withExpectedCluster(ClusterId expected) {
    return with(bootstrapAvailable, Optional.of(expected), quorum, supported);
  }

  /** These, of a program that can behave by other versions than the first. */
  public PaxosSettings withSupported(VersionRange versions) {
    return with(bootstrapAvailable, expectedCluster, quorum, versions);
  }

  private PaxosSettings with(
      boolean bootstrap, Optional<ClusterId> expected, QuorumPolicy policy, VersionRange versions) {
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
        versions);
  }
}
