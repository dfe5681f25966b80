package io.synod.paxos;

/**
 * The versions by which a program can behave: all from the oldest to the newest.
 *
 * @param oldest at least 1
 * @param newest not below it
 */
public record VersionRange(int oldest, int newest) {
  /** Of programs that say nothing of versions. */
  public static final VersionRange FIRST_ONLY = new VersionRange(1, 1);

  public VersionRange {
    if (oldest < 1 || newest < oldest) {
      throw new IllegalArgumentException("versions from " + oldest + " to " + newest);
    }
  }

  /** Whether a program can behave by this version. */
  public boolean includes(int version) {
    return oldest <= version && version <= newest;
  }

  /** For a person to read: "version 1", "versions 1 to 3". */
  @Override
  public String toString() {
    return oldest == newest ? "version " + oldest : "versions " + oldest + " to " + newest;
  }
}
