package io.synod.paxos;

/**
 * A proposal number (Lamport, "Paxos Made Simple", section 2.2): ordered by round, then by server,
 * so that no two servers share one. A server never uses one twice, across restarts too.
 */
public record Ballot(long round, ServerId server) implements Comparable<Ballot> {
  /** Below every ballot that is ever used; the promise of an acceptor that made none. */
  public static final Ballot LOWEST = new Ballot(0, new ServerId(0));

  /** No honest server gets near this round; a message that names a higher one is refused. */
  public static final long MAX_ROUND = 1L << 62;

  public Ballot {
    if (round < 0 || round > MAX_ROUND) {
      throw new IllegalArgumentException("a ballot's round is 0 to 2^62, not " + round);
    }
  }

  /** The lowest ballot of {@code by} that is above this one. */
  public Ballot next(ServerId by) {
    return new Ballot(Math.addExact(round, 1), by);
  }

  public boolean isAbove(Ballot other) {
    return compareTo(other) > 0;
  }

  public boolean isBelow(Ballot other) {
    return compareTo(other) < 0;
  }

  /** The higher of the two. */
  public static Ballot max(Ballot a, Ballot b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  @Override
  public int compareTo(Ballot other) {
    int byRound = Long.compare(round, other.round);
    return byRound != 0 ? byRound : server.compareTo(other.server);
  }

  @Override
  public String toString() {
    return "b" + round + "." + server.number();
  }
}
