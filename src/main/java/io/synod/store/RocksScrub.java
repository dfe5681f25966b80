package io.synod.store;

import io.synod.paxos.Bytes;
import java.util.function.LongConsumer;
import org.rocksdb.ReadOptions;

/**
 * Reads all that is kept, with its checksums. By pieces, each with a cursor of its own, so that no
 * file that RocksDB has replaced is held for long.
 */
final class RocksScrub {
  private final RocksDatabase database;
  private final long pieceBytes;
  private final LongConsumer pace;

  private interface Opener {
    RocksCursor open(RocksDatabase database, RocksGeneration generation, ReadOptions options);
  }

  RocksScrub(RocksDatabase database, long pieceBytes, LongConsumer pace) {
    this.database = database;
    this.pieceBytes = pieceBytes;
    this.pace = pace;
  }

  /**
   * Reads what is kept beside all generations, and a generation to its end.
   *
   * @throws EngineFailedException if it cannot be read
   */
  void readAll(RocksGeneration generation) {
    readFamily(generation, (opened, any, options) -> RocksCursor.ofMain(opened, options));
    readFamily(generation, RocksCursor::ofRows);
    readFamily(generation, RocksCursor::ofChanges);
    readFamily(generation, RocksCursor::ofIndex);
  }

  private void readFamily(RocksGeneration generation, Opener opener) {
    Bytes from = Bytes.EMPTY;
    while (true) {
      long sizeBytes = 0;
      try (ReadOptions options = RocksDatabase.scanning();
          RocksCursor at = opener.open(database, generation, options)) {
        at.seek(from.toArray());
        byte[] key = at.key();
        while (key != null && sizeBytes < pieceBytes) {
          sizeBytes += key.length + at.value().length;
          at.next();
          key = at.key();
        }
        if (key == null) {
          pace.accept(sizeBytes);
          return;
        }
        from = Bytes.wrap(key);
      }
      pace.accept(sizeBytes);
    }
  }
}
