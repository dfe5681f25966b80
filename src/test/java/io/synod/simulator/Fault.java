package io.synod.simulator;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The classes of faults: each seed switches a random subset on. */
enum Fault {
  LOSS,
  DUPLICATION,
  REORDERING,
  SLOW_LINK,
  FLAPPING_LINK,
  SPLIT,
  ONE_WAY_SPLIT,
  LINK_GRAPH,
  STREAM_BREAK,
  OVER_SIZE_LIMIT,
  CRASH,
  POWER_LOSS,
  CRASH_OF_ALL,
  LOST_DISK,
  LONG_STOP,
  STARVED_DRIVER,
  CLOCK_DRIFT,
  CLOCK_JUMP,
  FAIL_RATE,
  SUSPEND,
  SLOW_SYNC,
  STUCK_SYNC,
  FAILED_SYNC,
  FAILED_WRITE,
  DISK_FULL,
  FAILED_READ,
  BIT_ROT,
  UNREADABLE_SECTOR,
  SILENT_WRITE,
  CHANGED_OPTIONS,
  MEMBERSHIP,
  SNAPSHOT,
  /** No fault, but what some clusters do about them: voters follow who is there. */
  DYNAMIC_QUORUM,
  /** Nor this: of these, one votes alone where one other is left beside it. */
  LAST_VOTER,
  /** Nor this: some reads rely on leases, and clocks on not jumping. */
  LEASE_READS,
  /** Nor this: clients repeat what came to nothing, and wait less long for a coordinator. */
  CLIENT_RETRIES,
  /** Nor this: servers are started with newer releases, one after another. */
  UPGRADE,
  /** Nor this: some servers keep their rows in files of an engine. */
  ENGINE_FILES,
  /** Those files are damaged, and nothing else of the disk is. */
  ENGINE_DAMAGE,
  /** No fault either: some servers are witnesses. */
  WITNESS;

  /** What some clusters, clients and operators do, with faults or without. */
  static final Set<Fault> REMEDIES =
      Collections.unmodifiableSet(
          EnumSet.of(
              DYNAMIC_QUORUM,
              LAST_VOTER,
              LEASE_READS,
              CLIENT_RETRIES,
              UPGRADE,
              ENGINE_FILES,
              WITNESS));

  /** Of servers that keep their rows in files. */
  static final Set<Fault> OF_ENGINES =
      Collections.unmodifiableSet(EnumSet.of(ENGINE_FILES, ENGINE_DAMAGE));

  /** What came after the first seeds were noted, so that those without it mean what they meant. */
  static final Set<Fault> LATER =
      Collections.unmodifiableSet(
          EnumSet.of(ENGINE_FILES, ENGINE_DAMAGE, UPGRADE, LAST_VOTER, WITNESS));

  /**
   * Those that come at a moment, and are counted then; the others show by what they do all the
   * time.
   */
  static EnumSet<Fault> counted() {
    EnumSet<Fault> counted =
        EnumSet.complementOf(EnumSet.of(LOSS, DUPLICATION, REORDERING, CLOCK_DRIFT));
    counted.removeAll(REMEDIES);
    return counted;
  }

  /** Whether it destroys what was durable, so that good copies have to be planned for. */
  boolean damages() {
    return this == FAILED_READ
        || this == BIT_ROT
        || this == UNREADABLE_SECTOR
        || this == SILENT_WRITE
        || this == ENGINE_DAMAGE;
  }
}
