package io.synod.store;

/** A read at a revision that cannot be answered, or a compaction that cannot be made. */
public final class RevisionUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why it cannot. */
  public enum Why {
    /** History begins behind it. */
    COMPACTED,
    /** It is not written yet. */
    FUTURE
  }

  private final Why why;

  private RevisionUnavailableException(Why why, String message) {
    super(message);
    this.why = why;
  }

  /** Passes if this revision can be read. */
  static void check(long asked, long compacted, long newest) throws RevisionUnavailableException {
    if (asked < compacted) {
      throw new RevisionUnavailableException(
          Why.COMPACTED,
          "revision " + asked + " has been compacted: the oldest that can be read is " + compacted);
    }
    if (asked > newest) {
      throw new RevisionUnavailableException(
          Why.FUTURE, "revision " + asked + " is a future one: the newest is " + newest);
    }
  }

  public Why why() {
    return why;
  }
}
