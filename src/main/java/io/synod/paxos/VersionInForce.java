package io.synod.paxos;

/**
 * The version by which the cluster behaves, and the slot that decided it ({@link Slot#ZERO} for the
 * first); in force for the slots after it (protocol-rules.md, 15).
 */
public record VersionInForce(Slot decidedAt, int number) {
  /** What every cluster begins with. */
  public static final VersionInForce FIRST = new VersionInForce(Slot.ZERO, 1);

  public VersionInForce {
    if (number < 1) {
      throw new IllegalArgumentException("versions begin at 1, not at " + number);
    }
  }

  /**
   * What is in force behind this slot, which decided this value: a version does nothing unless it
   * is higher than the one before, and no other value does anything.
   */
  public VersionInForce after(Slot slot, Value value) {
    return value instanceof Value.Version version && version.number() > number
        ? new VersionInForce(slot, version.number())
        : this;
  }

  /** For a person to read: "version 1", "version 2 since slot 40". */
  @Override
  public String toString() {
    return "version "
        + number
        + (decidedAt.equals(Slot.ZERO) ? "" : " since slot " + decidedAt.number());
  }
}
