package io.synod.store;

import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** Goes through a column family of a generation. One thread at a time; it is to be closed. */
final class RocksCursor implements AutoCloseable {
  private final RocksDatabase database;
  private final RocksIterator iterator;
  private byte @Nullable [] key;
  private boolean closed;

  private interface Move {
    void run(RocksIterator iterator) throws RocksDBException;
  }

  private RocksCursor(RocksDatabase database, RocksIterator iterator) {
    this.database = database;
    this.iterator = iterator;
  }

  static RocksCursor ofRows(RocksDatabase database, RocksGeneration of, ReadOptions options) {
    return new RocksCursor(
        database, database.call("read", db -> database.hand(of.iterator(db, of.rows(), options))));
  }

  static RocksCursor ofChanges(RocksDatabase database, RocksGeneration of, ReadOptions options) {
    return new RocksCursor(
        database,
        database.call("read", db -> database.hand(of.iterator(db, of.changes(), options))));
  }

  static RocksCursor ofIndex(RocksDatabase database, RocksGeneration of, ReadOptions options) {
    return new RocksCursor(
        database, database.call("read", db -> database.hand(of.iterator(db, of.index(), options))));
  }

  /** Of what is kept beside all generations. */
  static RocksCursor ofMain(RocksDatabase database, ReadOptions options) {
    return new RocksCursor(
        database,
        database.call("read", db -> database.hand(db.newIterator(database.main(), options))));
  }

  /** Goes to the first key not below this one. */
  void seek(byte[] from) {
    move(it -> it.seek(from));
  }

  void seekToLast() {
    move(RocksIterator::seekToLast);
  }

  void next() {
    move(RocksIterator::next);
  }

  private void move(Move move) {
    database.call(
        "read",
        db -> {
          checkOpen();
          move.run(iterator);
          if (iterator.isValid()) {
            key = iterator.key();
          } else {
            key = null;
            iterator.status();
          }
          return true;
        });
  }

  /** Where it is; null behind the last. */
  byte @Nullable [] key() {
    return key;
  }

  /** What is there. */
  byte[] value() {
    return database.call(
        "read",
        db -> {
          checkOpen();
          if (!iterator.isValid()) {
            throw new EngineFailedException("not at a key");
          }
          return iterator.value();
        });
  }

  /** What is native is gone then: touching it would end the process. */
  private void checkOpen() {
    if (closed) {
      throw new EngineFailedException("this cursor is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    database.release(iterator);
  }
}
