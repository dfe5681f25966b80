package io.synod.cluster;

import io.synod.journal.NewerJournal;
import io.synod.store.NewerFormats;
import io.synod.store.RocksFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What may happen to the files of a data directory while its server is down. */
final class DirectoryDamage {
  private static final int NEWER_VERSION = 99;

  /** Which files; all of a kind, so that no second copy helps. */
  enum Target {
    JOURNAL,
    PROMISE,
    SNAPSHOT,
    IDENTITY,
    LOCK,
    ENGINE,
    ENGINE_ROWS,
    ENGINE_MANIFEST,
    ENGINE_CURRENT,
    ENGINE_OPTIONS;

    /** Those of a server that keeps its state in RocksDB. */
    static final Set<Target> OF_ENGINE =
        EnumSet.of(ENGINE, ENGINE_ROWS, ENGINE_MANIFEST, ENGINE_CURRENT, ENGINE_OPTIONS);

    List<Path> in(Path directory) throws IOException {
      try (Stream<Path> files = Files.walk(directory)) {
        return files.filter(file -> is(directory.relativize(file).toString())).sorted().toList();
      }
    }

    private boolean is(String name) {
      return switch (this) {
        case JOURNAL -> name.startsWith("journal/segment-");
        case PROMISE -> name.startsWith("promise.");
        case SNAPSHOT -> name.startsWith("snapshot/") && name.endsWith(".snapshot");
        case IDENTITY -> name.startsWith("identity");
        case LOCK -> name.equals("lock");
        case ENGINE -> name.startsWith("rocksdb/");
        case ENGINE_ROWS -> name.startsWith("rocksdb/") && name.endsWith(".sst");
        case ENGINE_MANIFEST -> name.startsWith("rocksdb/MANIFEST-");
        case ENGINE_CURRENT -> name.equals("rocksdb/CURRENT");
        case ENGINE_OPTIONS -> name.startsWith("rocksdb/OPTIONS-");
      };
    }
  }

  /** What happens to them. */
  enum Kind {
    BIT_FLIP,
    TRUNCATE,
    DELETE,
    SWAP,
    WRONG_VERSION
  }

  private DirectoryDamage() {}

  /**
   * Damages a directory.
   *
   * @param other a directory of another server, for {@link Kind#SWAP}
   * @return whether there was anything that can be damaged so
   */
  static boolean apply(Target target, Kind kind, Path directory, Path other) throws IOException {
    List<Path> files = target.in(directory);
    if (target == Target.ENGINE && kind == Kind.SWAP) {
      return swapDatabases(directory, other);
    }
    if (target == Target.ENGINE && kind == Kind.WRONG_VERSION) {
      RocksFiles.bearVersion(directory, NEWER_VERSION);
      return true;
    }
    if (kind == Kind.SWAP) {
      return swap(files, target.in(other));
    }
    boolean any = false;
    for (Path file : files) {
      any |= damage(target, kind, directory, file);
    }
    return any;
  }

  private static boolean damage(Target target, Kind kind, Path directory, Path file)
      throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int used = used(bytes);
    if (used == 0) {
      return false;
    }
    switch (kind) {
      case BIT_FLIP -> {
        // Of a server that runs, nothing else may be lost.
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          ByteBuffer flipped = ByteBuffer.wrap(new byte[] {(byte) (bytes[used / 2] ^ 8)});
          int unused = channel.write(flipped, used / 2);
        }
      }
      case TRUNCATE -> Files.write(file, java.util.Arrays.copyOf(bytes, used / 2));
      case DELETE -> Files.delete(file);
      case WRONG_VERSION -> {
        return bearNewerVersion(target, directory, file, bytes);
      }
      case SWAP -> throw new IllegalArgumentException("needs another server's");
    }
    return true;
  }

  /** Where the zeros begin with which files are filled ahead of their use. */
  private static int used(byte[] bytes) {
    int used = bytes.length;
    while (used > 0 && bytes[used - 1] == 0) {
      used--;
    }
    return used;
  }

  /** As wholes: each is a state of the cluster. */
  private static boolean swapDatabases(Path directory, Path other) throws IOException {
    Path mine = directory.resolve("rocksdb");
    Path theirs = other.resolve("rocksdb");
    Path aside = other.resolve("aside");
    Files.move(mine, aside);
    Files.move(theirs, mine);
    Files.move(aside, theirs);
    return true;
  }

  /** Each file for one of the same kind, as far as there are. */
  private static boolean swap(List<Path> own, List<Path> others) throws IOException {
    int count = Math.min(own.size(), others.size());
    for (int i = 0; i < count; i++) {
      Path mine = own.get(i);
      Path theirs = others.get(i);
      Path aside = mine.resolveSibling("aside");
      Files.move(mine, aside);
      Files.copy(theirs, mine);
      Files.move(aside, theirs, StandardCopyOption.REPLACE_EXISTING);
    }
    return count > 0;
  }

  /** Says that a newer program wrote it, with checksums that are right. */
  private static boolean bearNewerVersion(Target target, Path directory, Path file, byte[] bytes)
      throws IOException {
    switch (target) {
      case JOURNAL, PROMISE, IDENTITY ->
          Files.write(
              file, NewerJournal.of(directory.relativize(file).toString(), bytes, NEWER_VERSION));
      case SNAPSHOT -> Files.write(file, NewerFormats.snapshotOfVersion(NEWER_VERSION, bytes));
      case LOCK, ENGINE, ENGINE_ROWS, ENGINE_MANIFEST, ENGINE_CURRENT, ENGINE_OPTIONS -> {
        return false;
      }
    }
    return true;
  }
}
