package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.store.Range;

/**
 * What a client asks of this server. An object of the caller's: the server's client service extends
 * it with what it needs to answer. Limits on keys and values are checked before it gets here.
 */
public abstract class ClientRequest {
  private final Operation operation;
  private final long deadlineNanos;
  private final long patienceNanos;

  /**
   * @param deadlineNanos on the driver's clock: answered before it passes
   */
  protected ClientRequest(Operation operation, long deadlineNanos) {
    this(operation, deadlineNanos, deadlineNanos);
  }

  /**
   * @param deadlineNanos on the driver's clock: answered before it passes
   * @param patienceNanos on the same: a write that no coordinator was sent by then is refused
   */
  protected ClientRequest(Operation operation, long deadlineNanos, long patienceNanos) {
    this.operation = operation;
    this.deadlineNanos = deadlineNanos;
    this.patienceNanos = patienceNanos;
  }

  public final Operation operation() {
    return operation;
  }

  public final long deadlineNanos() {
    return deadlineNanos;
  }

  public final long patienceNanos() {
    return patienceNanos;
  }

  /**
   * Answers, once. Called on the driver's thread: only notes the answer; {@link Answers#flush}
   * follows in the same turn.
   */
  protected abstract void answer(Answer answer);

  /** What is asked for. */
  public sealed interface Operation {
    /**
     * By how many bytes of keys and values the store may hold more after it. What makes it hold no
     * more is also done where there is no room, since room may come of it.
     */
    long growthBytes();

    /** Sets a key. */
    record Put(Bytes key, Bytes value) implements Operation {
      @Override
      public long growthBytes() {
        return (long) key.size() + value.size();
      }
    }

    /** Removes a key. */
    record Delete(Bytes key) implements Operation {
      @Override
      public long growthBytes() {
        return 0;
      }
    }

    /** Lets go of what keys were at revisions below this one. */
    record Compact(long revision) implements Operation {
      @Override
      public long growthBytes() {
        return 0;
      }
    }

    /** Reads a key. */
    record Get(Bytes key, ReadMode mode) implements Operation {
      @Override
      public long growthBytes() {
        return 0;
      }
    }

    /** Reads a page of a range; if its limits let no row through, counts all of it. */
    record Scan(Range range, ReadMode mode) implements Operation {
      @Override
      public long growthBytes() {
        return 0;
      }
    }
  }

  /** How fresh a read must be. */
  public enum ReadMode {
    /** Sees every write acknowledged before it began. */
    LINEARIZABLE,
    /**
     * The same as long as no two servers' clocks differ in speed by more than a tenth; the
     * coordinator asks nobody while its lease holds.
     */
    LEASE,
    /** What this server has applied, without asking anyone. */
    LOCAL
  }

  /** Flushes the answers of a turn, so that a batch wakes each network thread once. */
  public interface Answers {
    void flush();
  }
}
