package io.synod.store;

import io.synod.paxos.Bytes;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Builds a generation beside the present one. */
final class RocksLoader implements Engine.Loader {
  private static final long BATCH_BYTES = 1 << 20;

  private final RocksDatabase database;
  private final RocksGeneration generation;
  private final RocksBatch batch = new RocksBatch();
  private @Nullable Bytes lastKey;
  private long lastRevision;
  private int lastPlace;

  RocksLoader(RocksDatabase database, RocksGeneration generation) {
    this.database = database;
    this.generation = generation;
  }

  @Override
  public void add(Bytes key, ByteBuffer row) {
    Bytes before = lastKey;
    if (before != null && key.compareTo(before) <= 0) {
      throw new IllegalArgumentException("key " + key + " after " + before);
    }
    byte[] copy = key.toArray();
    byte[] bytes = new byte[row.remaining()];
    row.duplicate().get(bytes);
    batch.put(generation.rows(), copy, bytes);
    lastKey = Bytes.wrap(copy);
    writeSome();
  }

  @Override
  public void add(Engine.Change change) {
    boolean behind =
        change.revision() > lastRevision
            || (change.revision() == lastRevision && change.place() > lastPlace);
    if (!behind) {
      throw new IllegalArgumentException(
          "a change of revision " + change.revision() + " behind one of " + lastRevision);
    }
    lastRevision = change.revision();
    lastPlace = change.place();
    RocksChanges.write(batch, generation, change);
    writeSome();
  }

  private void writeSome() {
    if (batch.sizeBytes() >= BATCH_BYTES) {
      batch.load(database);
    }
  }

  /** Writes what is left; nothing is added after that. */
  RocksGeneration finish() {
    batch.write(database);
    batch.close();
    return generation;
  }
}
