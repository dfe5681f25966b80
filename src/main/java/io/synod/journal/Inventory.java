package io.synod.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which files are there, and which of them are the log. The newest header that can be read names
 * all segments before its own; if that of the last segment is damaged, the promise files say the
 * same.
 */
final class Inventory {
  private static final int HEAD_BYTES = 64 << 10;

  /** All segment files, of the log or not. */
  final List<String> files;

  /** By use; only of files that are, or may be, of this server's log. */
  final Map<Long, Found> byUse = new HashMap<>();

  final Optional<PromiseFiles.Copy> copy;

  /** The segments of the log; the last one's end is not known from here. */
  final List<SegmentHeader.Extent> log;

  /** What the last segment's header says, or the promise files if it cannot be read. */
  final SegmentHeader newest;

  /** A segment was begun and is torn from its first byte: it never held anything durable. */
  final boolean tornSegment;

  /** Higher than any use that was ever begun. */
  final long nextUse;

  /** A file that holds frames of a use. */
  record Found(
      String name, Optional<SegmentHeader> header, boolean onlyRecovered, boolean proven) {}

  private final Disk disk;
  private final int mark;
  private final List<Finding> findings;

  Inventory(Disk disk, int mark, List<Finding> findings) throws IOException {
    this.disk = disk;
    this.mark = mark;
    this.findings = findings;
    this.copy = PromiseFiles.read(disk, mark, findings);
    this.files = LogFiles.segments(disk);
    for (String name : files) {
      look(name);
    }
    long newestHeader = 0;
    long newestUse = 0;
    for (Map.Entry<Long, Found> entry : byUse.entrySet()) {
      newestUse = Math.max(newestUse, entry.getKey());
      if (entry.getValue().header().isPresent()) {
        newestHeader = Math.max(newestHeader, entry.getKey());
      }
    }
    long lastUse = Math.max(newestHeader, copy.map(PromiseFiles.Copy::use).orElse(0L));
    this.newest = newestHeader(newestHeader, lastUse);
    this.log = new ArrayList<>(newest.before());
    log.add(new SegmentHeader.Extent(lastUse, Long.MAX_VALUE));
    this.tornSegment = checkBeyond(lastUse, newestUse);
    this.nextUse = Math.max(lastUse, newestUse) + 1;
  }

  /** The last segment of the log. */
  long lastUse() {
    return log.get(log.size() - 1).use();
  }

  /** The files that are no part of the log. */
  List<String> leftOver() {
    Set<String> used = new HashSet<>();
    for (SegmentHeader.Extent extent : log) {
      Found found = byUse.get(extent.use());
      if (found != null) {
        used.add(found.name());
      }
    }
    List<String> left = new ArrayList<>(files);
    left.removeAll(used);
    return left;
  }

  private SegmentHeader newestHeader(long newestHeader, long lastUse)
      throws JournalRefusedException {
    Found found = byUse.get(newestHeader);
    if (newestHeader == lastUse && found != null && found.header().isPresent()) {
      return found.header().get();
    }
    if (copy.isPresent()) {
      return copy.get().header();
    }
    throw new JournalRefusedException(
        "the journal in "
            + disk.describe()
            + " is gone: no segment's header and no promise file can be read; give this server an"
            + " empty directory and replace it in the cluster");
  }

  /**
   * Frames of a use beyond the last one: a segment whose header was never durable, so that nothing
   * in it was.
   */
  private boolean checkBeyond(long lastUse, long newestUse) throws JournalRefusedException {
    boolean torn = false;
    for (long use = lastUse + 1; use <= newestUse; use++) {
      Found found = byUse.get(use);
      if (found == null) {
        continue;
      }
      if (found.proven()) {
        throw new JournalRefusedException(
            "in "
                + disk.describe()
                + " the header of "
                + found.name()
                + " and both promise files are damaged: give this server an empty directory and"
                + " replace it in the cluster");
      }
      findings.add(
          new Finding(
              found.onlyRecovered() ? Finding.Kind.REPAIRED : Finding.Kind.TORN,
              found.name(),
              0,
              "was begun when the server stopped; cut off"));
      torn |= !found.onlyRecovered();
    }
    return torn;
  }

  private void look(String name) throws IOException {
    List<Finding> unread = new ArrayList<>();
    ByteBuffer bytes = LogFiles.load(disk, name, HEAD_BYTES, unread);
    if (hasHeader(bytes)) {
      SegmentHeader header = SegmentHeader.decode(name, Frame.payload(bytes, 0));
      add(Frame.use(bytes, 0), new Found(name, Optional.of(header), false, true));
      return;
    }
    bytes = LogFiles.load(disk, name, Long.MAX_VALUE, findings);
    if (hasHeader(bytes)) {
      SegmentHeader header = SegmentHeader.decode(name, Frame.payload(bytes, 0));
      add(Frame.use(bytes, 0), new Found(name, Optional.of(header), false, true));
      return;
    }
    long top = 0;
    boolean onlyRecovered = true;
    boolean proven = false;
    for (int at = SegmentScan.find(bytes, 0, mark, 0);
        at >= 0;
        at = SegmentScan.find(bytes, Frame.next(bytes, at), mark, 0)) {
      long use = Frame.use(bytes, at);
      if (use > top) {
        top = use;
        onlyRecovered = true;
        proven = false;
      }
      if (use == top) {
        onlyRecovered &= Frame.flags(bytes, at) == Frame.RECOVERED;
        proven |= Frame.synced(bytes, at) > 0;
      }
    }
    if (top > 0) {
      add(top, new Found(name, Optional.empty(), onlyRecovered, proven));
    }
  }

  private boolean hasHeader(ByteBuffer bytes) {
    return Frame.isWhole(bytes, 0, mark) && Frame.type(bytes, 0) == Frame.SEGMENT;
  }

  private void add(long use, Found found) throws JournalRefusedException {
    Found other = byUse.putIfAbsent(use, found);
    if (other != null) {
      throw new JournalRefusedException(
          other.name()
              + " and "
              + found.name()
              + " in "
              + disk.describe()
              + " both say that they are segment "
              + use
              + " of the log: one is a copy; put it elsewhere");
    }
  }
}
