package io.synod.node;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The thread that turns a node in production: it parks when there is nothing to do and never spins,
 * since servers share cores.
 *
 * <p>{@link #wake} may be called by any thread, often: only one that finds the driver asleep pays
 * for it.
 */
public final class DriverThread {
  private final String name;
  private final Consumer<Throwable> onFatal;
  private @Nullable Thread thread;
  private volatile boolean stopped;
  private volatile boolean signalled;
  private volatile boolean asleep;

  /**
   * @param onFatal told what left a turn; the process must end, since the protocol's state is not
   *     to be trusted any more
   */
  public DriverThread(String name, Consumer<Throwable> onFatal) {
    this.name = name;
    this.onFatal = onFatal;
  }

  /**
   * Starts turning.
   *
   * @param turn one duty cycle; returns whether there was anything to do
   * @param restNanos how long to rest after one that found nothing
   * @param atEnd runs on the driver's thread when it was asked to stop
   */
  public void start(BooleanSupplier turn, LongSupplier restNanos, Runnable atEnd) {
    Thread started =
        new Thread(
            () -> {
              try {
                run(turn, restNanos);
                atEnd.run();
              } catch (Throwable fatal) {
                onFatal.accept(fatal);
              }
            },
            name);
    thread = started;
    started.start();
  }

  private void run(BooleanSupplier turn, LongSupplier restNanos) {
    while (!stopped) {
      signalled = false;
      if (turn.getAsBoolean()) {
        continue;
      }
      long rest = restNanos.getAsLong();
      asleep = true;
      if (!signalled && !stopped && rest > 0) {
        LockSupport.parkNanos(this, rest);
      }
      asleep = false;
    }
  }

  /** There is work. Any thread. */
  public void wake() {
    if (!signalled) {
      signalled = true;
      if (asleep) {
        LockSupport.unpark(thread);
      }
    }
  }

  /** Asks it to stop after its present turn, and waits for that for at most so long. */
  public void stop(long timeoutMillis) throws InterruptedException {
    stopped = true;
    Thread running = thread;
    if (running != null) {
      LockSupport.unpark(running);
      running.join(timeoutMillis);
    }
  }
}
