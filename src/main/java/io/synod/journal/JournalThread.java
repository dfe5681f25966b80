package io.synod.journal;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Runs a journal in a real process: one thread that writes, woken when somebody waits for a sync,
 * and one that works ahead when there is time.
 *
 * <p>Neither is ever interrupted: that would close the files under them.
 */
public final class JournalThread {
  /** A start is not held up by work ahead of it. */
  private static final long FIRST_PREPARE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Between two pieces of work, so that the writer's syncs do not queue behind them. */
  private static final long PREPARE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final long PREPARE_IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** How often it is looked how much room is left, besides after each piece that is filled. */
  private static final long MEASURE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Journal journal;
  private final Consumer<Throwable> onFailure;
  private final Thread writer;
  private final Thread preparer;

  private volatile State state = State.AWAKE;

  /** What the writer does or is about to do. */
  private enum State {
    AWAKE,
    /** It waits for at most {@link Journal#REST_NANOS}. */
    RESTING,
    /** It waits until it is woken. */
    ASLEEP
  }

  private volatile boolean stopping;

  private final AtomicBoolean told = new AtomicBoolean();

  /**
   * Makes both threads; {@link #start} comes next.
   *
   * @param name goes into their names
   * @param onFailure called once, by the thread that met the failure; the process has to end, and
   *     must not stop this to do so
   */
  public JournalThread(Journal journal, String name, Consumer<Throwable> onFailure) {
    this.journal = journal;
    this.onFailure = onFailure;
    this.writer = new Thread(this::runWriter, "synod-journal-" + name);
    this.preparer = new Thread(this::runPreparer, "synod-journal-ahead-" + name);
    preparer.setDaemon(true);
  }

  /** Starts both threads. Once. */
  public void start() {
    journal.setWriter(new Woken());
    writer.start();
    preparer.start();
  }

  private final class Woken implements Journal.Writer {
    @Override
    public void appended() {
      if (state == State.ASLEEP) {
        LockSupport.unpark(writer);
      }
    }

    @Override
    public void wake() {
      if (state != State.AWAKE) {
        LockSupport.unpark(writer);
      }
    }
  }

  private void runWriter() {
    try {
      while (!stopping) {
        if (journal.isSyncRequested()) {
          journal.write();
        } else {
          await();
        }
      }
      while (journal.write()) {
        // What nobody waited for, and in the end the note that all is synced.
      }
    } catch (IOException | RuntimeException | Error e) {
      tell(e);
    }
  }

  private void tell(Throwable failure) {
    if (told.compareAndSet(false, true)) {
      onFailure.accept(failure);
    }
  }

  /**
   * After a moment without a request it writes what nobody waits for; after another it notes that
   * all is synced, which costs two syncs.
   */
  private void await() throws IOException {
    state = State.RESTING;
    if (!journal.isSettled() && !journal.isSyncRequested() && !stopping) {
      LockSupport.parkNanos(this, Journal.REST_NANOS);
      if (!journal.isSyncRequested() && !stopping) {
        state = State.AWAKE;
        do {
          journal.write();
        } while (journal.hasRecords());
      }
    } else if (!stopping) {
      sleep();
    }
    state = State.AWAKE;
  }

  private void sleep() {
    state = State.ASLEEP;
    if (!journal.hasRecords() && !stopping) {
      LockSupport.park(this);
    }
  }

  private void runPreparer() {
    try {
      journal.measure();
      long measuredNanos = System.nanoTime();
      LockSupport.parkNanos(this, FIRST_PREPARE_NANOS);
      while (!stopping) {
        boolean more = journal.prepare();
        if (more || System.nanoTime() - measuredNanos >= MEASURE_NANOS) {
          measuredNanos = System.nanoTime();
          journal.measure();
        }
        LockSupport.parkNanos(this, more ? PREPARE_PAUSE_NANOS : PREPARE_IDLE_NANOS);
      }
    } catch (IOException | RuntimeException | Error e) {
      tell(e);
    }
  }

  /**
   * Writes and syncs what was appended, ends the threads and closes the journal. Blocks. Not for
   * the journal's own threads, and not after a failure.
   *
   * @throws InterruptedException if the caller is interrupted while it waits
   */
  public void stop() throws IOException, InterruptedException {
    stopping = true;
    LockSupport.unpark(writer);
    LockSupport.unpark(preparer);
    writer.join();
    preparer.join();
    journal.close();
  }
}
