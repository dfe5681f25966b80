package io.synod.journal;

/**
 * Something that was not as it should be when the journal was opened: one line for the log.
 *
 * @param offset in the file, in bytes
 */
public record Finding(Kind kind, String file, long offset, String what) {

  /** How bad it is. */
  public enum Kind {
    /** Nothing is lost. */
    REPAIRED,
    /**
     * The end of the log was cut off; what it held was not acknowledged, or is reported as torn.
     */
    TORN,
    /** Something that was durable is lost: reported as unknown, and fetched from the peers. */
    DAMAGED
  }

  @Override
  public String toString() {
    return kind + " " + file + " at " + offset + ": " + what;
  }
}
