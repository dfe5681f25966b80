package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.Slot;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rows in memory. Made durable by the journal and by snapshot files, so that a start begins with
 * the newest snapshot, or empty.
 */
final class HeapEngine implements Engine {
  private RowTree tree = new RowTree();
  private Slot applied = Slot.ZERO;
  private final Key key = new Key();

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

    byte[] item(ByteBuffer row) {
      int rowSize = row.remaining();
      byte[] item = RowTree.item(array, size, rowSize);
      row.get(item, item.length - rowSize, rowSize);
      return item;
    }
  }

  @Override
  public Slot applied() {
    return applied;
  }

  @Override
  public long keys() {
    return tree.count();
  }

  @Override
  public Optional<Bytes> get(Bytes sought) {
    key.set(sought);
    byte[] item = tree.get(key.array, key.size);
    return item == null ? Optional.empty() : Optional.of(rowOf(item));
  }

  @Override
  public void put(Bytes changed, ByteBuffer row) {
    key.set(changed);
    tree.put(key.item(row));
  }

  @Override
  public void delete(Bytes removed) {
    key.set(removed);
    Check.that(tree.remove(key.array, key.size), "a row to delete is there");
  }

  @Override
  public void commit(Slot slot) {
    applied = slot;
  }

  @Override
  public Rows rows(Bytes from) {
    return new TreeRows(tree.root(), from);
  }

  @Override
  public View view() {
    return new TreeView(tree.freeze());
  }

  @Override
  public Loader loader() {
    return new TreeLoader();
  }

  @Override
  public void replaceBy(Loader loaded, Slot slot) {
    tree = ((TreeLoader) loaded).tree;
    applied = slot;
  }

  private static Bytes keyOf(byte[] item) {
    return Bytes.wrap(item, RowTree.KEY, RowTree.keySize(item));
  }

  private static Bytes rowOf(byte[] item) {
    int row = RowTree.KEY + RowTree.keySize(item);
    return Bytes.wrap(item, row, item.length - row);
  }

  private static final class TreeRows implements Rows {
    private final RowTree.Cursor cursor;
    private byte @Nullable [] item;

    TreeRows(RowTree.Node root, Bytes from) {
      this.cursor = new RowTree.Cursor(root, from.toArray());
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

    TreeView(RowTree.Node root) {
      this.root = root;
    }

    @Override
    public Rows rows() {
      if (root == null) {
        throw new IllegalStateException("the view is closed");
      }
      return new TreeRows(root, Bytes.EMPTY);
    }

    @Override
    public void close() {
      root = null;
    }
  }

  private static final class TreeLoader implements Loader {
    private final RowTree tree = new RowTree();
    private final Key key = new Key();
    private Bytes last = Bytes.EMPTY;

    @Override
    public void add(Bytes added, ByteBuffer row) {
      if (added.compareTo(last) <= 0) {
        throw new IllegalArgumentException("key " + added + " after " + last);
      }
      key.set(added);
      byte[] item = key.item(row);
      tree.put(item);
      last = keyOf(item);
    }
  }
}
