package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Change;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.rocksdb.ReadOptions;
import org.rocksdb.Snapshot;

/** A generation as it was at one moment. */
final class RocksView implements Engine.View {
  private final RocksDatabase database;
  private final RocksGeneration generation;
  private final AutoCloseable snapshot;
  private final ReadOptions options;
  private final List<RocksCursor> cursors = new ArrayList<>();
  private boolean closed;

  RocksView(RocksDatabase database, RocksGeneration generation) {
    this.database = database;
    this.generation = generation;
    this.options = RocksDatabase.scanning();
    this.snapshot =
        database.call(
            "take a snapshot",
            db -> {
              Snapshot taken = db.getSnapshot();
              database.hand(options.setSnapshot(taken));
              return database.hand(() -> db.releaseSnapshot(taken));
            });
  }

  @Override
  public Engine.Rows rows() {
    checkOpen();
    RocksCursor cursor = RocksCursor.ofRows(database, generation, options);
    cursors.add(cursor);
    return new Rows(cursor);
  }

  @Override
  public Iterator<Change> changesAfter(long revision) {
    checkOpen();
    RocksCursor cursor = RocksCursor.ofChanges(database, generation, options);
    cursors.add(cursor);
    cursor.seek(RocksFormat.changeKey(revision + 1, 0));
    return new Changes(cursor);
  }

  private void checkOpen() {
    if (closed) {
      throw new EngineFailedException("this view is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    cursors.forEach(RocksCursor::close);
    cursors.clear();
    database.release(options);
    database.release(snapshot);
  }

  private static final class Rows implements Engine.Rows {
    private final RocksCursor cursor;
    private boolean begun;

    Rows(RocksCursor cursor) {
      this.cursor = cursor;
    }

    @Override
    public boolean next() {
      if (begun) {
        cursor.next();
      } else {
        begun = true;
        cursor.seek(new byte[0]);
      }
      return cursor.key() != null;
    }

    @Override
    public Bytes key() {
      byte[] key = cursor.key();
      if (key == null) {
        throw new IllegalStateException("not at a row");
      }
      return Bytes.wrap(key);
    }

    @Override
    public Bytes row() {
      return RocksFormat.row(cursor.value());
    }
  }

  private static final class Changes implements Iterator<Change> {
    private final RocksCursor cursor;

    Changes(RocksCursor cursor) {
      this.cursor = cursor;
    }

    @Override
    public boolean hasNext() {
      return cursor.key() != null;
    }

    @Override
    public Change next() {
      byte[] key = cursor.key();
      if (key == null) {
        throw new NoSuchElementException("behind the newest change");
      }
      Change change = RocksFormat.change(key, cursor.value());
      cursor.next();
      return change;
    }
  }
}
