package io.synod.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A B+ tree whose nodes are shared with the views taken of it. To take one is to remember the root
 * and to begin a new generation: a node of an earlier generation is never changed again, but copied
 * when it would be. So a view costs nothing when it is taken, and afterwards one copy of each node
 * that changes.
 *
 * <p>Items are far apart in memory. So that a search looks at few of them, a node has beside each
 * the eight bytes of its key that follow what all its keys begin with: its head.
 *
 * <p>An item is one array: size of the key (4), key, row. It never changes. The tree is changed by
 * one thread; a root that {@link #freeze} gave may be handed to another.
 */
final class RowTree {
  /** Where the key begins in an item. */
  static final int KEY = 4;

  private static final VarHandle KEY_SIZE =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /** How many items or children a node may have. */
  private static final int PLACES = 64;

  /** A node with fewer is put together with a neighbour if the two then leave some room. */
  private static final int FEW = PLACES / 4;

  private static final Node[] NO_CHILDREN = {};
  private static final byte[] NO_BYTES = {};

  /**
   * A leaf or an inner node. In an inner node, {@code items[i]} is a key (with no row, so that no
   * removed row is kept alive) with all of {@code children[i]} at or above it and all of {@code
   * children[i - 1]} below; {@code items[0]} is not used.
   */
  static final class Node {
    private final long generation;
    private final byte[][] items;
    private final Node[] children;
    private int size;

    /** All keys begin with this; what is in it never changes. */
    private byte[] prefix = NO_BYTES;

    /** Of each key, what follows the prefix: in their order, as unsigned numbers. */
    private final long[] heads;

    private Node(long generation, byte[][] items, long[] heads, Node[] children, int size) {
      this.generation = generation;
      this.items = items;
      this.heads = heads;
      this.children = children;
      this.size = size;
    }

    private boolean isLeaf() {
      return children.length == 0;
    }

    /** The place of the lowest of its keys. */
    private int firstKey() {
      return isLeaf() ? 0 : 1;
    }

    /** How a key stands to all that begin with the prefix; 0 if it does so too. */
    private int compareToPrefix(byte[] key, int offset, int keySize) {
      int end = offset + Math.min(keySize, prefix.length);
      return Arrays.compareUnsigned(key, offset, end, prefix, 0, prefix.length);
    }

    /** The head of a key that begins with the prefix. */
    private long head(byte[] key, int offset, int keySize) {
      int from = offset + prefix.length;
      int left = keySize - prefix.length;
      if (left >= Long.BYTES) {
        return (long) LONG.get(key, from);
      }
      long head = 0;
      for (int i = 0; i < left; i++) {
        head |= (key[from + i] & 0xFFL) << (Long.SIZE - Byte.SIZE * (i + 1));
      }
      return head;
    }

    /** The head of the item at a place is made; the others' are right, if it has their prefix. */
    private void putHead(int place) {
      byte[] item = items[place];
      int keySize = keySize(item);
      if (size - firstKey() == 1 || compareToPrefix(item, KEY, keySize) != 0) {
        putHeads();
      } else {
        heads[place] = head(item, KEY, keySize);
      }
    }

    /** All heads are made, for the longest prefix: what the lowest and the highest key share. */
    private void putHeads() {
      int first = firstKey();
      if (size <= first) {
        return;
      }
      byte[] lowest = items[first];
      byte[] highest = items[size - 1];
      int differ =
          Arrays.mismatch(lowest, KEY, KEY + keySize(lowest), highest, KEY, KEY + keySize(highest));
      int shared = differ < 0 ? keySize(lowest) : differ;
      prefix = Arrays.copyOfRange(lowest, KEY, KEY + shared);
      for (int i = first; i < size; i++) {
        heads[i] = head(items[i], KEY, keySize(items[i]));
      }
    }
  }

  private long generation;
  private Node root = leaf();
  private long count;

  /** The right half of a node that was split on the way up from an insertion. */
  private @Nullable Node split;

  /** The leaf of the item that was last found, and its place there, until the next change. */
  private @Nullable Node found;

  private int foundPlace;

  /** How many items there are. */
  long count() {
    return count;
  }

  /** The root of what is here now, never to change. */
  Node freeze() {
    generation++;
    return root;
  }

  /** The root, until the next change. */
  Node root() {
    return root;
  }

  static int keySize(byte[] item) {
    return (int) KEY_SIZE.get(item, 0);
  }

  /** An item with room for a row of {@code rowSize} bytes behind its key. */
  static byte[] item(byte[] key, int keySize, int rowSize) {
    byte[] item = new byte[KEY + keySize + rowSize];
    KEY_SIZE.set(item, 0, keySize);
    System.arraycopy(key, 0, item, KEY, keySize);
    return item;
  }

  /** The item with the key that the first bytes of {@code key} are. */
  byte @Nullable [] get(byte[] key, int keySize) {
    Node leaf = found;
    if (leaf != null && compare(leaf.items[foundPlace], key, 0, keySize) == 0) {
      return leaf.items[foundPlace];
    }
    Node node = root;
    while (!node.isLeaf()) {
      node = node.children[childFor(node, key, 0, keySize)];
    }
    int place = place(node, key, 0, keySize);
    if (place < 0) {
      return null;
    }
    found = node;
    foundPlace = place;
    return node.items[place];
  }

  /** Adds an item, in the place of one with the same key if there is one. */
  void put(byte[] item) {
    Node leaf = found;
    if (leaf != null
        && leaf.generation == generation
        && compare(leaf.items[foundPlace], item, KEY, keySize(item)) == 0) {
      leaf.items[foundPlace] = item;
      return;
    }
    found = null;
    root = put(root, item);
    Node right = split;
    if (right != null) {
      split = null;
      Node parent = inner();
      parent.children[0] = root;
      parent.size = 1;
      insertChild(parent, 1, right);
      root = parent;
    }
  }

  /** Removes the item with this key; false if there is none. */
  boolean remove(byte[] key, int keySize) {
    long before = count;
    found = null;
    root = remove(root, key, keySize);
    while (!root.isLeaf() && root.size <= 1) {
      root = root.size == 0 ? leaf() : root.children[0];
    }
    return count < before;
  }

  private Node put(Node node, byte[] item) {
    if (node.isLeaf()) {
      return putIntoLeaf(node, item);
    }
    int place = childFor(node, item, KEY, keySize(item));
    Node child = node.children[place];
    Node changed = put(child, item);
    Node right = split;
    if (changed == child && right == null) {
      return node;
    }
    Node own = own(node);
    own.children[place] = changed;
    if (right != null) {
      split = null;
      insertChild(own, place + 1, right);
    }
    return own;
  }

  private Node putIntoLeaf(Node leaf, byte[] item) {
    int place = place(leaf, item, KEY, keySize(item));
    Node own = own(leaf);
    if (place >= 0) {
      own.items[place] = item;
      return own;
    }
    count++;
    int at = -place - 1;
    if (own.size < PLACES) {
      insertItem(own, at, item);
      return own;
    }
    Node right = splitAt(own, at);
    if (at <= own.size && own.size < PLACES) {
      insertItem(own, at, item);
    } else {
      insertItem(right, at - own.size, item);
    }
    split = right;
    return own;
  }

  /** Puts {@code child}, the right half of the child before it, into an inner node. */
  private void insertChild(Node node, int at, Node child) {
    if (node.size < PLACES) {
      insertChildWithRoom(node, at, child);
      return;
    }
    Node right = splitAt(node, at);
    if (at <= node.size && node.size < PLACES) {
      insertChildWithRoom(node, at, child);
    } else {
      insertChildWithRoom(right, at - node.size, child);
    }
    split = right;
  }

  private static void insertItem(Node node, int at, byte[] item) {
    System.arraycopy(node.items, at, node.items, at + 1, node.size - at);
    System.arraycopy(node.heads, at, node.heads, at + 1, node.size - at);
    node.items[at] = item;
    node.size++;
    node.putHead(at);
  }

  private static void insertChildWithRoom(Node node, int at, Node child) {
    System.arraycopy(node.children, at, node.children, at + 1, node.size - at);
    node.children[at] = child;
    insertItem(node, at, lowest(child));
  }

  /** A key not above any in {@code node} and above all before it. */
  private static byte[] lowest(Node node) {
    byte[] first = node.items[0];
    return node.isLeaf() ? Arrays.copyOf(first, KEY + keySize(first)) : first;
  }

  /**
   * Moves the upper half of a full node into a new one; nothing, if what comes goes behind the last
   * item: so nodes stay full where keys come in ascending order.
   */
  private Node splitAt(Node node, int at) {
    int keep = at == node.size ? node.size : node.size / 2;
    int moved = node.size - keep;
    Node right = node.isLeaf() ? leaf() : inner();
    System.arraycopy(node.items, keep, right.items, 0, moved);
    Arrays.fill(node.items, keep, node.size, null);
    if (!node.isLeaf()) {
      System.arraycopy(node.children, keep, right.children, 0, moved);
      Arrays.fill(node.children, keep, node.size, null);
    }
    right.size = moved;
    node.size = keep;
    node.putHeads();
    right.putHeads();
    return right;
  }

  private Node remove(Node node, byte[] key, int keySize) {
    if (node.isLeaf()) {
      int place = place(node, key, 0, keySize);
      if (place < 0) {
        return node;
      }
      Node own = own(node);
      removeItem(own, place);
      count--;
      return own;
    }
    int place = childFor(node, key, 0, keySize);
    Node child = node.children[place];
    long before = count;
    Node changed = remove(child, key, keySize);
    if (count == before) {
      return node;
    }
    Node own = own(node);
    own.children[place] = changed;
    if (changed.size == 0) {
      removeChild(own, place);
    } else if (changed.size < FEW && own.size > 1) {
      joinNeighbours(own, Math.max(0, place - 1));
    }
    return own;
  }

  /** Makes one of the children at {@code left} and behind it, if together they leave some room. */
  private void joinNeighbours(Node parent, int left) {
    Node from = parent.children[left + 1];
    if (parent.children[left].size + from.size > PLACES - FEW) {
      return;
    }
    Node into = own(parent.children[left]);
    parent.children[left] = into;
    System.arraycopy(from.items, 0, into.items, into.size, from.size);
    if (!from.isLeaf()) {
      into.items[into.size] = parent.items[left + 1];
      System.arraycopy(from.children, 0, into.children, into.size, from.size);
    }
    into.size += from.size;
    into.putHeads();
    removeChild(parent, left + 1);
  }

  private static void removeItem(Node node, int at) {
    node.size--;
    System.arraycopy(node.items, at + 1, node.items, at, node.size - at);
    System.arraycopy(node.heads, at + 1, node.heads, at, node.size - at);
    Arrays.fill(node.items, node.size, node.size + 1, null);
  }

  private static void removeChild(Node node, int at) {
    removeItem(node, at);
    System.arraycopy(node.children, at + 1, node.children, at, node.size - at);
    Arrays.fill(node.children, node.size, node.size + 1, null);
  }

  /** The node itself if no view has it, or else a copy. */
  private Node own(Node node) {
    if (node.generation == generation) {
      return node;
    }
    Node[] children = node.isLeaf() ? NO_CHILDREN : node.children.clone();
    Node own = new Node(generation, node.items.clone(), node.heads.clone(), children, node.size);
    own.prefix = node.prefix;
    return own;
  }

  private Node leaf() {
    return new Node(generation, new byte[PLACES][], new long[PLACES], NO_CHILDREN, 0);
  }

  private Node inner() {
    return new Node(generation, new byte[PLACES][], new long[PLACES], new Node[PLACES], 0);
  }

  /** Which child of an inner node a key belongs to. */
  private static int childFor(Node node, byte[] key, int offset, int keySize) {
    int low = 1;
    int high = node.size;
    int side = node.compareToPrefix(key, offset, keySize);
    if (side != 0) {
      return side < 0 ? 0 : high - 1;
    }
    long head = node.head(key, offset, keySize);
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (compare(node, middle, head, key, offset, keySize) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** Where a key is in a leaf; if it is not there, -1 - where it belongs. */
  private static int place(Node leaf, byte[] key, int offset, int keySize) {
    int low = 0;
    int high = leaf.size;
    int side = leaf.compareToPrefix(key, offset, keySize);
    if (side != 0) {
      return -1 - (side < 0 ? 0 : high);
    }
    long head = leaf.head(key, offset, keySize);
    while (low < high) {
      int middle = (low + high) >>> 1;
      int order = compare(leaf, middle, head, key, offset, keySize);
      if (order == 0) {
        return middle;
      } else if (order < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return -1 - low;
  }

  /** How the item at a place stands to a key with this head. */
  private static int compare(Node node, int place, long head, byte[] key, int offset, int keySize) {
    int order = Long.compareUnsigned(node.heads[place], head);
    return order == 0 ? compare(node.items[place], key, offset, keySize) : order;
  }

  static int compareKeys(byte[] one, byte[] other) {
    return compare(one, other, KEY, keySize(other));
  }

  private static int compare(byte[] item, byte[] key, int offset, int keySize) {
    return Arrays.compareUnsigned(item, KEY, KEY + keySize(item), key, offset, offset + keySize);
  }

  /** Goes through the items of a root in order. */
  static final class Cursor {
    /** More levels than any tree of arrays in memory has. */
    private static final int MOST_LEVELS = 16;

    private final Node[] path = new Node[MOST_LEVELS];
    private final int[] places = new int[MOST_LEVELS];
    private int level;

    /** Begins at the first item whose key is not below {@code from}. */
    Cursor(Node root, byte[] from) {
      Node node = root;
      while (!node.isLeaf()) {
        int place = childFor(node, from, 0, from.length);
        path[level] = node;
        places[level] = place + 1;
        level++;
        node = node.children[place];
      }
      int place = place(node, from, 0, from.length);
      path[level] = node;
      places[level] = place < 0 ? -1 - place : place;
    }

    /** The next item; null behind the last. */
    byte @Nullable [] next() {
      while (places[level] == path[level].size) {
        if (level == 0) {
          return null;
        }
        level--;
      }
      while (!path[level].isLeaf()) {
        Node child = path[level].children[places[level]++];
        level++;
        path[level] = child;
        places[level] = 0;
      }
      return path[level].items[places[level]++];
    }
  }
}
