package io.synod.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Tells a disk that is full from one that is broken: the first an operator can mend. */
final class DiskFull {
  /** With less than this free, no write can be counted on. */
  private static final long HARDLY_ANY_BYTES = 64 << 10;

  private DiskFull() {}

  /** What to say and to do, in one line, if this failure came of a full disk; else empty. */
  static Optional<String> advice(Path dataDirectory, Throwable failure) {
    long freeBytes = freeBytes(dataDirectory);
    if (!speaksOfSpace(failure) && freeBytes >= HARDLY_ANY_BYTES) {
      return Optional.empty();
    }
    return Optional.of(
        "the disk is full: "
            + (freeBytes >> 10)
            + " KiB are free for "
            + dataDirectory
            + "; make room there and start this server again: nothing that it acknowledged is lost,"
            + " and it catches up from the others");
  }

  private static boolean speaksOfSpace(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("No space left") || message.contains("quota exceeded")) {
        return true;
      }
    }
    return false;
  }

  /** The size of the file system that a folder is on, or will be. */
  static long sizeBytes(Path directory) {
    for (Path place = directory; place != null; place = place.getParent()) {
      try {
        return Files.getFileStore(place).getTotalSpace();
      } catch (IOException e) {
        // Not there yet: the disk is that of the folder around it.
      }
    }
    return 0;
  }

  private static long freeBytes(Path directory) {
    for (Path place = directory; place != null; place = place.getParent()) {
      try {
        return Files.getFileStore(place).getUsableSpace();
      } catch (IOException e) {
        // Not there yet: the disk is that of the folder around it.
      }
    }
    return Long.MAX_VALUE;
  }
}
