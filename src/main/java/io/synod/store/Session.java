package io.synod.store;

import io.synod.paxos.ServerId;
import java.util.UUID;

/** A session and the results that it remembers. Driver's thread only. */
public final class Session {
  /**
   * How far above its lowest open sequence a session remembers results. The same on every server,
   * since it decides what is applied; a server's bound on requests under way must not be above it.
   */
  public static final int WINDOW_SEQUENCES = 1 << 16;

  private static final int FIRST_PLACES = 64;

  private final long id;
  private final ServerId server;
  private final UUID run;
  private long lowestOpen = 1;

  /** Nothing is remembered from here on. Invariant: from lowestOpen to lowestOpen + window. */
  private long end = 1;

  /** By sequence modulo length: the outcome of the command, or {@link #NOTHING}. */
  private long[] outcomes = new long[FIRST_PLACES];

  /** The sum of the hashes of all that is remembered. */
  private long resultsHash;

  /** How many results are remembered. */
  private int results;

  static final long NOTHING = 0;

  /**
   * Outcomes that are no outcomes: {@link Result.AlreadyCompacted}, {@link Result.FutureRevision}.
   */
  static final long ALREADY_COMPACTED = -1;

  static final long FUTURE_REVISION = -2;

  Session(long id, ServerId server, UUID run) {
    this.id = id;
    this.server = server;
    this.run = run;
  }

  /** A copy that stays as it is; quick. */
  Session copy() {
    Session copy = new Session(id, server, run);
    copy.lowestOpen = lowestOpen;
    copy.end = end;
    copy.outcomes = outcomes.clone();
    copy.resultsHash = resultsHash;
    copy.results = results;
    return copy;
  }

  long id() {
    return id;
  }

  ServerId server() {
    return server;
  }

  UUID run() {
    return run;
  }

  long lowestOpen() {
    return lowestOpen;
  }

  long end() {
    return end;
  }

  /** Forgets the results below {@code sequence}, if it is above the lowest open one. */
  void closeBelow(long sequence) {
    if (sequence <= lowestOpen) {
      return;
    }
    for (long closed = lowestOpen; closed < Math.min(sequence, end); closed++) {
      int place = place(closed);
      if (outcomes[place] != NOTHING) {
        resultsHash -= resultHash(closed, outcomes[place]);
        outcomes[place] = NOTHING;
        results--;
      }
    }
    lowestOpen = sequence;
    end = Math.max(end, sequence);
  }

  int results() {
    return results;
  }

  boolean isInWindow(long sequence) {
    return sequence - lowestOpen < WINDOW_SEQUENCES;
  }

  /** The result that an outcome stands for: a revision, or one of the others. */
  static Result result(long outcome) {
    if (outcome == ALREADY_COMPACTED) {
      return new Result.AlreadyCompacted();
    }
    return outcome == FUTURE_REVISION ? new Result.FutureRevision() : new Result.Done(outcome);
  }

  /** The outcome of a command, or {@link #NOTHING}. Not for closed sequences. */
  long remembered(long sequence) {
    return sequence < end ? outcomes[place(sequence)] : NOTHING;
  }

  /** Remembers a result. The sequence is open, in the window, and has none yet. */
  void remember(long sequence, long outcome) {
    if (sequence - lowestOpen >= outcomes.length) {
      grow(sequence);
    }
    outcomes[place(sequence)] = outcome;
    resultsHash += resultHash(sequence, outcome);
    results++;
    end = Math.max(end, sequence + 1);
  }

  long hash() {
    long hash = Mix.mix(id, server.number());
    hash = Mix.mix(hash, Mix.mix(run.getMostSignificantBits(), run.getLeastSignificantBits()));
    return Mix.mix(Mix.mix(hash, lowestOpen), resultsHash);
  }

  private void grow(long sequence) {
    int places = outcomes.length;
    while (sequence - lowestOpen >= places) {
      places *= 2;
    }
    long[] larger = new long[places];
    for (long open = lowestOpen; open < end; open++) {
      larger[(int) (open & (places - 1))] = outcomes[place(open)];
    }
    outcomes = larger;
  }

  private static long resultHash(long sequence, long outcome) {
    return Mix.mix(sequence, outcome);
  }

  private int place(long sequence) {
    return (int) (sequence & (outcomes.length - 1));
  }
}
