package io.synod.journal;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Recovered;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens a journal: reads and folds the log, then begins a fresh segment that holds again all that
 * is not known to be durable, and makes that durable before anything else (protocol-rules.md, 2 to
 * 4). Used once.
 */
final class Recovery {
  private final Disk disk;
  private final JournalSettings settings;
  private final JournalOwner owner;
  private final List<Finding> findings = new ArrayList<>();
  private final Fold fold = new Fold();

  /** The log as it is kept: the segments that stay, and what is written again. */
  private final List<Segment.Full> kept = new ArrayList<>();

  private final List<String> damagedFiles = new ArrayList<>();

  /** Whether the directory goes on as a new life. */
  private boolean renewed;

  Recovery(Disk disk, JournalSettings settings, JournalOwner owner) {
    this.disk = disk;
    this.settings = settings;
    this.owner = owner;
  }

  OpenedJournal open(LongSupplier nanoTime) throws IOException {
    Optional<Identity> found = IdentityFiles.read(disk, findings);
    return found.isPresent() ? reopen(found.get(), nanoTime) : create(nanoTime);
  }

  /** As {@link Journal#isNew}. */
  static boolean isNew(Disk disk) throws IOException {
    List<String> names = disk.list();
    if (names.contains(LogFiles.IDENTITY) || names.contains(LogFiles.IDENTITY_COPY)) {
      return false;
    }
    refuseOrphans(disk, new ArrayList<>());
    return true;
  }

  /** A new directory, or one whose making did not end: it has no identity and no record. */
  private OpenedJournal create(LongSupplier nanoTime) throws IOException {
    refuseOrphans(disk, findings);
    for (String name : disk.list()) {
      if (LogFiles.isJournal(name)) {
        disk.delete(name);
      }
    }
    disk.syncDirectory();
    Identity identity =
        new Identity(owner.newIncarnation().get(), owner.server(), Identity.FORMAT_VERSION);
    FreshSegment fresh = new FreshSegment(disk, settings, identity, fold.state);
    LogWriter.Start start = fresh.write(1, 1, List.of(), List.of());
    PromiseFiles promises = PromiseFiles.open(disk, identity.mark(), 0);
    promises.write(start.use(), start.end(), fresh.header());
    IdentityFiles.create(disk, identity);
    SegmentSupply supply = new SegmentSupply(disk, settings, 1);
    return opened(parts(identity, supply, promises), start, List.of(), List.of(), nanoTime);
  }

  /** Files of a journal without an identity: only those of a first start may be thrown away. */
  private static void refuseOrphans(Disk disk, List<Finding> findings) throws IOException {
    for (String name : disk.list()) {
      if (!LogFiles.isJournal(name)) {
        continue;
      }
      ByteBuffer bytes = LogFiles.load(disk, name, Long.MAX_VALUE, findings);
      if (!isBlank(name, bytes)) {
        throw new JournalRefusedException(
            disk.describe()
                + " has a journal ("
                + name
                + ") and no identity: it is damaged, or another server's; give this server an"
                + " empty directory");
      }
    }
  }

  /** Whether a file, whosever it is, holds no record: at most what a first start leaves. */
  private static boolean isBlank(String name, ByteBuffer bytes) throws JournalRefusedException {
    for (int at = 0; at + Frame.HEADER_BYTES <= bytes.limit(); at += Frame.ALIGNMENT) {
      if (!Frame.isWhole(bytes, at, Frame.mark(bytes, at))) {
        continue;
      }
      int type = Frame.type(bytes, at);
      if (type >= Frame.FIRST_RECORD) {
        return false;
      }
      ByteBuffer payload = Frame.payload(bytes, at);
      if (type == Frame.PROMISE) {
        payload.getLong();
      }
      if (type != Frame.SYNCED && !SegmentHeader.decode(name, payload).state().isBlank()) {
        return false;
      }
    }
    return true;
  }

  private OpenedJournal reopen(Identity identity, LongSupplier nanoTime) throws IOException {
    if (!identity.server().equals(owner.server())) {
      throw new JournalRefusedException(
          disk.describe()
              + " belongs to server "
              + identity.server().number()
              + ", not to server "
              + owner.server().number());
    }
    Inventory inventory = new Inventory(disk, identity.mark(), findings);
    List<SegmentScan> scans = readLog(inventory, identity.mark());
    inventory.copy.ifPresent(
        copy -> fold.mergeCopy(copy.header().state(), copy.use() == inventory.lastUse()));
    if (inventory.tornSegment) {
      fold.torn(2L * inventory.newest.recordsPerSync());
    }
    List<Fold.Held> log = fold.finish();
    checkCluster();
    if (inventory.copy.isEmpty() && (fold.isDamaged() || fold.isTorn())) {
      if (!fold.state.opened) {
        throw new JournalRefusedException(
            "the journal in "
                + disk.describe()
                + " is damaged, its promise files too, and what is left does not say which cluster"
                + " it belongs to: give this server an empty directory and replace it in the cluster");
      }
      fold.state.promiseLost = true;
      findings.add(
          new Finding(
              Finding.Kind.DAMAGED,
              LogFiles.PROMISE_A,
              0,
              "the log is not whole and no promise file can be read: what was promised is lost"));
    }
    if (fold.state.promiseLost && fold.state.opened) {
      return begin(renew(identity, log), inventory, scans, log, nanoTime);
    }
    return begin(identity, inventory, scans, log, nanoTime);
  }

  /**
   * A life whose votes are not all known never votes again: the directory goes on as a new one,
   * which keeps what is chosen, and the ballots that the old one took (protocol-rules.md, 3 and
   * 12).
   */
  private Identity renew(Identity before, List<Fold.Held> log) {
    Slot chosen = fold.state.chosen;
    log.removeIf(held -> held.accepted().slot().isAfter(chosen));
    fold.state.renew();
    renewed = true;
    Identity identity =
        new Identity(owner.newIncarnation().get(), before.server(), Identity.FORMAT_VERSION);
    findings.add(
        new Finding(
            Finding.Kind.DAMAGED,
            LogFiles.IDENTITY,
            0,
            "votes of incarnation "
                + before.incarnation()
                + " are lost: the directory goes on as the new incarnation "
                + identity.incarnation()
                + ", which keeps what is chosen up to slot "
                + chosen.number()
                + " and has no vote until the cluster gives it one"));
    return identity;
  }

  private List<SegmentScan> readLog(Inventory inventory, int mark) throws IOException {
    List<SegmentScan> scans = new ArrayList<>();
    for (int i = 0; i < inventory.log.size(); i++) {
      SegmentHeader.Extent extent = inventory.log.get(i);
      boolean last = i == inventory.log.size() - 1;
      Inventory.Found found = inventory.byUse.get(extent.use());
      String name = found == null ? "segment " + extent.use() + " of the log" : found.name();
      ByteBuffer bytes =
          found == null
              ? ByteBuffer.allocate(0)
              : LogFiles.load(disk, found.name(), Long.MAX_VALUE, findings);
      SegmentScan scan =
          last
              ? SegmentScan.last(bytes, known(inventory, found, mark))
              : SegmentScan.full(
                  bytes, new SegmentScan.Known(extent.use(), mark, 0, 0), extent.end());
      Segment.Full segment = take(scan, i, name, extent, found);
      if (last && scan.torn()) {
        noteTorn(scan, name, inventory.newest.recordsPerSync());
      }
      kept.add(segment);
      scans.add(scan);
    }
    return scans;
  }

  private static SegmentScan.Known known(
      Inventory inventory, Inventory.@Nullable Found found, int mark) {
    long use = inventory.lastUse();
    long synced = 0;
    if (inventory.copy.isPresent() && inventory.copy.get().use() == use) {
      synced = inventory.copy.get().synced();
    }
    return new SegmentScan.Known(
        use, mark, Math.max(synced, recoveredEnd(found)), inventory.newest.sizeBytes());
  }

  /** Up to where a recovery wrote a segment's records again, before its header was there. */
  private static long recoveredEnd(Inventory.@Nullable Found found) {
    return found == null ? 0 : found.header().map(SegmentHeader::recoveredEnd).orElse(0L);
  }

  /** Folds a segment's frames in, and what is lost of it. */
  private Segment.Full take(
      SegmentScan scan,
      int index,
      String name,
      SegmentHeader.Extent extent,
      Inventory.@Nullable Found found)
      throws IOException {
    int gap = 0;
    long lastSlot = 0;
    long recoveredEnd = recoveredEnd(found);
    for (int at : scan.frames()) {
      while (gap < scan.gaps().size() && scan.gaps().get(gap).from() < at) {
        noteDamage(name, scan.gaps().get(gap++), recoveredEnd);
      }
      if (Frame.type(scan.bytes(), at) == Frame.SEGMENT) {
        fold.merge(SegmentHeader.decode(name, Frame.payload(scan.bytes(), at)).state());
      } else if (Frame.type(scan.bytes(), at) >= Frame.FIRST_RECORD) {
        JournalRecord record = record(scan, at, name);
        fold.apply(record, new Fold.At(index, at));
        if (record instanceof JournalRecord.ValueAccepted accepted) {
          lastSlot = Math.max(lastSlot, accepted.accepted().slot().number());
        }
      }
    }
    while (gap < scan.gaps().size()) {
      noteDamage(name, scan.gaps().get(gap++), recoveredEnd);
    }
    if (!scan.gaps().isEmpty() && found != null) {
      damagedFiles.add(name);
    }
    boolean filled = found != null && found.header().isPresent() && found.header().get().filled();
    return new Segment.Full(
        name, filled, extent.use(), Math.min(scan.synced(), scan.end()), lastSlot);
  }

  private void noteDamage(String name, SegmentScan.Gap gap, long recoveredEnd) {
    fold.damage(gap.to() - gap.from(), gap.from() < recoveredEnd);
    findings.add(
        new Finding(
            Finding.Kind.DAMAGED,
            name,
            gap.from(),
            (gap.to() - gap.from())
                + " bytes that were durable cannot be read; slots are unknown"));
  }

  /**
   * Two syncs' worth of records at most: the last one's, and one that its frames do not yet say.
   */
  private void noteTorn(SegmentScan scan, String name, int recordsPerSync) throws IOException {
    long bytes = Math.max(0, scan.bytes().limit() - scan.end());
    fold.torn(Math.min(2L * recordsPerSync, bytes / RecordFormat.SMALLEST_ACCEPTED_FRAME + 1));
    for (int at : scan.dropped()) {
      if (Frame.type(scan.bytes(), at) >= Frame.FIRST_RECORD) {
        fold.dropped(record(scan, at, name));
      }
    }
    findings.add(
        new Finding(
            Finding.Kind.TORN, name, scan.end(), "a write did not end, or was damaged; cut off"));
  }

  private static JournalRecord record(SegmentScan scan, int at, String name)
      throws JournalRefusedException {
    try {
      return RecordFormat.decode(Frame.type(scan.bytes(), at), Frame.payload(scan.bytes(), at));
    } catch (IllegalArgumentException | BufferUnderflowException e) {
      throw new JournalRefusedException(
          name
              + " has at "
              + at
              + " a record that this program does not know: "
              + e.getMessage()
              + "; start the version that wrote it, or a newer one",
          e);
    }
  }

  private void checkCluster() throws JournalRefusedException {
    Optional<ClusterId> bound =
        fold.state.opened ? fold.state.founding.map(Founding::cluster) : Optional.empty();
    if (bound.isPresent() && owner.cluster().isPresent() && !bound.equals(owner.cluster())) {
      throw new JournalRefusedException(
          disk.describe()
              + " belongs to cluster "
              + bound.get()
              + ", not to cluster "
              + owner.cluster().get());
    }
  }

  /**
   * Begins the fresh segment: what the last one holds beyond what is known to be durable, and all
   * of as many segments at the log's end as are small together, so that restarts do not pile up
   * files. A damaged log is written again as a whole.
   */
  private OpenedJournal begin(
      Identity identity,
      Inventory inventory,
      List<SegmentScan> scans,
      List<Fold.Held> log,
      LongSupplier nanoTime)
      throws IOException {
    int stay = fold.isDamaged() || renewed ? 0 : kept.size();
    long again = 0;
    while (stay > 0 && again + kept.get(stay - 1).end() <= settings.segmentBytes() / 4) {
      again += kept.get(--stay).end();
    }
    List<JournalRecord> records = new ArrayList<>();
    List<AcceptedValue> accepted = new ArrayList<>(log.size());
    for (Fold.Held held : log) {
      accepted.add(held.accepted());
      boolean durable =
          held.at().segment() < stay
              && held.at().offset() < scans.get(held.at().segment()).synced();
      if (!durable) {
        records.add(new JournalRecord.ValueAccepted(held.accepted()));
      }
    }
    List<Segment.Full> before = kept.subList(0, stay);
    FreshSegment fresh = new FreshSegment(disk, settings, identity, fold.state);
    int number = 1;
    for (String name : inventory.files) {
      number = Math.max(number, LogFiles.number(name) + 1);
    }
    LogWriter.Start start = fresh.write(number, inventory.nextUse, before, records);
    PromiseFiles promises =
        PromiseFiles.open(
            disk, identity.mark(), inventory.copy.map(PromiseFiles.Copy::sequence).orElse(0L));
    promises.write(start.use(), start.end(), fresh.header());
    disk.syncDirectory();
    if (renewed) {
      // Until this is done the directory is the old life's, and its promise files cannot be read.
      IdentityFiles.replace(disk, identity);
    }
    SegmentSupply supply = new SegmentSupply(disk, settings, number);
    release(inventory, stay, supply);
    return opened(parts(identity, supply, promises), start, before, accepted, nanoTime);
  }

  private LogWriter.Parts parts(Identity identity, SegmentSupply supply, PromiseFiles promises) {
    return new LogWriter.Parts(settings, identity, fold.state, supply, promises);
  }

  private OpenedJournal opened(
      LogWriter.Parts parts,
      LogWriter.Start start,
      List<Segment.Full> before,
      List<AcceptedValue> accepted,
      LongSupplier nanoTime) {
    LogWriter writer = new LogWriter(parts, start, before);
    return new OpenedJournal(
        new Journal(writer, parts, disk, nanoTime),
        recovered(accepted),
        parts.identity(),
        renewed,
        List.copyOf(findings));
  }

  /** Puts away what is no part of the log any more; the deleting is left to prepare(). */
  private void release(Inventory inventory, int stay, SegmentSupply supply) throws IOException {
    for (String name : damagedFiles) {
      disk.rename(name, LogFiles.damaged(name));
    }
    List<String> left = inventory.leftOver();
    for (Segment.Full segment : kept.subList(stay, kept.size())) {
      if (inventory.byUse.containsKey(segment.use())) {
        left.add(segment.name());
      }
    }
    left.removeAll(damagedFiles);
    for (String name : left) {
      // Of one without a header nobody knows whether the last sync of its filling succeeded: after
      // one
      // that failed it may look whole and lose its end at the next power loss.
      boolean filled =
          inventory.byUse.values().stream()
              .anyMatch(
                  found ->
                      found.name().equals(name)
                          && found.header().isPresent()
                          && found.header().get().filled());
      supply.release(name, filled);
    }
  }

  private Recovered recovered(List<AcceptedValue> accepted) {
    JournalState state = fold.state;
    Optional<MembershipInForce> membership = state.membership;
    if (membership.isEmpty() && state.opened) {
      Optional<Membership> founded = state.founding.map(Founding::membership);
      membership = founded.map(made -> new MembershipInForce(Slot.ZERO, made));
    }
    return new Recovered(
        state.founding,
        state.opened,
        state.promised,
        state.ballotTaken,
        state.cut,
        membership,
        List.copyOf(accepted),
        state.chosen,
        state.unknown,
        state.torn,
        List.copyOf(state.seen.values()),
        state.longestLeaseNanos);
  }
}
