package io.synod.store;

import io.synod.paxos.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Builds a generation beside the present one. */
final class RocksLoader implements Engine.Loader {
  private static final long BATCH_BYTES = 1 << 20;

  private final RocksDatabase database;
  private final RocksGeneration generation;
  private final RocksBatch batch;
  private final LoadOrder order = new LoadOrder();

  RocksLoader(RocksDatabase database, RocksGeneration generation) {
    this.database = database;
    this.generation = generation;
    this.batch = new RocksBatch(database);
  }

  @Override
  public void add(Bytes key, ByteBuffer row) {
    order.check(key);
    byte[] copy = key.toArray();
    byte[] bytes = new byte[row.remaining()];
    row.duplicate().get(bytes);
    batch.put(generation.rows(), copy, bytes);
    order.onAdded(Bytes.wrap(copy));
    writeSome();
  }

  @Override
  public void add(Engine.Change change) {
    order.add(change);
    RocksChanges.write(batch, generation, change);
    writeSome();
  }

  private void writeSome() {
    if (batch.sizeBytes() >= BATCH_BYTES) {
      batch.load();
    }
  }

  @Override
  public void abandon() throws IOException {
    batch.close();
    try {
      database.abandon(generation);
    } catch (EngineFailedException e) {
      throw new IOException("what was loaded stays: " + e.getMessage(), e);
    }
  }

  /** Writes what is left; nothing is added after that. */
  RocksGeneration finish() {
    batch.write();
    batch.close();
    return generation;
  }
}
