package io.synod.paxos;

/** The slots from {@code first} to {@code last}, both included; never empty. */
public record SlotRange(Slot first, Slot last) {
  public SlotRange {
    if (last.isBefore(first)) {
      throw new IllegalArgumentException(
          "a range ends at or after its start, not " + first + " to " + last);
    }
  }

  public boolean contains(Slot slot) {
    return !slot.isBefore(first) && !slot.isAfter(last);
  }

  @Override
  public String toString() {
    return first + ".." + last;
  }
}
