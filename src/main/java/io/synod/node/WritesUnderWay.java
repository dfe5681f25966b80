package io.synod.node;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The writes of this server's session that are not answered, by sequence. Sequences are given out
 * in order; below the lowest open one all are answered or given up, which every later command says
 * (protocol-rules.md, 9). Driver thread only.
 */
final class WritesUnderWay {

  /** A write and how far it got. */
  static final class Write {
    private final ClientRequest request;
    private final long sequence;
    private long sentAtNanos = NEVER;
    private long round = NEVER;

    Write(ClientRequest request, long sequence) {
      this.request = request;
      this.sequence = sequence;
    }

    ClientRequest request() {
      return request;
    }

    long sequence() {
      return sequence;
    }

    /**
     * Whether it ever left for a coordinator: from then on it may be chosen whatever happens here.
     */
    boolean wasSent() {
      return sentAtNanos != NEVER;
    }

    long sentAtNanos() {
      return sentAtNanos;
    }

    /** Whether it left in this round of sending, and so lately that an answer may still come. */
    boolean isUnderWay(long sendingRound, long nowNanos, long retryNanos) {
      return round == sendingRound && nowNanos - sentAtNanos < retryNanos;
    }

    void onSent(long sendingRound, long nowNanos) {
      round = sendingRound;
      sentAtNanos = nowNanos;
    }
  }

  private static final long NEVER = Long.MIN_VALUE;

  private final @Nullable Write[] ring;
  private long lowestOpen = 1;
  private long next = 1;
  private int count;

  /**
   * @param capacity how far apart the lowest and the highest open sequence may be; a power of two
   */
  WritesUnderWay(int capacity) {
    this.ring = new Write[capacity];
  }

  boolean isFull() {
    return next - lowestOpen >= ring.length;
  }

  int count() {
    return count;
  }

  long lowestOpen() {
    return lowestOpen;
  }

  /** The sequence after the last that was given out. */
  long next() {
    return next;
  }

  Write add(ClientRequest request) {
    Write write = new Write(request, next++);
    ring[place(write.sequence())] = write;
    count++;
    return write;
  }

  Optional<Write> at(long sequence) {
    if (sequence < lowestOpen || sequence >= next) {
      return Optional.empty();
    }
    return Optional.ofNullable(ring[place(sequence)]);
  }

  /** It is answered or given up. */
  Optional<Write> remove(long sequence) {
    Optional<Write> write = at(sequence);
    if (write.isPresent()) {
      ring[place(sequence)] = null;
      count--;
      while (lowestOpen < next && ring[place(lowestOpen)] == null) {
        lowestOpen++;
      }
    }
    return write;
  }

  private int place(long sequence) {
    return (int) (sequence & (ring.length - 1));
  }
}
