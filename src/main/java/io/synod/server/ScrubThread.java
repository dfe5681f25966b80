package io.synod.server;

import io.synod.journal.Finding;
import io.synod.journal.Journal;
import io.synod.node.Node;
import io.synod.paxos.Slot;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads again, slowly and over and over, what lies on the disk: the copies of identity and promise,
 * segments that are written no more, the newest snapshot, and a database. What is damaged is
 * reported with file and place, and replaced from what the process has in memory, before a restart
 * would need it.
 */
final class ScrubThread {
  private static final Logger LOG = LoggerFactory.getLogger(ScrubThread.class);
  private static final long NAP_MILLIS = 200;

  private final Scrubbed scrubbed;
  private final Repair repair;
  private final Pace pace;
  private final Consumer<String> report;
  private final Thread thread;
  private volatile boolean stopping;

  /** What is read. */
  record Scrubbed(Journal journal, Snapshots snapshots, KeyValueStore store) {}

  /** How much is read in a second, and how long a rest there is between two rounds. */
  record Pace(long bytesASecond, long roundMillis) {
    static final Pace USUAL =
        new Pace(
            Long.getLong("synod.scrub.bytesASecond", 4L << 20),
            Long.getLong("synod.scrub.roundMillis", 600_000));
  }

  /**
   * What is done about damage; all called by this thread.
   *
   * @param replaceLogUpTo the journal cannot be read up to this slot
   * @param replaceSnapshot the newest snapshot was damaged, and is set aside
   * @param startAnew stops the server and starts it again: what a database lost is not in memory
   */
  record Repair(Consumer<Slot> replaceLogUpTo, Runnable replaceSnapshot, Runnable startAnew) {}

  /**
   * @param report told what is damaged, and what is done about it
   */
  ScrubThread(Scrubbed scrubbed, Repair repair, Pace pace, Consumer<String> report) {
    this.scrubbed = scrubbed;
    this.repair = repair;
    this.pace = pace;
    this.report = report;
    this.thread = new Thread(this::run, "synod-scrub");
    thread.setDaemon(true);
  }

  /** Begins to read what a server has, at the usual pace. */
  static ScrubThread start(Scrubbed scrubbed, Node node, Runnable startAnew) {
    Repair repair = new Repair(node::replaceLogUpTo, node::replaceSnapshot, startAnew);
    ScrubThread scrub =
        new ScrubThread(scrubbed, repair, Pace.USUAL, what -> LOG.error("scrub: {}", what));
    scrub.start();
    return scrub;
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

  private interface Part {
    void scrub() throws IOException;
  }

  /** Ends the reading in the middle: the server stops, and is about to close what is read. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stopped() {
      super(
          "the scrub is stopped",
          null,
          /* enableSuppression= */ true,
          /* writableStackTrace= */ false);
    }
  }

  private void run() {
    while (!stopping) {
      rest(pace.roundMillis());
      scrub("the copies of identity and promise", this::scrubCopies);
      scrub("the journal", this::scrubJournal);
      scrub("the newest snapshot", this::scrubSnapshot);
      scrub("the database", this::scrubStore);
    }
  }

  /** One that fails does not keep the others from being read. */
  private void scrub(String what, Part part) {
    if (stopping) {
      return;
    }
    try {
      part.scrub();
    } catch (Stopped e) {
      // Of what is left, and of what was found so far, the next start or its scrub tells.
    } catch (IOException | RuntimeException e) {
      // Reading on the side must not end a server that serves: the journal's failures do that.
      if (!stopping) {
        // What is closed in the middle cannot be read either, and is no failure.
        report.accept(what + " could not be read to the end: " + e.getMessage());
      }
    }
  }

  private void scrubCopies() throws IOException {
    for (Finding finding : scrubbed.journal().scrubCopies()) {
      report.accept(finding.toString());
    }
  }

  private void scrubJournal() throws IOException {
    for (Journal.Damaged damaged : scrubbed.journal().scrub(this::pace)) {
      report.accept(damaged.finding() + "; a snapshot takes its place");
      repair.replaceLogUpTo().accept(damaged.lastSlot());
    }
  }

  private void scrubSnapshot() throws IOException {
    Optional<String> refused = scrubbed.snapshots().scrub(this::pace);
    if (refused.isPresent()) {
      report.accept(refused.get() + "; set aside, another snapshot is written");
      repair.replaceSnapshot().run();
    }
  }

  private void scrubStore() throws IOException {
    Optional<String> damaged = scrubbed.store().scrub(this::pace);
    if (damaged.isPresent()) {
      report.accept(damaged.get() + "; the state is fetched from the other servers");
      scrubbed.store().distrust(damaged.get());
      repair.startAnew().run();
      stopping = true;
    }
  }

  private void pace(long bytes) {
    rest(TimeUnit.SECONDS.toMillis(1) * bytes / pace.bytesASecond());
    if (stopping) {
      throw new Stopped();
    }
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
