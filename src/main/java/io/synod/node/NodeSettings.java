package io.synod.node;

import io.synod.store.Session;
import java.util.UUID;

/**
 * Bounds and timings of the driver.
 *
 * @param run this start of the server; its session for the calls that come without one is named by
 *     it
 * @param queueRequests how many client requests may wait or be under way; one more is refused. A
 *     power of two, at most {@link Session#WINDOW_SEQUENCES}: the results of all that is under way
 *     must be remembered (protocol-rules.md, 9)
 * @param queueBytes how many bytes of commands may wait at the coordinator; one that would exceed
 *     it is refused
 * @param inboxMessages how many messages of peers may wait
 * @param batchBytes about how large a batch may grow; one command alone may exceed it
 * @param batchCommands how many commands a batch may hold
 * @param retryNanos after which a forwarded command or a read request that had no answer is sent
 *     again
 * @param snapshots when they are taken, and what of the log is kept
 * @param history what of earlier revisions is kept
 * @param quotaBytes how much the store may hold before puts are refused
 * @param disk how much room there must be on the disk
 * @param failRate the chance that this server fails as an acceptor, on purpose
 * @param seed for the faults on purpose: the driver's only randomness
 */
public record NodeSettings(
    UUID run,
    int queueRequests,
    long queueBytes,
    int inboxMessages,
    int batchBytes,
    int batchCommands,
    long retryNanos,
    Snapshots snapshots,
    History history,
    long quotaBytes,
    DiskMarks disk,
    double failRate,
    long seed) {
  public NodeSettings {
    if (Integer.bitCount(queueRequests) != 1) {
      throw new IllegalArgumentException("queueRequests is a power of two, not " + queueRequests);
    }
    if (queueRequests > Session.WINDOW_SEQUENCES) {
      throw new IllegalArgumentException(
          "queueRequests is at most "
              + Session.WINDOW_SEQUENCES
              + ", as many results as a session remembers, not "
              + queueRequests);
    }
    checkFailRate(failRate);
  }

  /**
   * How much of earlier revisions is kept: the coordinator compacts what is beyond.
   *
   * @param millis so long, in log time
   * @param sizeBytes about so many bytes; when there are more, the older half goes
   */
  public record History(long millis, long sizeBytes) {
    /** Five minutes, in at most 256 MiB. */
    public static final History USUAL = new History(300_000, 256 << 20);

    public History {
      if (millis < 1 || sizeBytes < 1) {
        throw new IllegalArgumentException("a history of " + millis + " ms, " + sizeBytes + " B");
      }
    }
  }

  /**
   * How much room there must be on the disk, besides what the store needs to write its state anew.
   *
   * @param directory for messages to a person
   * @param warnBytes with less, a person is told
   * @param floorBytes with less, puts are refused; with a quarter of it, all writes; 0: neither
   */
  public record DiskMarks(String directory, long warnBytes, long floorBytes) {
    /** Nobody looks. */
    public static final DiskMarks NONE = new DiskMarks("", 0, 0);

    public DiskMarks {
      if (floorBytes < 0 || warnBytes < floorBytes) {
        throw new IllegalArgumentException(
            "a warning at " + warnBytes + " B before a floor of " + floorBytes + " B");
      }
    }

    /** With less, nothing of clients is written any more. */
    public long lastBytes() {
      return floorBytes / 4;
    }
  }

  /**
   * When snapshots are taken, how much of the log is kept, and how fast others are sent snapshots.
   *
   * @param everyBytes one is taken, or a store's own files are made durable, when so many bytes of
   *     the log were applied since; the next snapshot of a large one later
   * @param logBytes the log takes at most about so many, in memory and on disk, as long as
   *     snapshots can be written as fast as commands come
   * @param bytesASecond all other servers together are sent at most so many, and about so many are
   *     written of one that is not very large
   * @param helpNanos a member that was heard, or sent a piece of a snapshot, so lately may yet need
   *     the log, which is kept for it as long as it is within {@code logBytes}
   */
  public record Snapshots(long everyBytes, long logBytes, long bytesASecond, long helpNanos) {
    /** One is due after so many if nobody says otherwise and memory allows it. */
    public static final long USUAL_EVERY_BYTES = 32 << 20;

    /** The log is usually so many times as long as what a snapshot is due after. */
    public static final long USUAL_TIMES = 12;

    /** What is sent a second if nobody says otherwise. */
    public static final long USUAL_BYTES_A_SECOND = 64 << 20;

    /** How long the log is kept for a member that is not heard: a minute. */
    public static final long USUAL_HELP_NANOS = 60_000_000_000L;

    /**
     * This part of the log, at most, is what a snapshot is due after: the rest is for members that
     * go on by it, and for what comes while a snapshot is written.
     */
    private static final long PARTS = 3;

    public Snapshots {
      if (everyBytes < 1 || logBytes < 1 || bytesASecond < 1) {
        throw new IllegalArgumentException(
            "snapshots after " + everyBytes + " B, in " + logBytes + " B, at " + bytesASecond);
      }
      everyBytes = Math.max(1, Math.min(everyBytes, logBytes / PARTS));
    }

    /** One after so many bytes; all else is as usual for that. */
    public static Snapshots every(long bytes) {
      return new Snapshots(bytes, USUAL_TIMES * bytes, USUAL_BYTES_A_SECOND, USUAL_HELP_NANOS);
    }

    /** However large a snapshot is, the next is due after so many bytes of the log. */
    long mostBytes() {
      return Math.max(everyBytes, logBytes / PARTS);
    }
  }

  static double checkFailRate(double failRate) {
    if (!(failRate >= 0 && failRate <= 1)) {
      throw new IllegalArgumentException("a fail rate is from 0 to 1, not " + failRate);
    }
    return failRate;
  }

  /** The usual bounds. */
  public static NodeSettings usual(UUID run, double failRate, long seed) {
    return new NodeSettings(
        run,
        16_384,
        64 << 20,
        16_384,
        1 << 20,
        4_096,
        1_000_000_000L,
        Snapshots.every(Snapshots.USUAL_EVERY_BYTES),
        History.USUAL,
        Long.MAX_VALUE / 1_000,
        DiskMarks.NONE,
        failRate,
        seed);
  }
}
