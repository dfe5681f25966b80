package io.synod.store;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** What is to be written as one. One thread at a time. */
final class RocksBatch implements AutoCloseable {
  /** One that has grown further is not used again: it does not give memory back. */
  private static final long USUAL_BYTES = 4 << 20;

  private WriteBatch batch = new WriteBatch();

  private interface Change {
    void run() throws RocksDBException;
  }

  void put(ColumnFamilyHandle family, byte[] key, byte[] value) {
    add(() -> batch.put(family, key, value));
  }

  void delete(ColumnFamilyHandle family, byte[] key) {
    add(() -> batch.delete(family, key));
  }

  /** Deletes all keys from one on and below another. */
  void deleteRange(ColumnFamilyHandle family, byte[] from, byte[] until) {
    add(() -> batch.deleteRange(family, from, until));
  }

  private static void add(Change change) {
    try {
      change.run();
    } catch (RocksDBException e) {
      throw RocksDatabase.failed("note a change", e);
    }
  }

  long sizeBytes() {
    return batch.getDataSize();
  }

  /** Writes it, and is empty then. */
  void write(RocksDatabase database) {
    database.write(batch);
    clear();
  }

  /** The same, of what nobody waits for. */
  void load(RocksDatabase database) {
    database.load(batch);
    clear();
  }

  private void clear() {
    if (batch.getDataSize() > USUAL_BYTES) {
      batch.close();
      batch = new WriteBatch();
    } else {
      batch.clear();
    }
  }

  @Override
  public void close() {
    batch.close();
  }
}
