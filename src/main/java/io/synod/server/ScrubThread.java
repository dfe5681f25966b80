package io.synod.server;

import io.synod.journal.Journal;
import io.synod.node.Node;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads again, slowly and over and over, what lies on the disk: segments that are written no more,
 * the newest snapshot, and a database. What is damaged is reported with file and place, and
 * replaced from what the process has in memory, before a restart would need it.
 */
final class ScrubThread {
  private static final Logger LOG = LoggerFactory.getLogger(ScrubThread.class);
  private static final long BYTES_A_SECOND = Long.getLong("synod.scrub.bytesASecond", 4L << 20);
  private static final long ROUND_MILLIS = Long.getLong("synod.scrub.roundMillis", 600_000);
  private static final long NAP_MILLIS = 200;

  private final Scrubbed scrubbed;
  private final Node node;
  private final Runnable startAnew;
  private final Thread thread;
  private volatile boolean stopping;

  /** What is read. */
  record Scrubbed(Journal journal, Snapshots snapshots, KeyValueStore store) {}

  /**
   * @param startAnew stops the server and starts it again: what a database lost is not in memory
   */
  ScrubThread(Scrubbed scrubbed, Node node, Runnable startAnew) {
    this.scrubbed = scrubbed;
    this.node = node;
    this.startAnew = startAnew;
    this.thread = new Thread(this::run, "synod-scrub");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Ends it soon; does not wait, and never interrupts it, which would close files under others. */
  void stop() {
    stopping = true;
  }

  /** Waits for the end; false if it did not come in time. */
  boolean awaitEnd(long millis) throws InterruptedException {
    thread.join(millis);
    return !thread.isAlive();
  }

  private void run() {
    while (!stopping) {
      rest(ROUND_MILLIS);
      try {
        if (!stopping) {
          scrub();
        }
      } catch (IOException | RuntimeException e) {
        // Reading on the side must not end a server that serves: the journal's failures do that.
        LOG.warn("the scrub of the data directory could not go on: {}", e.toString());
      }
    }
  }

  private void scrub() throws IOException {
    for (Journal.Damaged damaged : scrubbed.journal().scrub(this::pace)) {
      LOG.error("scrub: {}; a snapshot takes its place", damaged.finding());
      node.replaceLogUpTo(damaged.lastSlot());
    }
    Optional<String> refused = scrubbed.snapshots().scrub(this::pace);
    if (refused.isPresent()) {
      LOG.error("scrub: {}; set aside, another snapshot is written", refused.get());
      node.replaceSnapshot();
    }
    Optional<String> damaged = scrubbed.store().scrub(this::pace);
    if (damaged.isPresent()) {
      LOG.error("scrub: {}; the state is fetched from the other servers", damaged.get());
      scrubbed.store().distrust(damaged.get());
      startAnew.run();
      stopping = true;
    }
  }

  private void pace(long bytes) {
    rest(TimeUnit.SECONDS.toMillis(1) * bytes / BYTES_A_SECOND);
  }

  private void rest(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    long left = millis;
    while (!stopping && left > 0) {
      try {
        Thread.sleep(Math.min(NAP_MILLIS, left));
      } catch (InterruptedException e) {
        stopping = true;
      }
      left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    }
  }
}
