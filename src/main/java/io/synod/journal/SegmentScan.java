package io.synod.journal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One segment of the log, read: its frames in order, and what is missing between and behind them.
 *
 * @param frames offsets of those that count
 * @param gaps stretches that were durable and cannot be read, in order
 * @param synced everything before this offset was durable
 * @param end where the log ends in this segment
 * @param torn whether what follows {@code end} was being written, or may have been
 * @param dropped offsets of readable frames behind a torn stretch: no part of the log
 */
record SegmentScan(
    ByteBuffer bytes,
    List<Integer> frames,
    List<Gap> gaps,
    long synced,
    long end,
    boolean torn,
    List<Integer> dropped) {

  /** A stretch of bytes that were durable and are lost, from one offset to before another. */
  record Gap(long from, long to) {}

  /** What is known of a segment from elsewhere. */
  record Known(long use, int mark, long synced, long sizeBytes) {}

  /**
   * The first undamaged frame at or after {@code from}; of this use, or of any if that is 0. -1 if
   * there is none.
   */
  static int find(ByteBuffer bytes, int from, int mark, long use) {
    for (int at = (int) Frame.align(from); at + Frame.HEADER_BYTES <= bytes.limit(); at += 8) {
      if (Frame.isWhole(bytes, at, mark) && (use == 0 || Frame.use(bytes, at) == use)) {
        return at;
      }
    }
    return -1;
  }

  /** Reads a segment that was written no more, durable up to {@code end}. */
  static SegmentScan full(ByteBuffer bytes, Known known, long end) {
    List<Integer> frames = new ArrayList<>();
    List<Gap> gaps = new ArrayList<>();
    long at = 0;
    while (at < end) {
      int found = find(bytes, (int) Math.min(at, bytes.limit()), known.mark(), known.use());
      long next = found < 0 ? end : Math.min(found, end);
      if (next > at) {
        gaps.add(new Gap(at, next));
      }
      at = next;
      if (found >= 0 && at < end) {
        frames.add(found);
        at = Frame.next(bytes, found);
      }
    }
    return new SegmentScan(bytes, frames, gaps, end, end, /* torn= */ false, List.of());
  }

  /**
   * Reads the last segment. A gap is damage if something behind it, or elsewhere, says that it was
   * durable; else the log ends there, torn.
   */
  static SegmentScan last(ByteBuffer bytes, Known known) {
    List<Integer> all = new ArrayList<>();
    long synced = known.synced();
    int found = find(bytes, 0, known.mark(), known.use());
    while (found >= 0) {
      all.add(found);
      synced = Math.max(synced, Frame.synced(bytes, found));
      found = find(bytes, Frame.next(bytes, found), known.mark(), known.use());
    }
    if (synced > 0 && bytes.limit() < known.sizeBytes()) {
      // Its length was durable before anything in it was: it was truncated.
      synced = known.sizeBytes();
    }
    List<Integer> frames = new ArrayList<>();
    List<Gap> gaps = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < all.size(); i++) {
      int next = all.get(i);
      if (next > at && synced <= at) {
        return new SegmentScan(
            bytes, frames, gaps, synced, at, /* torn= */ true, all.subList(i, all.size()));
      }
      if (next > at) {
        gaps.add(new Gap(at, next));
      }
      frames.add(next);
      at = Frame.next(bytes, next);
    }
    if (synced > at) {
      gaps.add(new Gap(at, synced));
      return new SegmentScan(bytes, frames, gaps, synced, synced, /* torn= */ true, List.of());
    }
    boolean torn = !Frame.isEndMark(bytes, (int) Math.min(at, bytes.limit()));
    return new SegmentScan(bytes, frames, gaps, synced, at, torn, List.of());
  }
}
