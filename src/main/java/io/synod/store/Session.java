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

  /** By sequence modulo length: the revision of the result, or {@link #NOTHING}. */
  private long[] revisions = new long[FIRST_PLACES];

  /** The sum of the hashes of all that is remembered. */
  private long resultsHash;

  /** How many results are remembered. */
  private int results;

  static final long NOTHING = 0;

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
    copy.revisions = revisions.clone();
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
      if (revisions[place] != NOTHING) {
        resultsHash -= resultHash(closed, revisions[place]);
        revisions[place] = NOTHING;
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

  /** The revision of a command's result, or {@link #NOTHING}. Not for closed sequences. */
  long remembered(long sequence) {
    return sequence < end ? revisions[place(sequence)] : NOTHING;
  }

  /** Remembers a result. The sequence is open, in the window, and has none yet. */
  void remember(long sequence, long revision) {
    if (sequence - lowestOpen >= revisions.length) {
      grow(sequence);
    }
    revisions[place(sequence)] = revision;
    resultsHash += resultHash(sequence, revision);
    results++;
    end = Math.max(end, sequence + 1);
  }

  long hash() {
    long hash = Mix.mix(id, server.number());
    hash = Mix.mix(hash, Mix.mix(run.getMostSignificantBits(), run.getLeastSignificantBits()));
    return Mix.mix(Mix.mix(hash, lowestOpen), resultsHash);
  }

  private void grow(long sequence) {
    int places = revisions.length;
    while (sequence - lowestOpen >= places) {
      places *= 2;
    }
    long[] larger = new long[places];
    for (long open = lowestOpen; open < end; open++) {
      larger[(int) (open & (places - 1))] = revisions[place(open)];
    }
    revisions = larger;
  }

  private static long resultHash(long sequence, long revision) {
    return Mix.mix(sequence, revision);
  }

  private int place(long sequence) {
    return (int) (sequence & (revisions.length - 1));
  }
}
