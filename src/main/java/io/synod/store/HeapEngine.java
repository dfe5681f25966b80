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
  private RowTree[] trees = newTrees();
  private Slot applied = Slot.ZERO;
  private final Key key = new Key();

  private static RowTree[] newTrees() {
    RowTree[] trees = new RowTree[Space.values().length];
    for (int i = 0; i < trees.length; i++) {
      trees[i] = new RowTree();
    }
    return trees;
  }

  private RowTree tree(Space space) {
    return trees[space.place()];
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
  public Optional<Bytes> get(Space space, Bytes sought) {
    key.set(sought);
    byte[] item = tree(space).get(key.array, key.size);
    return item == null ? Optional.empty() : Optional.of(rowOf(item));
  }

  @Override
  public void put(Space space, Bytes changed, ByteBuffer row) {
    key.set(changed);
    tree(space).put(key.item(row));
  }

  @Override
  public void delete(Space space, Bytes removed) {
    key.set(removed);
    Check.that(tree(space).remove(key.array, key.size), "a row to delete is there");
  }

  @Override
  public void commit(Slot slot) {
    applied = slot;
  }

  @Override
  public Rows rows(Space space, Bytes from) {
    return new TreeRows(tree(space).root(), from);
  }

  @Override
  public View view() {
    RowTree.Node[] roots = new RowTree.Node[trees.length];
    for (int i = 0; i < roots.length; i++) {
      roots[i] = trees[i].freeze();
    }
    return new TreeView(roots);
  }

  @Override
  public Loader loader() {
    return new TreeLoader();
  }

  @Override
  public void replaceBy(Loader loaded, Slot slot) {
    trees = ((TreeLoader) loaded).trees;
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
    private final RowTree.Node root;
    private RowTree.Cursor cursor;
    private byte @Nullable [] item;

    TreeRows(RowTree.Node root, Bytes from) {
      this.root = root;
      this.cursor = new RowTree.Cursor(root, from.toArray());
    }

    @Override
    public boolean seek(Bytes from) {
      cursor = new RowTree.Cursor(root, from.toArray());
      return next();
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
    private RowTree.Node @Nullable [] roots;

    TreeView(RowTree.Node[] roots) {
      this.roots = roots;
    }

    @Override
    public Rows rows(Space space, Bytes from) {
      RowTree.Node[] all = roots;
      if (all == null) {
        throw new IllegalStateException("the view is closed");
      }
      return new TreeRows(all[space.place()], from);
    }

    @Override
    public void close() {
      roots = null;
    }
  }

  private static final class TreeLoader implements Loader {
    private final RowTree[] trees = newTrees();
    private final Bytes[] last = new Bytes[trees.length];
    private final Key key = new Key();

    @Override
    public void add(Space space, Bytes added, ByteBuffer row) {
      Bytes before = last[space.place()];
      if (before != null && added.compareTo(before) <= 0) {
        throw new IllegalArgumentException("key " + added + " after " + before);
      }
      key.set(added);
      byte[] item = key.item(row);
      trees[space.place()].put(item);
      last[space.place()] = keyOf(item);
    }
  }
}
