package io.synod.node;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns a node in production, on a loop of one thread that also reads and writes sockets: what came
 * from them is turned over together once all of it is read, what leaves is written by the same
 * thread, and nothing is handed from one thread to another in between.
 *
 * <p>{@link #wake} may be called by any thread, often: of all calls before the next turn one pays.
 */
public final class DriverLoop {
  private final ScheduledExecutorService loop;
  private final Consumer<Runnable> atEndOfRound;
  private final Consumer<Throwable> onFatal;
  private final Runnable dueTask = this::due;
  private final Runnable turnTask = this::runTurn;

  /** Whether a turn is due already. */
  private final AtomicBoolean signalled = new AtomicBoolean();

  private volatile @Nullable Driven driven;

  // The loop's own from here on.

  private boolean queued;

  private boolean stopped;

  private boolean timerSet;

  /** When the earliest timer that is set goes off. */
  private long timerAtNanos;

  private record Driven(BooleanSupplier turn, LongSupplier restNanos, Runnable atEnd) {}

  /**
   * @param loop of one thread, which must not end before {@link #stop}
   * @param atEndOfRound called on the loop: runs a task there after what it has read and was given
   *     to do; what comes of that task waits until the loop has read again
   * @param onFatal told what left a turn; the process must end, since the protocol's state is not
   *     to be trusted any more
   */
  public DriverLoop(
      ScheduledExecutorService loop, Consumer<Runnable> atEndOfRound, Consumer<Throwable> onFatal) {
    this.loop = loop;
    this.atEndOfRound = atEndOfRound;
    this.onFatal = onFatal;
  }

  /**
   * Starts turning. Once.
   *
   * @param turn one duty cycle; returns whether there was anything to do
   * @param restNanos how long to rest after one that found nothing
   * @param atEnd runs on the loop when it was asked to stop
   */
  public void start(BooleanSupplier turn, LongSupplier restNanos, Runnable atEnd) {
    driven = new Driven(turn, restNanos, atEnd);
    signalled.set(true);
    loop.execute(dueTask);
  }

  /** There is work. Any thread; nothing comes of it before the start. */
  public void wake() {
    if (driven != null && !signalled.get() && signalled.compareAndSet(false, true)) {
      try {
        loop.execute(dueTask);
      } catch (RejectedExecutionException e) {
        // The loop has ended, and the node with it.
        return;
      }
    }
  }

  /**
   * A turn comes only after the loop has read: after it was held up, a turn that sees how much time
   * has passed must see what came meanwhile, or it takes the others for lost.
   */
  private void due() {
    if (!queued) {
      queued = true;
      atEndOfRound.accept(turnTask);
    }
  }

  private void runTurn() {
    Driven node = driven;
    queued = false;
    signalled.set(false);
    if (stopped || node == null) {
      return;
    }
    try {
      long rest = node.turn().getAsBoolean() ? 0 : node.restNanos().getAsLong();
      if (rest <= 0) {
        wake();
      } else {
        rest(rest);
      }
    } catch (Throwable fatal) {
      stopped = true;
      onFatal.accept(fatal);
    }
  }

  /** A timer that goes off too early costs an idle turn; one that is withdrawn would cost more. */
  private void rest(long nanos) {
    long at = System.nanoTime() + nanos;
    if (!timerSet || at - timerAtNanos < 0) {
      timerSet = true;
      timerAtNanos = at;
      var unused = loop.schedule(() -> onTimer(at), nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void onTimer(long at) {
    if (at == timerAtNanos) {
      timerSet = false;
    }
    due();
  }

  /**
   * Asks it to stop after its present turn, and waits for that for at most so long. Not on the
   * loop.
   *
   * @return whether it has ended
   */
  public boolean stop(long timeoutMillis) throws InterruptedException {
    try {
      loop.submit(this::end).get(timeoutMillis, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException | RejectedExecutionException e) {
      // The end itself does not fail: it tells what it meets as fatal.
      return true;
    }
  }

  private void end() {
    Driven node = driven;
    if (stopped || node == null) {
      return;
    }
    stopped = true;
    try {
      node.atEnd().run();
    } catch (Throwable fatal) {
      onFatal.accept(fatal);
    }
  }
}
