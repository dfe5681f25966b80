package io.synod.store;

import com.google.common.io.MoreFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Folders of the file system that are used up. */
public final class Folders {
  private Folders() {}

  /** Deletes one, if it is there, with all that is in it; follows no link out of it. Blocks. */
  public static void delete(Path folder) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      MoreFiles.deleteRecursively(folder);
    }
  }
}
