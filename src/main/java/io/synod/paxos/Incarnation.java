package io.synod.paxos;

import java.util.UUID;

/**
 * One life of a data directory: random, made when the directory is, gone with it. A vote belongs to
 * an incarnation, so that a server that lost its disk can never contradict what it said before.
 */
public record Incarnation(UUID id) implements Comparable<Incarnation> {
  /** Stands for a server that was never met: no directory has it. */
  public static final Incarnation NEVER_MET = new Incarnation(new UUID(0, 0));

  @Override
  public int compareTo(Incarnation other) {
    return id.compareTo(other.id);
  }

  @Override
  public String toString() {
    return id.toString().substring(0, 8);
  }
}
