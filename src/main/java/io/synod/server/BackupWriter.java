package io.synod.server;

import io.synod.journal.FileDisk;
import io.synod.paxos.Slot;
import io.synod.store.SnapshotFile;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes a backup of what a server left: for a cluster whose quorum is lost for good. Blocks. */
final class BackupWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private BackupWriter() {}

  /**
   * Writes one of a data directory, as {@link BackupReader#directory} reads it, and says for a
   * person what is in it.
   *
   * @throws IOException if the file is there already, or cannot be written
   */
  static String ofDirectory(Path directory, Path file) throws IOException {
    Path target = file.toAbsolutePath().normalize();
    if (Files.exists(target)) {
      throw new IOException(file + " is there already, and is not overwritten");
    }
    Path writing = target.resolveSibling(target.getFileName() + ".part");
    if (Files.exists(writing)) {
      throw new IOException(
          writing + " is there, of a backup that is written now or did not end: move it away");
    }
    Path scratch = target.resolveSibling(target.getFileName() + ".database");
    if (Files.exists(scratch)) {
      throw new IOException(scratch + " is there, of a backup that did not end: move it away");
    }
    try {
      BackupReader.Stored stored = BackupReader.directory(directory, scratch);
      try {
        return write(stored, file, writing);
      } finally {
        stored.store().close();
      }
    } finally {
      if (Files.exists(scratch)) {
        Restore.deleteTree(scratch);
      }
    }
  }

  private static String write(BackupReader.Stored stored, Path file, Path writing)
      throws IOException {
    Path target = file.toAbsolutePath().normalize();
    Path partial = writing.resolve("file");
    try {
      try (FileDisk disk = FileDisk.open(writing)) {
        Snapshots snapshots = Snapshots.open(disk);
        snapshots.write(stored.store().view(), stored.founding().cluster(), stored.inForce());
        copy(snapshots, partial);
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      FileDisk.sync(target.resolveSibling(".").normalize());
    } finally {
      Restore.deleteTree(writing);
    }
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
            .map(slots -> System.lineSeparator() + "LOST to damage in this directory: " + slots)
            .orElse("");
    return file + ": all up to slot " + last.number() + uncertain + lost + System.lineSeparator();
  }

  private static void copy(Snapshots snapshots, Path to) throws IOException {
    try (SnapshotFile from =
            snapshots
                .open(Slot.ZERO)
                .orElseThrow(() -> new IOException("what was written is gone"));
        FileChannel out =
            FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
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
