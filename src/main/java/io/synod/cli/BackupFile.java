package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.BackupPart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Iterator;

/**
 * The file that a backup is written to. It has its name only when all of it is there, whole and
 * durable. One thread; blocks.
 */
final class BackupFile implements AutoCloseable {
  /** What comes behind the bytes that the SHA-256 at the very end is of; see BackupPart. */
  private static final int BEHIND_HASHED_BYTES = 41;

  private static final int SHA256_BYTES = 32;
  private static final String THERE_ALREADY = "it is there already, and is not overwritten";

  private final Path file;
  private final Path partial;

  /** What was written. */
  record Written(long slot, long sizeBytes) {}

  /** What came is not what was sent; another attempt may do better. */
  static final class NotWholeException extends IOException {
    private static final long serialVersionUID = 1;

    NotWholeException(String why) {
      super(why);
    }
  }

  private BackupFile(Path file, Path partial) {
    this.file = file;
    this.partial = partial;
  }

  /**
   * Begins one, for the eyes of its owner only where the file system knows owners. Its closing
   * throws away what was not written to its end.
   *
   * @throws IOException if the file is there already, or none can be written there
   */
  static BackupFile begin(Path file) throws IOException {
    if (Files.exists(file)) {
      throw new IOException(THERE_ALREADY);
    }
    Path absolute = file.toAbsolutePath();
    return new BackupFile(
        absolute,
        // Such a file is made for its owner alone.
        Files.createTempFile(absolute.getParent(), absolute.getFileName() + ".", ".part"));
  }

  /**
   * Writes it. Once.
   *
   * @throws IOException if it cannot be written, or what came is not whole; there is no file then
   */
  Written write(Iterator<BackupPart> parts) throws IOException {
    Written written = writePartial(parts);
    Files.move(partial, file);
    syncName();
    return written;
  }

  @Override
  public void close() throws IOException {
    boolean unused = Files.deleteIfExists(partial);
  }

  private void syncName() throws IOException {
    Path folder = file.getParent();
    if (folder != null) {
      try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
        names.force(true);
      }
    }
  }

  private Written writePartial(Iterator<BackupPart> parts) throws IOException {
    try (FileChannel out =
        FileChannel.open(partial, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      BackupPart.Head head = new BackupPart.Head(0, 0);
      while (parts.hasNext()) {
        BackupPart part = parts.next();
        head = part.head().orElse(head);
        write(out, part.bytes());
      }
      if (out.size() != head.sizeBytes() || out.size() < BEHIND_HASHED_BYTES || !isWhole(out)) {
        throw new NotWholeException(
            "what came is not whole: "
                + out.size()
                + " of "
                + head.sizeBytes()
                + " bytes, or some of them changed on the way; try again");
      }
      out.force(true);
      return new Written(head.slot(), out.size());
    }
  }

  private static void write(FileChannel out, ByteString bytes) throws IOException {
    for (ByteBuffer each : bytes.asReadOnlyByteBufferList()) {
      while (each.hasRemaining()) {
        int unused = out.write(each);
      }
    }
  }

  /** Reads all of it again: what is in the file counts. */
  private static boolean isWhole(FileChannel in) throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    long end = in.size() - BEHIND_HASHED_BYTES;
    for (long offset = 0; offset < end; offset += buffer.limit()) {
      read(in, offset, buffer.clear().limit((int) Math.min(buffer.capacity(), end - offset)));
      digest.update(buffer.duplicate());
    }
    ByteBuffer expected = ByteBuffer.allocate(SHA256_BYTES);
    read(in, in.size() - SHA256_BYTES, expected);
    return expected.equals(ByteBuffer.wrap(digest.digest()));
  }

  private static void read(FileChannel in, long offset, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (in.read(target, offset + target.position()) < 0) {
        throw new IOException("it became shorter while it was read");
      }
    }
    target.flip();
  }

  /** What was wrong, for a person: the messages of some exceptions are only a file's name. */
  static String why(IOException e) {
    if (e instanceof FileAlreadyExistsException) {
      return THERE_ALREADY;
    } else if (e instanceof NoSuchFileException) {
      return "its folder is not there";
    } else if (e instanceof AccessDeniedException) {
      return "no permission";
    } else if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return String.valueOf(e.getMessage());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
