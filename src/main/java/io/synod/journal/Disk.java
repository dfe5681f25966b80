package io.synod.journal;

import java.io.IOException;
import java.util.List;

/**
 * A directory of files, as the journal and the snapshots see it: the port between them and a real
 * disk, and the place where the simulator puts its faults.
 *
 * <p>May block. Any thread may call it; one file is used by one thread at a time. Every failure is
 * an {@link IOException} that names the file.
 */
public interface Disk extends AutoCloseable {

  /** The names of all files, in no particular order. */
  List<String> list() throws IOException;

  /**
   * Opens a file to read and write, making it if it is not there. A new file's name is durable only
   * after {@link #syncDirectory}.
   */
  DiskFile open(String name) throws IOException;

  /**
   * Gives a file another name, replacing a file that has it: atomic, durable after {@link
   * #syncDirectory}.
   */
  void rename(String from, String to) throws IOException;

  /** Removes a file; durable after {@link #syncDirectory}. */
  void delete(String name) throws IOException;

  /** Makes the names of files durable. */
  void syncDirectory() throws IOException;

  /** How many bytes can still be written. */
  long freeBytes() throws IOException;

  /** Where this is, for messages to a person. */
  String describe();

  /** Gives the directory free for another process. */
  @Override
  void close() throws IOException;
}
