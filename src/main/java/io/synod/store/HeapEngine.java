package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.Slot;
import io.synod.store.ChangeLog.Chain;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Rows in memory. Made durable by the journal and by snapshot files, so that a start begins with
 * the newest snapshot, or empty.
 *
 * <p>What is kept of changes is in a log. An item of the trees has, behind key and row, where the
 * key's chain begins in it.
 */
final class HeapEngine implements Engine {
  private State state = new State();
  private Slot applied = Slot.ZERO;

  /** All that a loader builds anew. */
  private static final class State {
    private final RowTree rows = new RowTree();

    /** The keys that have no row, but changes that are kept; their rows are empty. */
    private final RowTree deleted = new RowTree();

    private final ChangeLog log = new ChangeLog();
    private final Key key = new Key();

    Optional<Bytes> get(Bytes sought) {
      key.set(sought);
      byte[] item = rows.get(key.array, key.size);
      return item == null ? Optional.empty() : Optional.of(rowOf(item));
    }

    void put(Change change, ByteBuffer row) {
      key.set(change.key());
      byte[] before = (change.before().isPresent() ? rows : deleted).get(key.array, key.size);
      Chain chain = log.append(change, chainOf(before));
      if (before != null && change.before().isEmpty()) {
        deleted.remove(key.array, key.size);
      }
      rows.put(key.item(row, chain));
    }

    void delete(Change change) {
      key.set(change.key());
      byte[] before = rows.get(key.array, key.size);
      Chain chain = log.append(change, chainOf(before));
      Check.that(rows.remove(key.array, key.size), "a row to delete is there");
      deleted.put(key.item(ByteBuffer.allocate(0), chain));
    }

    Optional<Change> removeOldest(long last) {
      if (log.isEmpty()) {
        return Optional.empty();
      }
      Change oldest = log.oldest();
      if (oldest.revision() > last) {
        return Optional.empty();
      }
      key.set(oldest.key());
      byte[] item = deleted.get(key.array, key.size);
      if (item != null && chainOf(item).newest() == log.first()) {
        deleted.remove(key.array, key.size);
      }
      log.removeOldest();
      return Optional.of(oldest);
    }

    /** Adds a change to the log, and to the chain of a key whose row now is there already. */
    void load(Change change) {
      key.set(change.key());
      byte[] item = rows.get(key.array, key.size);
      if (item != null) {
        setChain(item, log.append(change, chainOf(item)));
      } else {
        Chain chain = chainOf(deleted.get(key.array, key.size));
        deleted.put(key.item(ByteBuffer.allocate(0), log.append(change, chain)));
      }
    }
  }

  /** A key in an array that is used for one after the other. */
  private static final class Key {
    private byte[] array = new byte[256];
    private int size;

    void set(Bytes bytes) {
      size = bytes.size();
      if (size > array.length) {
        array = new byte[Math.max(size, 2 * array.length)];
      }
      bytes.copyTo(array, 0);
    }

    byte[] item(ByteBuffer row, Chain chain) {
      int rowSize = row.remaining();
      byte[] item = RowTree.item(array, size, rowSize + CHAIN_BYTES);
      row.get(item, RowTree.KEY + size, rowSize);
      setChain(item, chain);
      return item;
    }
  }

  private static final int CHAIN_BYTES = 8 + 4;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private static Bytes keyOf(byte[] item) {
    return Bytes.wrap(item, RowTree.KEY, RowTree.keySize(item));
  }

  private static Bytes rowOf(byte[] item) {
    int row = RowTree.KEY + RowTree.keySize(item);
    return Bytes.wrap(item, row, item.length - CHAIN_BYTES - row);
  }

  private static Chain chainOf(byte @Nullable [] item) {
    if (item == null) {
      return Chain.EMPTY;
    }
    int at = item.length - CHAIN_BYTES;
    return new Chain((long) LONG.get(item, at), (int) INT.get(item, at + 8));
  }

  private static void setChain(byte[] item, Chain chain) {
    int at = item.length - CHAIN_BYTES;
    LONG.set(item, at, chain.newest());
    INT.set(item, at + 8, chain.count());
  }

  @Override
  public Slot applied() {
    return applied;
  }

  @Override
  public Optional<Bytes> get(Bytes key) {
    return state.get(key);
  }

  @Override
  public void put(Change change, ByteBuffer row) {
    state.put(change, row);
  }

  @Override
  public void delete(Change change) {
    state.delete(change);
  }

  @Override
  public Optional<Change> removeOldest(long last) {
    return state.removeOldest(last);
  }

  @Override
  public void commit(Slot slot, Beside beside) {
    applied = slot;
  }

  @Override
  public Optional<Change> firstChangeAfter(long revision) {
    Iterator<Change> after = state.log.after(revision);
    return after.hasNext() ? Optional.of(after.next()) : Optional.empty();
  }

  @Override
  public RowsAt rowsAt(long revision, Bytes from) {
    return new TreeRowsAt(state, revision, from);
  }

  @Override
  public View view() {
    return new TreeView(state.rows.freeze(), state.log.frozen());
  }

  @Override
  public long loadBytes(long snapshotBytes) {
    return 0;
  }

  @Override
  public Loader loader() {
    return new TreeLoader();
  }

  @Override
  public void replaceBy(Loader loaded) {
    state = ((TreeLoader) loaded).state;
  }

  @Override
  public boolean keeps() {
    return false;
  }

  @Override
  public Optional<Kept> kept() {
    return Optional.empty();
  }

  @Override
  public Slot flush() {
    throw new UnsupportedOperationException("rows in memory are made durable by snapshots");
  }

  @Override
  public Optional<String> scrub(LongConsumer pace) {
    return Optional.empty();
  }

  @Override
  public SetAside setAside() {
    return SetAside.NOTHING;
  }

  @Override
  public void distrust(String why) {
    // Nothing of it outlives the process.
  }

  @Override
  public void close() {
    // There are no files.
  }

  /** Of the trees, which have no key in common, the one and the other. */
  private static final class TreeRowsAt implements RowsAt {
    private final ChangeLog log;
    private final long revision;
    private final RowTree.Cursor rows;
    private final RowTree.Cursor deleted;
    private final boolean isNewest;
    private byte @Nullable [] nextRow;
    private byte @Nullable [] nextDeleted;
    private @Nullable Bytes key;
    private @Nullable Bytes row;

    TreeRowsAt(State state, long revision, Bytes from) {
      this.log = state.log;
      this.revision = revision;
      byte[] first = from.toArray();
      rows = new RowTree.Cursor(state.rows.root(), first);
      nextRow = rows.next();
      deleted = new RowTree.Cursor(state.deleted.root(), first);
      isNewest = revision >= log.newestRevision();
      nextDeleted = isNewest ? null : deleted.next();
    }

    @Override
    public @Nullable Bytes nextKey() {
      byte[] item = nextItem();
      return item == null ? null : keyOf(item);
    }

    private byte @Nullable [] nextItem() {
      byte[] one = nextRow;
      byte[] other = nextDeleted;
      if (one == null || other == null) {
        return one == null ? other : one;
      }
      return RowTree.compareKeys(one, other) < 0 ? one : other;
    }

    @Override
    public boolean step() {
      byte[] item = nextItem();
      if (item == null) {
        throw new IllegalStateException("behind the last key");
      }
      Optional<Change> next =
          isNewest ? Optional.empty() : log.firstAfter(revision, chainOf(item).newest());
      key = keyOf(item);
      if (next.isPresent()) {
        row = next.get().before().orElse(null);
      } else {
        row = item == nextRow ? rowOf(item) : null;
      }
      if (item == nextRow) {
        nextRow = rows.next();
      } else {
        nextDeleted = deleted.next();
      }
      return row != null;
    }

    @Override
    public void close() {
      // The garbage collector's.
    }

    @Override
    public Bytes key() {
      return Rows.present(key);
    }

    @Override
    public Bytes row() {
      return Rows.present(row);
    }
  }

  private static final class TreeRows implements Rows {
    private final RowTree.Cursor cursor;
    private byte @Nullable [] item;

    TreeRows(RowTree.Node root) {
      cursor = new RowTree.Cursor(root, new byte[0]);
    }

    @Override
    public boolean next() {
      item = cursor.next();
      return item != null;
    }

    @Override
    public Bytes key() {
      return keyOf(current());
    }

    @Override
    public Bytes row() {
      return rowOf(current());
    }

    private byte[] current() {
      if (item == null) {
        throw new IllegalStateException("not at a row");
      }
      return item;
    }
  }

  private static final class TreeView implements View {
    private RowTree.@Nullable Node root;
    private @Nullable ChangeLog log;

    TreeView(RowTree.Node root, ChangeLog log) {
      this.root = root;
      this.log = log;
    }

    @Override
    public Rows rows() {
      return new TreeRows(open(root));
    }

    @Override
    public Iterator<Change> changesAfter(long revision) {
      return open(log).after(revision);
    }

    private static <T> T open(@Nullable T part) {
      if (part == null) {
        throw new IllegalStateException("the view is closed");
      }
      return part;
    }

    @Override
    public void close() {
      root = null;
      log = null;
    }
  }

  private static final class TreeLoader implements Loader {
    private final State state = new State();
    private final LoadOrder order = new LoadOrder();

    @Override
    public void add(Bytes key, ByteBuffer row) {
      order.check(key);
      state.key.set(key);
      byte[] item = state.key.item(row, Chain.EMPTY);
      state.rows.put(item);
      order.onAdded(keyOf(item));
    }

    @Override
    public void add(Change change) {
      order.add(change);
      state.load(change);
    }

    @Override
    public void abandon() {}
  }
}
