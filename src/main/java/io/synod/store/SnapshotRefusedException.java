package io.synod.store;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot file or a database is damaged, foreign, or of a version that this server does not
 * know. The message names the file and the place.
 */
public final class SnapshotRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean unknownVersion;

  private SnapshotRefusedException(
      String message, @Nullable Throwable cause, boolean unknownVersion) {
    super(message, cause);
    this.unknownVersion = unknownVersion;
  }

  static SnapshotRefusedException damaged(String file, long offset, String why) {
    return new SnapshotRefusedException(
        file + " at byte " + offset + ": " + why, /* cause= */ null, false);
  }

  static SnapshotRefusedException damaged(String file, long offset, Exception cause) {
    return new SnapshotRefusedException(
        file + " at byte " + offset + ": " + cause.getMessage(), cause, false);
  }

  /** A part of it, whose checksum is right, is a newer version's. */
  static SnapshotRefusedException newer(String file, long offset, NewerVersionException cause) {
    return new SnapshotRefusedException(
        file + " at byte " + offset + ": " + cause.getMessage(), cause, true);
  }

  static SnapshotRefusedException newer(String file, NewerVersionException cause) {
    return new SnapshotRefusedException(file + ": " + cause.getMessage(), cause, true);
  }

  static SnapshotRefusedException unknownVersion(String file, int version) {
    return unknownVersion(file, version, SnapshotFormat.VERSION);
  }

  static SnapshotRefusedException unknownVersion(String file, int version, int known) {
    return new SnapshotRefusedException(
        file
            + " is of version "
            + version
            + "; this server knows "
            + known
            + (version > known ? ": start a newer release" : " only"),
        /* cause= */ null,
        true);
  }

  /** Whether the file is whole as far as one can tell, and only too new. */
  public boolean isUnknownVersion() {
    return unknownVersion;
  }
}
