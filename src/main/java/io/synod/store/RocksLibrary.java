package io.synod.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * RocksDB's code, which is not all Java: an optional part of this program. The one class of those
 * around RocksDB that may be used where it is missing. Any thread.
 */
public final class RocksLibrary {
  private static final String CLASS = "org.rocksdb.RocksDB";

  private RocksLibrary() {}

  /** What to do if it is not on the class path; empty if it is. */
  public static Optional<String> missing() {
    try {
      Class<?> unused = Class.forName(CLASS, false, RocksLibrary.class.getClassLoader());
      return Optional.empty();
    } catch (ClassNotFoundException e) {
      return Optional.of(
          "storage rocksdb needs the library org.rocksdb:rocksdbjni:11.8.1, which is not on the"
              + " class path: add rocksdbjni-11.8.1.jar to the jars beside synod.jar (a build with"
              + " Maven puts it into target/lib), or start with storage heap");
    }
  }

  /**
   * Loads the native code, which is unpacked into a folder for that and not left there.
   *
   * @param folder made if it is not there; deleted
   */
  static void load(Path folder) throws IOException {
    Path unused = Files.createDirectories(folder);
    try {
      NativeLibraryLoader.getInstance().loadLibrary(folder.toString());
      RocksDB.loadLibrary();
    } catch (UnsatisfiedLinkError e) {
      throw new IOException(
          "the native code of RocksDB cannot be loaded on this machine ("
              + e.getMessage()
              + "): start with storage heap",
          e);
    } finally {
      Folders.delete(folder);
    }
  }
}
