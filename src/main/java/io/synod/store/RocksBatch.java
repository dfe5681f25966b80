package io.synod.store;

import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** What is to be written as one. One thread at a time, but for {@link #close}: any, at any time. */
final class RocksBatch implements AutoCloseable {
  /** One that has grown further is not used again: it does not give memory back. */
  private static final long USUAL_BYTES = 4 << 20;

  private final RocksDatabase database;

  /** None when it is closed: what is native is gone then. */
  private @Nullable WriteBatch batch = new WriteBatch();

  private interface Change {
    void on(WriteBatch batch) throws RocksDBException;
  }

  RocksBatch(RocksDatabase database) {
    this.database = database;
  }

  void put(ColumnFamilyHandle family, byte[] key, byte[] value) {
    add(to -> to.put(family, key, value));
  }

  void delete(ColumnFamilyHandle family, byte[] key) {
    add(to -> to.delete(family, key));
  }

  /** Deletes all keys from one on and below another. */
  void deleteRange(ColumnFamilyHandle family, byte[] from, byte[] until) {
    add(to -> to.deleteRange(family, from, until));
  }

  private synchronized void add(Change change) {
    // Only while the database is open: it lets go of the column family too.
    database.call(
        "note a change",
        db -> {
          change.on(open());
          return true;
        });
  }

  private WriteBatch open() {
    if (batch == null) {
      throw new EngineFailedException("what is to be written is closed");
    }
    return batch;
  }

  synchronized long sizeBytes() {
    return open().getDataSize();
  }

  /** Writes it, and is empty then. */
  synchronized void write() {
    database.write(open());
    clear(open());
  }

  /** The same, of what nobody waits for. */
  synchronized void load() {
    database.load(open());
    clear(open());
  }

  private void clear(WriteBatch written) {
    if (written.getDataSize() > USUAL_BYTES) {
      written.close();
      batch = new WriteBatch();
    } else {
      written.clear();
    }
  }

  @Override
  public synchronized void close() {
    if (batch != null) {
      batch.close();
      batch = null;
    }
  }
}
