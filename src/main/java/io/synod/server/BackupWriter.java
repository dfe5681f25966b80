package io.synod.server;

import io.synod.journal.FileDisk;
import io.synod.paxos.Slot;
import io.synod.store.EngineFailedException;
import io.synod.store.Folders;
import io.synod.store.KeyValueStore;
import io.synod.store.SnapshotFile;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes a backup of what a server left: for a cluster whose quorum is lost for good. Blocks. */
final class BackupWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private BackupWriter() {}

  /**
   * What was written.
   *
   * @param text for a person
   * @param complete whether the directory has lost nothing that it should have held
   */
  record Written(String text, boolean complete) {}

  /**
   * Writes one of a data directory, as {@link BackupReader#directory} reads it, for the eyes of its
   * owner only.
   *
   * @throws IOException if the file is there already, or cannot be written, or the directory cannot
   *     be read; nothing is left then
   */
  static Written ofDirectory(Path directory, Path file) throws IOException {
    Path target = file.toAbsolutePath().normalize();
    if (Files.exists(target)) {
      throw new IOException(file + " is there already, and is not overwritten");
    }
    Path writing = target.resolveSibling(target.getFileName() + ".part");
    try {
      // What is written there meanwhile is no more for everybody than what comes of it.
      FileDisk.makePrivate(writing);
    } catch (FileAlreadyExistsException e) {
      throw new IOException(
          writing + " is there, of a backup that is written now or did not end: move it away", e);
    } catch (NoSuchFileException e) {
      throw new IOException("the folder of " + file + " is not there", e);
    }
    Path scratch = writing.resolve("database");
    try {
      BackupReader.Stored stored = BackupReader.directory(directory, scratch);
      try {
        write(stored, writing, target);
      } finally {
        letGo(stored.store());
      }
      return new Written(words(directory, stored, file), stored.lost().isEmpty());
    } catch (EngineFailedException e) {
      throw new IOException(BackupReader.unusable(directory, scratch, e), e);
    } finally {
      Folders.delete(writing);
    }
  }

  /** It is deleted in a moment: what fails in closing it is of no matter. */
  private static void letGo(KeyValueStore copy) {
    try {
      copy.close();
    } catch (EngineFailedException e) {
      // The backup is whole, or what ended it is on its way.
    }
  }

  private static void write(BackupReader.Stored stored, Path writing, Path target)
      throws IOException {
    // Such a file is its owner's alone, where the file system knows that.
    Path partial = Files.createTempFile(writing, "backup", "");
    try (FileDisk disk = FileDisk.open(writing.resolve("snapshots"))) {
      Snapshots snapshots = Snapshots.open(disk);
      snapshots.write(stored.store().view(), stored.founding().cluster(), stored.inForce());
      copy(snapshots, partial);
    }
    Files.move(partial, target);
    FileDisk.sync(target.resolveSibling(".").normalize());
  }

  private static String words(Path directory, BackupReader.Stored stored, Path file) {
    Slot last = stored.store().applied();
    String uncertain =
        last.isAfter(stored.certain())
            ? ": up to slot "
                + stored.certain().number()
                + " it is known to be chosen, behind that it may have been acknowledged"
            : "";
    String lost =
        stored
            .lost()
            .map(slots -> "%nINCOMPLETE: %s has lost %s".formatted(directory, slots))
            .orElse("");
    return "%s: all up to slot %d%s%s%n".formatted(file, last.number(), uncertain, lost);
  }

  private static void copy(Snapshots snapshots, Path to) throws IOException {
    try (SnapshotFile from =
            snapshots
                .open(Slot.ZERO)
                .orElseThrow(() -> new IOException("what was written is gone"));
        FileChannel out = FileChannel.open(to, StandardOpenOption.WRITE)) {
      for (long offset = 0; offset < from.offer().sizeBytes(); offset += CHUNK_BYTES) {
        ByteBuffer bytes = from.read(offset, CHUNK_BYTES).asByteBuffer();
        while (bytes.hasRemaining()) {
          int unused = out.write(bytes);
        }
      }
      out.force(true);
    }
  }
}
