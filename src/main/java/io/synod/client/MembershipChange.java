package io.synod.client;

/** What an operator may change about who the members are. */
public sealed interface MembershipChange {
  /**
   * A server that runs and is no member joins: a learner, then a voter by itself. Or a member has
   * moved: this is its new address.
   *
   * @param consensusAddress {@code HOST:PORT}, its my_paxos
   */
  record Add(String consensusAddress) implements MembershipChange {}

  record Remove(int serverId) implements MembershipChange {}

  /**
   * One leaves in the moment in which another, caught up, gets its vote.
   *
   * @param byConsensusAddress {@code HOST:PORT}, the my_paxos of the one that comes
   */
  record Replace(int serverId, String byConsensusAddress) implements MembershipChange {}

  record Promote(int serverId) implements MembershipChange {}

  record Demote(int serverId) implements MembershipChange {}
}
