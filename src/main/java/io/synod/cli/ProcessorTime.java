package io.synod.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** The processor time that processes have used, from /proc. */
final class ProcessorTime {
  /** Linux counts in hundredths of a second towards programs, whatever the kernel's own tick. */
  private static final long MICROS_PER_TICK = 10_000;

  private final List<Long> pids;
  private final OptionalLong before;

  private ProcessorTime(List<Long> pids) {
    this.pids = pids;
    this.before = ticks(pids);
  }

  /** As of now. */
  static ProcessorTime of(List<Long> pids) {
    return new ProcessorTime(pids);
  }

  /** Used by all of them since; empty if there is none, one has ended, or there is no /proc. */
  OptionalLong sinceMicros() {
    OptionalLong now = ticks(pids);
    return before.isPresent() && now.isPresent()
        ? OptionalLong.of((now.getAsLong() - before.getAsLong()) * MICROS_PER_TICK)
        : OptionalLong.empty();
  }

  private static OptionalLong ticks(List<Long> pids) {
    long sum = 0;
    for (long pid : pids) {
      try {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The second field is the name, in parentheses, and may hold anything.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        sum += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
      } catch (IOException e) {
        return OptionalLong.empty();
      }
    }
    return pids.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sum);
  }
}
