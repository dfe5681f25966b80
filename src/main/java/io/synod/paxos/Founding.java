package io.synod.paxos;

/** How a cluster begins: its id, and the membership in force from slot 1 on. */
public record Founding(ClusterId cluster, Membership membership) {
  public Founding {
    if (!membership.predecessor().equals(Slot.ZERO)) {
      throw new IllegalArgumentException(
          "a founding membership has no predecessor, not " + membership.predecessor());
    }
  }
}
