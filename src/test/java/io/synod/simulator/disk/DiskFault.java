package io.synod.simulator.disk;

/** What a simulated disk can do wrong; each is counted. */
public enum DiskFault {
  /** A read fails and may succeed when repeated. */
  READ_FAILED,
  /** A write fails and nothing of it is there. */
  WRITE_FAILED,
  /** A write fails and a part of it is there. */
  WRITE_TORN,
  /**
   * A write was reported as done, was readable until the process ended, and never reached the
   * media.
   */
  WRITE_LOST,
  /** A write is reported as done and reaches the media in another place of the same file. */
  WRITE_MISDIRECTED,
  /** A sync fails: what it was to make durable stays readable and is lost with the power. */
  SYNC_FAILED,
  /** An operation on names (open, rename, delete, sync of the directory) fails. */
  NAME_FAILED,
  /** There is no room for a write. */
  FULL,
  /** A bit changed on the media. */
  BIT_FLIPPED,
  /** A sector cannot be read until it is written again. */
  SECTOR_UNREADABLE,
  /** The process ended; what was not synced is still readable. */
  CRASH,
  /** The power went; what was not synced is lost, wholly or in part. */
  POWER_LOSS
}
