package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.store.Engine.Change;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * Changes in the order in which they were made, in a few large arrays: to keep one is to append its
 * bytes, and a garbage collector finds nothing to walk. Each is known by a number that grows from
 * one to the next, its offset; one below {@link #first} is not kept any more, and 0 never was.
 *
 * <p>The changes of a key are chained from the newest to the oldest. Beside the change before, each
 * names an earlier one: the n-th of a key that which is n without its lowest bit. So what a key was
 * at a revision takes some steps to find for each doubling of its changes.
 *
 * <pre>
 * change   size of all of it (4), revision (8), place (4), hash before (8), offset of the key's
 *          change before (8) and of an earlier one (8), size of the key (4), key, row before it
 * </pre>
 *
 * A row is never empty: no bytes behind the key mean that there was none. Bytes that were written
 * never change. Used by one thread, but {@link #frozen} may be handed to another.
 */
final class ChangeLog {
  private static final int CHUNK_BITS = 17;
  private static final int CHUNK_BYTES = 1 << CHUNK_BITS;

  private static final int REVISION = 4;
  private static final int PLACE = 12;
  private static final int HASH_BEFORE = 16;
  private static final int BEFORE = 24;
  private static final int EARLIER = 32;
  private static final int KEY_SIZE = 40;
  private static final int KEY = 44;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  /** A larger change has an array of its own. */
  private final List<byte[]> chunks;

  /** The number of the first of {@link #chunks}: the high bits of the offsets in it. */
  private long firstChunk;

  /** The offset of the oldest change that is kept; above {@link #last} if there is none. */
  private long first;

  private long last;

  /** How many bytes of the last chunk are in use. */
  private int used = CHUNK_BYTES;

  /**
   * Where the chain of a key begins.
   *
   * @param newest the offset of its newest change; 0 if there was none
   * @param count how many there were so far; may overflow
   */
  record Chain(long newest, int count) {
    static final Chain EMPTY = new Chain(0, 0);
  }

  ChangeLog() {
    this(new ArrayList<>(), 1, 1, 0);
  }

  private ChangeLog(List<byte[]> chunks, long firstChunk, long first, long last) {
    this.chunks = chunks;
    this.firstChunk = firstChunk;
    this.first = first;
    this.last = last;
  }

  /** About how many bytes a change takes. */
  static long sizeBytes(Change change) {
    return (long) KEY + change.key().size() + change.before().map(Bytes::size).orElse(0);
  }

  /** What is here now, unaffected by what comes: to be read only. */
  ChangeLog frozen() {
    return new ChangeLog(new ArrayList<>(chunks), firstChunk, first, last);
  }

  boolean isEmpty() {
    return first > last;
  }

  /** The revision of the newest change; 0 if none is kept. */
  long newestRevision() {
    return isEmpty() ? 0 : revision(last);
  }

  /** Keeps a change of the key with this chain; returns what its chain is now. */
  Chain append(Change change, Chain chain) {
    Bytes key = change.key();
    Optional<Bytes> row = change.before();
    int size = KEY + key.size() + (row.isPresent() ? row.get().size() : 0);
    if (chunks.isEmpty() || size > chunks.get(chunks.size() - 1).length - used) {
      chunks.add(new byte[Math.max(size, CHUNK_BYTES)]);
      used = 0;
    }
    byte[] to = chunks.get(chunks.size() - 1);
    int count = chain.count() + 1;
    INT.set(to, used, size);
    LONG.set(to, used + REVISION, change.revision());
    INT.set(to, used + PLACE, change.place());
    LONG.set(to, used + HASH_BEFORE, change.hashBefore());
    LONG.set(to, used + BEFORE, chain.newest());
    LONG.set(to, used + EARLIER, earlier(chain.newest(), count));
    INT.set(to, used + KEY_SIZE, key.size());
    key.copyTo(to, used + KEY);
    if (row.isPresent()) {
      row.get().copyTo(to, used + KEY + key.size());
    }
    long offset = start(firstChunk + chunks.size() - 1) + used;
    used += size;
    if (isEmpty()) {
      begin(offset);
    }
    last = offset;
    return new Chain(offset, count);
  }

  /** The offset of the change whose number is {@code count} without its lowest bit. */
  private long earlier(long before, int count) {
    long earlier = before;
    for (int hops = Integer.numberOfTrailingZeros(count); hops > 0 && isKept(earlier); hops--) {
      earlier = number(earlier, EARLIER);
    }
    return earlier;
  }

  /** The first change after a revision, of those of the chain that begins at {@code newest}. */
  Optional<Change> firstAfter(long revision, long newest) {
    if (!isAfter(newest, revision)) {
      return Optional.empty();
    }
    long at = newest;
    while (true) {
      long earlier = number(at, EARLIER);
      long before = number(at, BEFORE);
      if (isAfter(earlier, revision)) {
        at = earlier;
      } else if (isAfter(before, revision)) {
        at = before;
      } else {
        return Optional.of(change(at));
      }
    }
  }

  private boolean isAfter(long offset, long revision) {
    return isKept(offset) && revision(offset) > revision;
  }

  private boolean isKept(long offset) {
    return offset >= first;
  }

  /** The offset of the oldest change that is kept. */
  long first() {
    return first;
  }

  /** The oldest change that is kept. */
  Change oldest() {
    if (isEmpty()) {
      throw new NoSuchElementException("no change is kept");
    }
    return change(first);
  }

  /** Keeps the oldest change no longer. */
  void removeOldest() {
    if (first == last) {
      first = last + 1;
    } else {
      begin(next(first));
    }
  }

  private void begin(long offset) {
    first = offset;
    while (firstChunk < offset >>> CHUNK_BITS) {
      chunks.remove(0);
      firstChunk++;
    }
  }

  /** The changes that were made after a revision. */
  Iterator<Change> after(long revision) {
    return new Changes(offsetAfter(revision));
  }

  private long offsetAfter(long revision) {
    // The last chunk that begins with nothing after it, or the first.
    int low = 0;
    int high = chunks.size();
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (revision(start(firstChunk + middle)) <= revision) {
        low = middle;
      } else {
        high = middle;
      }
    }
    long offset = Math.max(first, start(firstChunk + low));
    while (offset <= last && revision(offset) <= revision) {
      offset = next(offset);
    }
    return offset;
  }

  private final class Changes implements Iterator<Change> {
    private long at;

    Changes(long at) {
      this.at = at;
    }

    @Override
    public boolean hasNext() {
      return at <= last;
    }

    @Override
    public Change next() {
      if (!hasNext()) {
        throw new NoSuchElementException("behind the newest change");
      }
      Change change = change(at);
      at = ChangeLog.this.next(at);
      return change;
    }
  }

  /** The offset of the change behind that at {@code offset}; above {@link #last} if none is. */
  private long next(long offset) {
    if (offset == last) {
      return last + 1;
    }
    byte[] chunk = chunk(offset);
    int behind = position(offset) + (int) INT.get(chunk, position(offset));
    boolean isInChunk = behind <= chunk.length - KEY && (int) INT.get(chunk, behind) != 0;
    long number = offset >>> CHUNK_BITS;
    return isInChunk ? start(number) + behind : start(number + 1);
  }

  private Change change(long offset) {
    byte[] chunk = chunk(offset);
    int at = position(offset);
    Bytes key = Bytes.wrap(chunk, at + KEY, (int) INT.get(chunk, at + KEY_SIZE));
    int place = (int) INT.get(chunk, at + PLACE);
    return new Change(revision(offset), place, number(offset, HASH_BEFORE), key, before(offset));
  }

  private Optional<Bytes> before(long offset) {
    byte[] chunk = chunk(offset);
    int at = position(offset);
    int row = KEY + (int) INT.get(chunk, at + KEY_SIZE);
    int size = (int) INT.get(chunk, at) - row;
    return size == 0 ? Optional.empty() : Optional.of(Bytes.wrap(chunk, at + row, size));
  }

  private long revision(long offset) {
    return number(offset, REVISION);
  }

  private long number(long offset, int field) {
    return (long) LONG.get(chunk(offset), position(offset) + field);
  }

  /** The offset of the first change in a chunk. */
  private static long start(long chunk) {
    return chunk << CHUNK_BITS;
  }

  private byte[] chunk(long offset) {
    return chunks.get((int) ((offset >>> CHUNK_BITS) - firstChunk));
  }

  private static int position(long offset) {
    return (int) offset & (CHUNK_BYTES - 1);
  }
}
