package io.synod.paxos;

/** What an operator asks of the membership: one value of the log each. */
public sealed interface MembershipChange {

  /**
   * Takes a server in as a learner; it gets a vote by itself once it has caught up, as a witness if
   * it is named as one. Of a member that is there already, at another address, it changes the
   * addresses.
   *
   * @param supported by which versions its program can behave
   */
  record Add(Member member, VersionRange supported) implements MembershipChange {
    public Add {
      checkLearner(member);
    }

    /** One whose program knows the first version only. */
    public Add(Member member) {
      this(member, VersionRange.FIRST_ONLY);
    }
  }

  /** Lets a member go. */
  record Remove(ServerId server) implements MembershipChange {}

  /**
   * Takes a server in as a learner in a member's place; that leaves in the same moment in which the
   * other gets its vote.
   *
   * @param supported by which versions the successor's program can behave
   */
  record Replace(ServerId server, Member successor, VersionRange supported)
      implements MembershipChange {
    public Replace {
      checkLearner(successor);
    }

    /** By one whose program knows the first version only. */
    public Replace(ServerId server, Member successor) {
      this(server, successor, VersionRange.FIRST_ONLY);
    }
  }

  /** Gives a member that has caught up a vote. */
  record Promote(ServerId server) implements MembershipChange {}

  /** Takes a member's vote away; it goes on keeping a copy. */
  record Demote(ServerId server) implements MembershipChange {}

  /** One that is to be a witness is named as that: it is a learner first, like all. */
  private static void checkLearner(Member member) {
    boolean joins = member.role() == Member.Role.LEARNER || member.role() == Member.Role.WITNESS;
    if (!joins || member.replaces().isPresent()) {
      throw new IllegalArgumentException("a server joins as a learner, not as " + member);
    }
  }
}
