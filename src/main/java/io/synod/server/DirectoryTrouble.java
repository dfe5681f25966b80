package io.synod.server;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Why the file system does not let a server have its data directory, in one line. */
final class DirectoryTrouble {
  private DirectoryTrouble() {}

  static String why(Path dataDirectory, FileSystemException trouble) {
    return "the data directory " + dataDirectory + " cannot be used: " + reason(trouble);
  }

  /** Why, and of which file. */
  static String reason(FileSystemException trouble) {
    String place = trouble.getFile();
    if (trouble instanceof AccessDeniedException) {
      return "this user may not write " + place;
    } else if (trouble instanceof FileAlreadyExistsException
        || trouble instanceof NotDirectoryException) {
      return place + " is a file, not a folder";
    }
    String reason = trouble.getReason() == null ? trouble.toString() : trouble.getReason();
    return place == null ? reason : place + ": " + reason;
  }
}
