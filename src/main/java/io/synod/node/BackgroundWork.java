package io.synod.node;

import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * What the driver has done in the background because it may block for the disk: one piece of work
 * after the other, each with a completion that the driver runs in its next turn. Driver thread, but
 * for {@link #inNextTurn}.
 */
final class BackgroundWork {
  private final Surroundings surroundings;
  private final ConcurrentLinkedQueue<Runnable> completions = new ConcurrentLinkedQueue<>();
  private long nowNanos;

  /** May block; returns what the driver runs when it is done. */
  interface Work {
    Runnable run() throws IOException;
  }

  BackgroundWork(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** Runs what came back; returns whether there was anything. */
  boolean turn(long now) {
    nowNanos = now;
    boolean any = false;
    Runnable completion;
    while ((completion = completions.poll()) != null) {
      any = true;
      completion.run();
    }
    return any;
  }

  /** The time of the last turn. */
  long nowNanos() {
    return nowNanos;
  }

  /**
   * Begins a piece of work.
   *
   * @param what it does, as in "could not write a snapshot"
   * @param onFailure told why in the driver's turn, after the disk failed and that was reported
   */
  void begin(String what, Work work, Consumer<String> onFailure) {
    surroundings.inBackground(
        () -> {
          inNextTurn(result(what, work, onFailure));
          surroundings.wake();
        });
  }

  /** The same where it does not matter why it failed. */
  void begin(String what, Work work, Runnable onFailure) {
    begin(what, work, why -> onFailure.run());
  }

  /** The same of what need not succeed. */
  void begin(String what, Work work) {
    begin(what, work, () -> {});
  }

  private Runnable result(String what, Work work, Consumer<String> onFailure) {
    try {
      return work.run();
    } catch (IOException e) {
      return () -> {
        String why = "could not " + what + ": " + e.getMessage();
        surroundings.warn(why);
        onFailure.accept(why);
      };
    }
  }

  /** Has the driver run this in its next turn; does not wake it. Any thread. */
  void inNextTurn(Runnable run) {
    completions.add(run);
  }
}
