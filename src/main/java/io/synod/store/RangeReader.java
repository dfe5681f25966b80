package io.synod.store;

import io.synod.paxos.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads rows until one of the limits. */
final class RangeReader {
  private RangeReader() {}

  static RangeRead read(Range range, RowsAt rows, long revision, int mostSteps) {
    boolean counts = range.limits().rows() == 0;
    List<Row> found = new ArrayList<>();
    long count = 0;
    long sizeBytes = 0;
    for (int steps = 0; ; steps++) {
      Bytes key = rows.nextKey();
      if (key == null || isBehind(range, key)) {
        return new RangeRead(found, revision, count, Optional.empty());
      }
      if (steps == mostSteps || (!counts && count == range.limits().rows())) {
        return new RangeRead(found, revision, count, Optional.of(key));
      }
      if (!rows.step()) {
        continue;
      }
      if (!counts) {
        sizeBytes += key.size() + RowFormat.valueSizeBytes(rows.row());
        if (sizeBytes > range.limits().sizeBytes() && count > 0) {
          return new RangeRead(found, revision, count, Optional.of(key));
        }
        found.add(RowFormat.row(key, rows.row()));
      }
      count++;
    }
  }

  private static boolean isBehind(Range range, Bytes key) {
    return range.until().isPresent() && key.compareTo(range.until().get()) >= 0;
  }
}
