package io.synod.paxos;

/** One instance of consensus, numbered from 1. */
public record Slot(long number) implements Comparable<Slot> {
  /** Before the first slot: the end of an empty prefix. */
  public static final Slot ZERO = new Slot(0);

  public Slot {
    if (number < 0) {
      throw new IllegalArgumentException("a slot is 0 or more, not " + number);
    }
  }

  public static Slot of(long number) {
    return new Slot(number);
  }

  public Slot next() {
    return new Slot(Math.addExact(number, 1));
  }

  /** The slot before this one; {@link #ZERO} has none. */
  public Slot previous() {
    return new Slot(number - 1);
  }

  public Slot plus(long slots) {
    return new Slot(Math.addExact(number, slots));
  }

  /** How many slots this one lies behind {@code other} (negative if in front of it). */
  public long minus(Slot other) {
    return number - other.number;
  }

  public boolean isAfter(Slot other) {
    return number > other.number;
  }

  public boolean isBefore(Slot other) {
    return number < other.number;
  }

  public static Slot max(Slot a, Slot b) {
    return a.number >= b.number ? a : b;
  }

  public static Slot min(Slot a, Slot b) {
    return a.number <= b.number ? a : b;
  }

  @Override
  public int compareTo(Slot other) {
    return Long.compare(number, other.number);
  }

  @Override
  public String toString() {
    return "#" + number;
  }
}
