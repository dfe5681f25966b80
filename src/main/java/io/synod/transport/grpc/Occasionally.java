package io.synod.transport.grpc;

import java.util.concurrent.TimeUnit;

/** Keeps what a peer can bring about at will from filling the log. One thread. */
final class Occasionally {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

  private boolean used;
  private long lastNanos;
  private String lastText = "";

  /** Whether to log {@code text} now: it is new, or was last logged a while ago. */
  boolean isDue(String text) {
    long now = System.nanoTime();
    if (used && text.equals(lastText) && now - lastNanos < INTERVAL_NANOS) {
      return false;
    }
    used = true;
    lastNanos = now;
    lastText = text;
    return true;
  }

  /** Whether to log now, whatever the text. */
  boolean isDue() {
    return isDue("");
  }
}
