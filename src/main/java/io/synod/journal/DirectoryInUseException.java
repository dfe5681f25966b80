package io.synod.journal;

import java.io.IOException;
import java.nio.file.Path;

/** A server has the directory that was to be read. */
public final class DirectoryInUseException extends IOException {
  private static final long serialVersionUID = 1;

  DirectoryInUseException(Path directory, String holder) {
    super(directory + " is in use by " + holder);
  }
}
