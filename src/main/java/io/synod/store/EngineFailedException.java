package io.synod.store;

/** The files of an engine could not be read or written. What it holds is not to be gone on with. */
public final class EngineFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean damage;

  EngineFailedException(String message) {
    super(message);
    this.damage = false;
  }

  EngineFailedException(String message, Throwable cause) {
    this(message, cause, /* damage= */ false);
  }

  /**
   * @param damage whether what was read is not what was written
   */
  EngineFailedException(String message, Throwable cause, boolean damage) {
    super(message, cause);
    this.damage = damage;
  }

  /** Whether what was read is not what was written: it has to be thrown away. */
  public boolean isDamage() {
    return damage;
  }
}
