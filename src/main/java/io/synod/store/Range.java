package io.synod.store;

import io.synod.paxos.Bytes;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which rows to read.
 *
 * @param from the first key
 * @param until the first not to read any more; empty: to the end
 * @param revision at which; empty: the newest
 * @param limits how much of it
 */
public record Range(Bytes from, Optional<Bytes> until, OptionalLong revision, Limits limits) {

  /**
   * How much to read.
   *
   * @param rows how many at most; 0: only count them
   * @param sizeBytes how many bytes of keys and values at most; the first row may exceed it
   */
  public record Limits(int rows, int sizeBytes) {
    /** Counts, and reads nothing. */
    public static final Limits COUNT = new Limits(0, 0);

    public Limits {
      if (rows < 0 || sizeBytes < 0) {
        throw new IllegalArgumentException(rows + " rows of " + sizeBytes + " bytes");
      }
    }
  }

  /** All keys that begin with {@code prefix}. */
  public static Range ofPrefix(Bytes prefix, OptionalLong revision, Limits limits) {
    return new Range(prefix, behindPrefix(prefix), revision, limits);
  }

  /** The same, but for where it begins and at which revision. */
  public Range continued(Bytes next, long at) {
    return new Range(next, until, OptionalLong.of(at), limits);
  }

  /** The first key behind all that begin with {@code prefix}; empty: there is none. */
  private static Optional<Bytes> behindPrefix(Bytes prefix) {
    byte[] end = prefix.toArray();
    for (int size = end.length; size > 0; size--) {
      if (end[size - 1] != (byte) 0xff) {
        end[size - 1]++;
        return Optional.of(Bytes.wrap(end, 0, size));
      }
    }
    return Optional.empty();
  }
}
