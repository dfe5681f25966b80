package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What was accepted, slot by slot, behind the cut: consecutive, without a hole. Survives a restart.
 *
 * <p>Putting a value into a slot never touches the slots above it: to drop them is a rule of
 * another protocol, and unsafe here.
 */
final class Log {
  private Slot cut;
  private final ArrayList<AcceptedValue> values = new ArrayList<>();

  /** What all values take. */
  private long sizeBytes;

  Log(Slot cut, List<AcceptedValue> accepted) {
    this.cut = cut;
    for (AcceptedValue value : accepted) {
      put(value);
    }
  }

  /** The log begins after this slot. */
  Slot cut() {
    return cut;
  }

  /** The last slot that holds a value; the cut if none does. */
  Slot last() {
    return cut.plus(values.size());
  }

  /** What the slot holds; nothing at or before the cut and after the last. */
  Optional<AcceptedValue> at(Slot slot) {
    long place = slot.minus(cut) - 1;
    return place < 0 || place >= values.size()
        ? Optional.empty()
        : Optional.of(values.get((int) place));
  }

  /** What a slot between the cut and the last holds. */
  AcceptedValue get(Slot slot) {
    return values.get((int) (slot.minus(cut) - 1));
  }

  /** Puts a value into its slot, which is at most one after the last. */
  void put(AcceptedValue accepted) {
    long place = accepted.slot().minus(cut) - 1;
    Check.that(
        place >= 0 && place <= values.size(),
        "ContiguousAccept: %s does not join the log %s..%s",
        accepted.slot(),
        cut,
        last());
    sizeBytes += sizeBytes(accepted);
    if (place == values.size()) {
      values.add(accepted);
    } else {
      sizeBytes -= sizeBytes(get(accepted.slot()));
      values.set((int) place, accepted);
    }
  }

  private static int sizeBytes(AcceptedValue accepted) {
    return ValueFormat.sizeBytes(accepted.value());
  }

  /** What all values take, in bytes. */
  long sizeBytes() {
    return sizeBytes;
  }

  /**
   * Drops what is at or before {@code slot}, and if the log ends before it, begins anew after it.
   */
  void cutBehind(Slot slot) {
    long count = slot.minus(cut);
    if (count <= 0) {
      return;
    }
    if (count >= values.size()) {
      values.clear();
      sizeBytes = 0;
    } else {
      List<AcceptedValue> dropped = values.subList(0, (int) count);
      for (AcceptedValue each : dropped) {
        sizeBytes -= sizeBytes(each);
      }
      dropped.clear();
    }
    cut = slot;
  }

  /**
   * Consecutive values from {@code from} to at most {@code to}, about {@code sizeBytes} of them but
   * at least one if there is one.
   */
  List<AcceptedValue> read(Slot from, Slot to, int sizeBytes) {
    List<AcceptedValue> read = new ArrayList<>();
    Slot end = Slot.min(to, last());
    int size = 0;
    for (Slot slot = from; !slot.isAfter(end); slot = slot.next()) {
      AcceptedValue value = get(slot);
      size += sizeBytes(value);
      if (!read.isEmpty() && size > sizeBytes) {
        break;
      }
      read.add(value);
    }
    return read;
  }

  /** The slot behind which the values up to {@code upTo} take at most so many bytes. */
  Slot keeping(long sizeBytes, Slot upTo) {
    Slot slot = Slot.min(upTo, last());
    long size = 0;
    while (slot.isAfter(cut)) {
      size += sizeBytes(get(slot));
      if (size > sizeBytes) {
        break;
      }
      slot = slot.previous();
    }
    return slot;
  }

  /**
   * The first slot behind which all values take at most so many bytes, or {@code most} if that is
   * not enough. Costs as much as is between the cut and there.
   */
  Slot leaving(long leftBytes, Slot most) {
    Slot slot = cut;
    long left = sizeBytes;
    while (left > leftBytes && slot.isBefore(Slot.min(most, last()))) {
      slot = slot.next();
      left -= sizeBytes(get(slot));
    }
    return slot;
  }
}
