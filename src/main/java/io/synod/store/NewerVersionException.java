package io.synod.store;

/**
 * Bytes whose checksum is right and that this release cannot read, since a newer one wrote them:
 * they are no damage, and are to be left as they are.
 */
final class NewerVersionException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what is there, as in "a row of form 3"
   * @param known what this release can read instead
   */
  NewerVersionException(String what, String known) {
    super(
        what
            + ", written by a newer version; this server knows "
            + known
            + ": start a newer release");
  }
}
