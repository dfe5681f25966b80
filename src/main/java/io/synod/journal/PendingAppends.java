package io.synod.journal;

/** Since when the appends that are not durable should be: the driver's own ring. */
final class PendingAppends {
  private long[] positions = new long[64];
  private long[] nanos = new long[64];
  private int first;
  private int count;

  /** Notes one, which may wait until then; forgets those up to {@code durable}. */
  void add(long position, long durable, long dueNanos) {
    forget(durable);
    if (count == positions.length) {
      grow();
    }
    int at = (first + count) & (positions.length - 1);
    positions[at] = position;
    nanos[at] = dueNanos;
    count++;
  }

  /** All that wait are due by now. */
  void dueSince(long nowNanos) {
    for (int i = count - 1; i >= 0; i--) {
      int at = (first + i) & (positions.length - 1);
      if (nanos[at] - nowNanos <= 0) {
        return;
      }
      nanos[at] = nowNanos;
    }
  }

  /** For how long the oldest beyond {@code durable} is due; 0 if none is. */
  long ageNanos(long durable, long nowNanos) {
    forget(durable);
    return count == 0 ? 0 : Math.max(0, nowNanos - nanos[first]);
  }

  private void forget(long durable) {
    while (count > 0 && positions[first] <= durable) {
      first = (first + 1) & (positions.length - 1);
      count--;
    }
  }

  private void grow() {
    int size = positions.length;
    long[] morePositions = new long[2 * size];
    long[] moreNanos = new long[2 * size];
    for (int i = 0; i < count; i++) {
      int from = (first + i) & (size - 1);
      morePositions[i] = positions[from];
      moreNanos[i] = nanos[from];
    }
    positions = morePositions;
    nanos = moreNanos;
    first = 0;
  }
}
