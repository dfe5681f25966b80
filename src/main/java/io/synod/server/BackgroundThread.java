package io.synod.server;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what blocks for the disk, one piece of work after the other. Any thread may begin one. */
final class BackgroundThread {
  private static final Logger LOG = LoggerFactory.getLogger(BackgroundThread.class);

  private final Consumer<Throwable> onFailure;
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(BackgroundThread::daemon);

  /**
   * @param onFailure told, by this thread, what a piece of work threw
   */
  BackgroundThread(Consumer<Throwable> onFailure) {
    this.onFailure = onFailure;
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "synod-background");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Has it do this, and returns at once. After {@link #end} it is dropped: a driver that was in the
   * middle of a turn when the server stopped may still begin some, and nobody waits for it.
   */
  void begin(Runnable work) {
    try {
      executor.execute(() -> run(work));
    } catch (RejectedExecutionException e) {
      LOG.info("dropping work in the background: the server stops");
    }
  }

  private void run(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      onFailure.accept(e);
    }
  }

  /**
   * Waits for what was begun, and takes no more.
   *
   * @param millis when they have passed, what has not begun is dropped, and what has is given as
   *     long again
   */
  void end(long millis) throws InterruptedException {
    executor.shutdown();
    if (!executor.awaitTermination(millis, TimeUnit.MILLISECONDS)) {
      LOG.info("dropping {} pieces of work in the background", executor.shutdownNow().size());
      boolean unused = executor.awaitTermination(millis, TimeUnit.MILLISECONDS);
    }
  }

  /** Drops what has not begun, interrupts what has, and does not wait. */
  void close() {
    var unused = executor.shutdownNow();
  }
}
