package io.synod.paxos;

/**
 * The number of a server in its cluster, from 0: its place in the founding list, or the one it was
 * given when it joined.
 */
public record ServerId(int number) implements Comparable<ServerId> {
  public ServerId {
    if (number < 0) {
      throw new IllegalArgumentException("a server id is 0 or more, not " + number);
    }
  }

  @Override
  public int compareTo(ServerId other) {
    return Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return "s" + number;
  }
}
