package io.synod.paxos;

/**
 * A server in the membership. Its identity is the pair of id and incarnation; addresses may change.
 *
 * @param consensusAddress where the other members reach it
 * @param clientAddress where clients reach it
 */
public record Member(
    ServerId server, Incarnation incarnation, Address consensusAddress, Address clientAddress, Role role) {

  /** What a member does. Only a {@link #VOTER} and a {@link #WITNESS} count in a quorum. */
  public enum Role {
    /** Votes, stores, and may coordinate. */
    VOTER,
    /** Catches up; no vote yet. */
    LEARNER,
    /** Votes and keeps ballots and values, but has no store and never coordinates. */
    WITNESS,
    /** Lost its vote for now, because it was silent. */
    STANDBY;

    public boolean votes() {
      return this == VOTER || this == WITNESS;
    }
  }

  public Member withRole(Role newRole) {
    return new Member(server, incarnation, consensusAddress, clientAddress, newRole);
  }
}
