package io.synod.node;

import io.synod.node.NodeSettings.DiskMarks;
import io.synod.paxos.ServerId;
import io.synod.transport.DiskLevel;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * How much room this server's own disk has. Others fill it too, so that it is looked at again and
 * again; a level is left only when there is clearly more room than it was entered with. Driver
 * thread only.
 */
final class OwnDisk {
  private static final double MIB = 1 << 20;

  private final DiskMarks marks;
  private final String name;
  private final LongSupplier freeBytes;
  private final Needs needs;
  private final Consumer<String> warn;
  private DiskLevel level = DiskLevel.ENOUGH;
  private String words = "";

  /** What the store needs on the disk for itself. */
  interface Needs {
    /** About how much it takes to write the state anew, beside what is there. */
    long rewriteBytes();

    /** Whether that is being done, so that a part of it is taken already. */
    boolean isRewriting();
  }

  /**
   * @param freeBytes as of a moment ago; does not block
   * @param warn told of each change
   */
  OwnDisk(
      DiskMarks marks, ServerId self, LongSupplier freeBytes, Needs needs, Consumer<String> warn) {
    this.marks = marks;
    this.name = "the disk of server " + self.number();
    this.freeBytes = freeBytes;
    this.needs = needs;
    this.warn = warn;
  }

  DiskLevel level() {
    return level;
  }

  /** The figures and what to do, as of the last look; empty if there is enough. */
  String words() {
    return words;
  }

  /** Looks, and says so if it is another level; returns whether it is. */
  boolean look() {
    if (marks.floorBytes() == 0) {
      return false;
    }
    long free = freeBytes.getAsLong();
    long rewrite = needs.isRewriting() ? 0 : needs.rewriteBytes();
    DiskLevel now = levelOf(free, rewrite);
    if (needs.isRewriting() && now.compareTo(level) < 0) {
      // Nobody knows how much of what it takes is taken already: easier only when it is done.
      now = level;
    }
    boolean changed = now != level;
    boolean isWarning = now.compareTo(level) > 0 || now.compareTo(DiskLevel.SHORT) >= 0;
    level = now;
    words = level == DiskLevel.ENOUGH ? "" : words(free, rewrite);
    if (changed) {
      warn.accept(
          isWarning
              ? words
              : name + " has room again: " + free(free) + "; puts are taken, as far as it goes");
    }
    return changed;
  }

  private DiskLevel levelOf(long free, long rewrite) {
    for (DiskLevel each : new DiskLevel[] {DiskLevel.FULL, DiskLevel.SHORT, DiskLevel.LOW}) {
      long ease = level.compareTo(each) >= 0 ? marks.lastBytes() : 0;
      if (free < mark(each, rewrite) + ease) {
        return each;
      }
    }
    return DiskLevel.ENOUGH;
  }

  /** Below which it is this level. */
  private long mark(DiskLevel each, long rewrite) {
    return switch (each) {
      case ENOUGH -> Long.MAX_VALUE;
      case LOW -> marks.warnBytes() + rewrite;
      case SHORT -> marks.floorBytes() + rewrite;
      case FULL -> marks.lastBytes();
    };
  }

  private String words(long free, long rewrite) {
    long floor = mark(DiskLevel.SHORT, rewrite);
    String until = mebibytes(floor + marks.lastBytes());
    String what =
        switch (level) {
          case ENOUGH, LOW -> " is getting full: ";
          case SHORT -> " is nearly full: ";
          case FULL -> " is full but for a last reserve: ";
        };
    String then =
        switch (level) {
          case ENOUGH, LOW -> "puts are refused with less than " + mebibytes(floor);
          case SHORT ->
              "puts are refused until " + until + " are free, deletes are taken meanwhile";
          case FULL ->
              "all writes are refused until "
                  + mebibytes(2 * marks.lastBytes())
                  + " are free, and puts until there are "
                  + until;
        };
    return name
        + what
        + free(free)
        + "; "
        + then
        + ": disk_floor_mib "
        + (marks.floorBytes() >> 20)
        + ", and "
        + mebibytes(rewrite)
        + " to write the state anew; make room there, and it goes on by itself";
  }

  private String free(long free) {
    return mebibytes(free) + " are free for " + marks.directory();
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f MiB", bytes / MIB);
  }
}
