package io.synod.journal;

import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What the journal of a data directory holds, and what a start would make of it.
 *
 * @param segments of the log, oldest first
 * @param unused files that are no part of the log
 * @param findings what a start would find torn, damaged, or to repair
 * @param renewed a start would go on as a new incarnation, since votes are lost
 */
public record Inspection(
    Identity identity,
    Recovered recovered,
    List<SegmentView> segments,
    List<String> unused,
    List<Finding> findings,
    boolean renewed) {

  /**
   * A segment.
   *
   * @param use grows by one or more with each segment begun
   * @param usedBytes how much of it is log
   * @param records that can be read
   * @param firstSlot of the values accepted in it, 0 if there is none
   */
  public record SegmentView(
      String name, long use, long usedBytes, int records, long firstSlot, long lastSlot) {}

  /**
   * Looks at a directory. Blocks.
   *
   * @param directory is not written to, if it is one that cannot be
   * @return empty if no server ever kept data there
   * @throws JournalRefusedException if a start would be refused, and why
   */
  public static Optional<Inspection> of(Disk directory) throws IOException {
    List<Finding> findings = new ArrayList<>();
    Optional<Identity> identity;
    try (MemoryDisk above = MemoryDisk.above(directory)) {
      identity = IdentityFiles.read(above, findings);
    }
    if (identity.isEmpty() && directory.list().stream().noneMatch(LogFiles::isJournal)) {
      return Optional.empty();
    }
    List<SegmentView> segments = new ArrayList<>();
    List<String> unused = new ArrayList<>();
    if (identity.isPresent()) {
      Inventory inventory = new Inventory(directory, identity.get().mark(), new ArrayList<>());
      for (SegmentHeader.Extent extent : inventory.log) {
        segments.add(look(directory, inventory, identity.get().mark(), extent));
      }
      unused.addAll(inventory.leftOver());
    }
    JournalOwner owner =
        new JournalOwner(
            identity.map(Identity::server).orElse(new ServerId(0)),
            () -> new Incarnation(new UUID(0, 0)),
            Optional.empty());
    try (MemoryDisk above = MemoryDisk.above(directory)) {
      JournalSettings settings =
          new JournalSettings(
              JournalSettings.DEFAULT.segmentBytes(),
              JournalSettings.DEFAULT.recordsPerSync(),
              JournalSettings.DEFAULT.prepareBytes(),
              /* directBuffer= */ false);
      OpenedJournal opened = Journal.open(above, settings, owner, () -> 0);
      return Optional.of(
          new Inspection(
              identity.orElse(opened.identity()),
              opened.recovered(),
              segments,
              unused,
              opened.findings(),
              opened.renewed()));
    }
  }

  private static SegmentView look(
      Disk disk, Inventory inventory, int mark, SegmentHeader.Extent extent) throws IOException {
    Inventory.Found found = inventory.byUse.get(extent.use());
    if (found == null) {
      return new SegmentView("(missing)", extent.use(), 0, 0, 0, 0);
    }
    ByteBuffer bytes = LogFiles.load(disk, found.name(), Long.MAX_VALUE, new ArrayList<>());
    int records = 0;
    long first = 0;
    long last = 0;
    long end = Math.min(extent.end(), bytes.limit());
    long used = 0;
    for (int at = SegmentScan.find(bytes, 0, mark, extent.use());
        at >= 0 && at < end;
        at = SegmentScan.find(bytes, Frame.next(bytes, at), mark, extent.use())) {
      used = Frame.next(bytes, at);
      if (Frame.type(bytes, at) < Frame.FIRST_RECORD) {
        continue;
      }
      records++;
      JournalRecord record = RecordFormat.decode(Frame.type(bytes, at), Frame.payload(bytes, at));
      if (record instanceof JournalRecord.ValueAccepted accepted) {
        long slot = accepted.accepted().slot().number();
        first = first == 0 ? slot : Math.min(first, slot);
        last = Math.max(last, slot);
      }
    }
    return new SegmentView(found.name(), extent.use(), used, records, first, last);
  }
}
