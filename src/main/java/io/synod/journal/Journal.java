package io.synod.journal;

import io.synod.paxos.JournalRecord;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The write-ahead log of one server. Some threads meet here, each with methods of its own; one
 * thread may play all of them, as the simulator does:
 *
 * <ul>
 *   <li>the driver: {@link #append}, {@link #requestSync}, {@link #syncAgeNanos};
 *   <li>the writer: {@link #write}, {@link #close};
 *   <li>the one that works ahead: {@link #prepare}, {@link #measure};
 *   <li>one that reads again what was written, slowly: {@link #scrub}, {@link #scrubCopies}.
 * </ul>
 *
 * {@link #durable}, {@link #freeBytes} and {@link #failure} are for any thread.
 *
 * <p>The first failure is final: what was not durable then never counts as durable, whatever a
 * later sync says (protocol-rules.md, 2). The process has to end.
 */
public final class Journal implements DurableLog, AutoCloseable {
  /**
   * For so long records wait that nobody waits for, such as what is known to be chosen: they go
   * with the sync of what comes next, since one of their own would hold that up.
   */
  public static final long REST_NANOS = 20_000_000;

  private final Disk disk;
  private final Identity identity;
  private final int mark;
  private final LogWriter log;
  private final SegmentSupply supply;
  private final JournalSettings settings;
  private final LongSupplier nanoTime;
  private final RecordQueue queue = new RecordQueue();
  private final PendingAppends pending = new PendingAppends();

  /** How many records were handed out; the driver's. */
  private long appended;

  /** What the writer took from the queue and has not written wholly; the writer's. */
  private List<JournalRecord> taken = List.of();

  private int takenAt;
  private long written;

  private volatile long durable;

  /** Up to where somebody waits for a sync. */
  private volatile long requested;

  private volatile long freeBytes = Long.MAX_VALUE;
  private volatile @Nullable Throwable failure;
  private volatile Writer writer = new Nobody();
  private volatile Runnable onDurable = Journal::nobody;

  Journal(LogWriter log, LogWriter.Parts parts, Disk disk, LongSupplier nanoTime) {
    this.disk = disk;
    this.identity = parts.identity();
    this.mark = identity.mark();
    this.log = log;
    this.supply = parts.supply();
    this.settings = parts.settings();
    this.nanoTime = nanoTime;
  }

  /**
   * Opens the journal of a directory, making it if it is new, and recovers what it holds. Blocks.
   * When it returns, all that was recovered is durable, whether it was before or not.
   *
   * @param nanoTime a monotonic clock, read once an append
   * @throws JournalRefusedException if this server must not use the directory
   * @throws IOException if the disk failed; nothing is lost by trying again
   */
  public static OpenedJournal open(
      Disk disk, JournalSettings settings, JournalOwner owner, LongSupplier nanoTime)
      throws IOException {
    return new Recovery(disk, settings, owner).open(nanoTime);
  }

  /**
   * Whether a directory has no identity, so that {@link #open} gives it one. Whatever else lies in
   * it is nobody's. Changes nothing; blocks.
   *
   * @throws JournalRefusedException if it has a journal all the same, so that it is not opened
   */
  public static boolean isNew(Disk disk) throws IOException {
    return Recovery.isNew(disk);
  }

  /**
   * Has this called by the writer each time more became durable, and once on failure. It must not
   * block.
   */
  public void onDurable(Runnable listener) {
    onDurable = listener;
  }

  private static void nobody() {}

  /** The thread that calls {@link #write}, as others see it. */
  interface Writer {
    /** There are records, which need not be written at once. */
    void appended();

    /** There is work for a turn now. */
    void wake();
  }

  private static final class Nobody implements Writer {
    @Override
    public void appended() {}

    @Override
    public void wake() {}
  }

  /** Who writes from now on. */
  void setWriter(Writer thread) {
    writer = thread;
  }

  /**
   * Hands records to the writer, to become durable in this order. The driver's; never blocks.
   *
   * @param records not changed afterwards
   * @return how many records were handed out since the journal was opened: they are all durable
   *     when {@link #durable} has reached this
   */
  @Override
  public long append(List<JournalRecord> records) {
    if (!records.isEmpty()) {
      appended += records.size();
      pending.add(appended, durable, nanoTime.getAsLong() + REST_NANOS);
      queue.add(records);
      writer.appended();
    }
    return appended;
  }

  @Override
  public void requestSync() {
    if (requested < appended) {
      requested = appended;
      pending.dueSince(nanoTime.getAsLong());
      writer.wake();
    }
  }

  /** How many of the records handed out are durable: a prefix of them. */
  @Override
  public long durable() {
    return durable;
  }

  /**
   * For how long the oldest append that is not durable is overdue; 0 if none is. The driver's.
   *
   * @param nowNanos by the clock given to {@link #open}
   */
  @Override
  public long syncAgeNanos(long nowNanos) {
    return pending.ageNanos(durable, nowNanos);
  }

  @Override
  public long freeBytes() {
    return freeBytes;
  }

  /** What made the journal fail; it never recovers. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * One turn of the writer: writes what was appended, at most {@link
   * JournalSettings#recordsPerSync} records, and syncs once. If nothing was appended since the last
   * turn, notes in the log that all of it is synced, once. Blocks for the disk.
   *
   * @return whether there was anything to do
   * @throws IOException on the first failure, and in every later call
   */
  public boolean write() throws IOException {
    throwIfFailed();
    try {
      return writeOnce();
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
      throw e;
    }
  }

  private boolean writeOnce() throws IOException {
    if (!hasMore()) {
      if (log.isSettled()) {
        return false;
      }
      log.settle();
      return true;
    }
    log.preferFilled();
    int count = 0;
    while (count < settings.recordsPerSync() && hasMore()) {
      log.put(taken.get(takenAt++));
      count++;
    }
    log.commit();
    written += count;
    durable = written;
    onDurable.run();
    return true;
  }

  private boolean hasMore() {
    if (takenAt == taken.size()) {
      List<JournalRecord> next = queue.poll();
      taken = next == null ? List.of() : next;
      takenAt = 0;
    }
    return takenAt < taken.size();
  }

  /** Whether somebody waits for what {@link #write} would write. The writer's. */
  boolean isSyncRequested() {
    return written < requested;
  }

  /** Whether {@link #write} would write records. The writer's. */
  boolean hasRecords() {
    return takenAt < taken.size() || !queue.isEmpty();
  }

  /** Whether {@link #write} would do nothing. The writer's. */
  boolean isSettled() {
    return log.isSettled() && !hasRecords();
  }

  /**
   * One piece of work ahead of the writer: fills a part of the next segment, or removes a file that
   * is of no use any more. Blocks for the disk.
   *
   * @return whether there is more to do
   * @throws IOException on the first failure, and in every later call
   */
  public boolean prepare() throws IOException {
    throwIfFailed();
    try {
      return supply.prepare();
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
      throw e;
    }
  }

  /**
   * Looks how much room is left on the disk, for {@link #freeBytes}. Blocks for the system.
   *
   * @throws IOException on the first failure, and in every later call
   */
  public void measure() throws IOException {
    throwIfFailed();
    try {
      freeBytes = disk.freeBytes();
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
      throw e;
    }
  }

  /**
   * A part of the log that cannot be read any more.
   *
   * @param finding the file and the place
   * @param lastSlot when the log is cut behind this slot, it does without that part
   */
  public record Damaged(Finding finding, Slot lastSlot) {}

  /**
   * Reads again the segments that are written no more, and tells those in which something is
   * damaged, of each the first place. Nothing is lost by that as long as the process lives, since
   * it has all of it in memory; a start would report slots as unknown. The file is put away once
   * the log does without it. Blocks for the disk, for long.
   *
   * @param pace told after each file how many bytes were read; may wait, or throw to end it there
   */
  public List<Damaged> scrub(LongConsumer pace) throws IOException {
    List<Damaged> found = new ArrayList<>();
    // Of this segment and all before it: they go one after the other.
    long lastSlot = 0;
    for (Segment.Full segment : log.sealed()) {
      lastSlot = Math.max(lastSlot, segment.lastSlot());
      Optional<Finding> finding = scrub(segment);
      if (finding.isPresent() && log.sealed().contains(segment)) {
        log.onDamaged(segment.use());
        found.add(new Damaged(finding.get(), new Slot(lastSlot)));
        // The log may be cut behind it already.
        writer.wake();
      }
      pace.accept(segment.end());
    }
    return found;
  }

  /**
   * Reads again what the directory has two of each: the files with its identity and those with the
   * promise. One that is not what was written any more is told, and written again: at once, or with
   * the writer's next turn. Blocks for the disk.
   *
   * @throws JournalRefusedException if a newer program wrote one: it is left alone
   */
  public List<Finding> scrubCopies() throws IOException {
    List<Finding> findings = IdentityFiles.scrub(disk, identity);
    List<Finding> ofPromises = log.scrubPromises();
    if (!ofPromises.isEmpty()) {
      findings.addAll(ofPromises);
      writer.wake();
    }
    return findings;
  }

  private Optional<Finding> scrub(Segment.Full segment) throws IOException {
    if (!disk.list().contains(segment.name())) {
      return Optional.of(
          new Finding(Finding.Kind.DAMAGED, segment.name(), 0, "the file is not there any more"));
    }
    List<Finding> unreadable = new ArrayList<>();
    ByteBuffer bytes = LogFiles.load(disk, segment.name(), segment.end(), unreadable);
    if (!unreadable.isEmpty()) {
      return Optional.of(unreadable.get(0));
    }
    List<SegmentScan.Gap> gaps =
        SegmentScan.full(bytes, new SegmentScan.Known(segment.use(), mark, 0, 0), segment.end())
            .gaps();
    return gaps.stream()
        .findFirst()
        .map(
            gap ->
                new Finding(
                    Finding.Kind.DAMAGED,
                    segment.name(),
                    gap.from(),
                    (gap.to() - gap.from()) + " bytes are not what was written"));
  }

  private void throwIfFailed() throws IOException {
    Throwable first = failure;
    if (first != null) {
      throw new IOException("the journal failed before: " + first.getMessage(), first);
    }
  }

  private synchronized void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
      onDurable.run();
    }
  }

  /** Closes the files, writing nothing. Nothing else may be called then, by any thread. */
  @Override
  public void close() throws IOException {
    log.close();
  }
}
