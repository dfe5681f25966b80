package io.synod.cli;

import io.synod.client.ClusterStatus;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Tells a person for what a command waits, once it has waited for a while. Made when the command
 * begins, ended with it.
 */
final class LongWait {
  private static final long SILENCE_MILLIS = 2_000;

  private final Output output;
  private final CompletableFuture<Void> saying;
  private boolean over;

  /** Its word is asked for of whichever server answers. */
  LongWait(SynodClient client, Output output) {
    this.output = output;
    Executor later = CompletableFuture.delayedExecutor(SILENCE_MILLIS, TimeUnit.MILLISECONDS);
    this.saying = CompletableFuture.runAsync(() -> ask(client), later);
  }

  private void ask(SynodClient client) {
    ClusterStatus status;
    try {
      status = client.status();
    } catch (SynodException e) {
      return; // The command ends with the same words.
    }
    say(words(status));
  }

  /** What keeps a command from being done, as far as this status tells. */
  static String words(ClusterStatus status) {
    String server = "server " + status.server().id();
    String why =
        status.waitingFor().isPresent()
            ? server + ": " + status.waitingFor().get()
            : status.coordination().heard() || status.members().isEmpty()
                ? server + " hears the coordinator"
                : server + " hears no coordinator, quorum " + StatusTable.quorum(status);
    return "no answer yet: " + why + "; Ctrl-C ends the wait";
  }

  private synchronized void say(String text) {
    if (!over) {
      output.aside(text);
    }
  }

  /** The command ended: nothing is said from now on. */
  synchronized void end() {
    over = true;
    boolean unused = saying.cancel(/* mayInterruptIfRunning= */ false);
  }
}
