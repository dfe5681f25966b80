package io.synod.paxos;

import java.util.Optional;

/**
 * A server in the membership. Its identity is the pair of id and incarnation; addresses may change.
 *
 * @param consensusAddress where the other members reach it
 * @param clientAddress where clients reach it
 * @param replaces the member that leaves when this one, a learner until then, gets its vote; or,
 *     where nobody else can coordinate, once this one does
 */
public record Member(
    ServerId server,
    Incarnation incarnation,
    Address consensusAddress,
    Address clientAddress,
    Role role,
    Optional<ServerId> replaces) {

  /** A member that replaces nobody. */
  public Member(
      ServerId server,
      Incarnation incarnation,
      Address consensusAddress,
      Address clientAddress,
      Role role) {
    this(server, incarnation, consensusAddress, clientAddress, role, Optional.empty());
  }

  /** What a member does. Only a {@link #VOTER} and a {@link #WITNESS} count in a quorum. */
  public enum Role {
    /** Votes, stores, and may coordinate. */
    VOTER(1),
    /** Catches up; no vote yet. */
    LEARNER(2),
    /**
     * Votes and keeps ballots and values, but has no store and never coordinates: {@link Witness}.
     */
    WITNESS(3),
    /** Lost its vote for now, because it was silent. */
    STANDBY(4),
    /** Keeps a copy, without a vote until an operator gives it one. */
    OBSERVER(5);

    private final byte code;

    Role(int code) {
      this.code = (byte) code;
    }

    /** The number that stands for this role in files and messages. */
    public byte code() {
      return code;
    }

    /**
     * The role with this code.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Role of(byte code) {
      for (Role role : values()) {
        if (role.code == code) {
          return role;
        }
      }
      throw new IllegalArgumentException("unknown role " + code);
    }

    public boolean votes() {
      return this == VOTER || this == WITNESS;
    }
  }

  /** The same member in another role, replacing nobody. */
  public Member withRole(Role newRole) {
    return new Member(server, incarnation, consensusAddress, clientAddress, newRole);
  }

  /** The same member in another role, and still in somebody's place. */
  Member votesAs(Role newRole) {
    return new Member(server, incarnation, consensusAddress, clientAddress, newRole, replaces);
  }

  /** Its next life, in this role. */
  Member reborn(Incarnation life, Role newRole) {
    return new Member(server, life, consensusAddress, clientAddress, newRole, replaces);
  }

  /** The same member elsewhere. */
  Member at(Address consensus, Address client) {
    return new Member(server, incarnation, consensus, client, role, replaces);
  }
}
