package io.synod.server;

import io.synod.journal.FileDisk;
import io.synod.server.Configuration.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What a data directory is written with. A file {@code storage} says so; without it, it is {@link
 * Storage#HEAP}.
 */
final class StorageMark {
  private static final String MARK = "storage";

  private StorageMark() {}

  /**
   * What a data directory is written with; empty if no server ever started in it.
   *
   * @throws IOException if the mark cannot be read, or is of a storage that is not known
   */
  static Optional<Storage> of(Path directory) throws IOException {
    boolean used =
        Files.exists(directory.resolve("identity"))
            || Files.exists(directory.resolve("identity.copy"));
    if (!used) {
      return Optional.empty();
    }
    Path mark = directory.resolve(MARK);
    if (!Files.exists(mark)) {
      return Optional.of(Storage.HEAP);
    }
    String text = Files.readString(mark).strip();
    try {
      return Optional.of(Storage.valueOf(text));
    } catch (IllegalArgumentException e) {
      throw new IOException(
          mark + " names storage '" + text + "', which this release does not know", e);
    }
  }

  /**
   * Marks a data directory that no server started in yet.
   *
   * @throws IOException if it is written with another storage, saying what would be right
   */
  static void put(Path directory, Storage wanted) throws IOException {
    checkNoOther(directory, wanted);
    if (of(directory).isPresent()) {
      return;
    }
    Path mark = directory.resolve(MARK);
    if (wanted == Storage.HEAP) {
      Files.deleteIfExists(mark);
      return;
    }
    FileDisk.make(directory);
    try (FileChannel file =
        FileChannel.open(mark, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap((wanted.name() + "\n").getBytes(StandardCharsets.UTF_8)), 0);
      file.force(true);
    }
    // The name is durable with the identity's, which is made after it.
  }

  /**
   * Refuses a data directory that is written with another storage; one that is kept in memory has
   * none, and would leave the data aside.
   *
   * @throws IOException saying what would be right
   */
  static void checkNoOther(Path directory, Storage wanted) throws IOException {
    Optional<Storage> held = of(directory);
    if (held.isPresent() && held.get() != wanted) {
      throw new IOException(refusal(directory, held.get(), wanted));
    }
  }

  private static String option(Storage held, Storage wanted) {
    if (held == Storage.WITNESS) {
      return "--witness";
    }
    return "--storage " + held + (wanted == Storage.WITNESS ? " and without --witness" : "");
  }

  private static String refusal(Path directory, Storage held, Storage wanted) {
    return "the data directory "
        + directory
        + " is written with storage "
        + held
        + ", and this server is to have "
        + wanted
        + ": start it with "
        + option(held, wanted)
        + "; or, to change the storage of one server after the other, move the directory away while"
        + " the others run: it starts empty, as a new incarnation, and fetches all from them";
  }
}
