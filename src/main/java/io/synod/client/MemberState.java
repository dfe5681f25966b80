package io.synod.client;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A member as the server sees it that was asked.
 *
 * @param incarnation the life of its data directory that the membership names
 * @param live whether it answered lately
 * @param lagSlots how many slots it has applied less than are known chosen; none if it was never
 *     heard
 * @param roundTripMicros 0 if it is not known
 * @param syncAgeMillis of its oldest write that waits for the disk; 0 if none does
 * @param replaces who leaves when this learner gets its vote
 * @param faults its own word; none if it was not asked, or did not answer
 * @param kept its own word, as {@code faults}
 * @param otherLife whether it is there as another incarnation than the membership names: it has no
 *     vote before the log names that one
 */
public record MemberState(
    int serverId,
    String incarnation,
    String clientAddress,
    String consensusAddress,
    Role role,
    boolean live,
    OptionalLong lagSlots,
    long roundTripMicros,
    long syncAgeMillis,
    OptionalInt replaces,
    Optional<Faults> faults,
    Optional<Kept> kept,
    boolean otherLife) {
  /** What a member does; {@code UNKNOWN} is one of a newer version than this client's. */
  public enum Role {
    UNKNOWN,
    VOTER,
    LEARNER,
    WITNESS,
    STANDBY,
    OBSERVER;

    /** Whether it counts for a quorum. */
    public boolean votes() {
      return this == VOTER || this == WITNESS;
    }
  }
}
