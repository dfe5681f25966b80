package io.synod.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a server takes of its machine. Linux.
 *
 * @param heapBytes of live objects, after a collection
 * @param residentBytes of memory, as the operating system counts it
 * @param diskBytes of all its files, {@code journalBytes} of these in the journal
 */
record Footprint(long heapBytes, long residentBytes, long diskBytes, long journalBytes) {
  private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

  /** Has the process collect its garbage, which holds it up. */
  static Footprint of(long pid, Path java, Path directory)
      throws IOException, InterruptedException {
    return new Footprint(
        liveHeap(pid, java),
        resident(pid),
        bytesBelow(directory),
        bytesBelow(directory.resolve("journal")));
  }

  private static long liveHeap(long pid, Path java) throws IOException, InterruptedException {
    Process jcmd =
        new ProcessBuilder(
                List.of(
                    java.resolveSibling("jcmd").toString(),
                    Long.toString(pid),
                    "GC.class_histogram"))
            .redirectErrorStream(true)
            .start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = jcmd.waitFor();
    Matcher total = TOTAL.matcher(said);
    if (status != 0 || !total.find()) {
      throw new IOException("jcmd " + pid + " GC.class_histogram ended with " + status);
    }
    return Long.parseLong(total.group(1));
  }

  static long resident(long pid) throws IOException {
    Matcher found = RESIDENT.matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
    if (!found.find()) {
      throw new IOException("no VmRSS of process " + pid);
    }
    return Long.parseLong(found.group(1)) << 10;
  }

  /** All files, some of which may go meanwhile. */
  static long bytesBelow(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return 0;
    }
    while (true) {
      try (Stream<Path> files = Files.walk(directory)) {
        return files.mapToLong(Footprint::size).sum();
      } catch (UncheckedIOException e) {
        if (!(e.getCause() instanceof NoSuchFileException)) {
          throw e;
        }
      }
    }
  }

  private static long size(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
