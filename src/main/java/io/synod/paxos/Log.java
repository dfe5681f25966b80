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

  /** About how much memory its values take. */
  long sizeBytes() {
    return sizeBytes;
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
    sizeBytes += ValueFormat.sizeBytes(accepted.value());
    if (place == values.size()) {
      values.add(accepted);
    } else {
      sizeBytes -= ValueFormat.sizeBytes(values.get((int) place).value());
      values.set((int) place, accepted);
    }
  }

  /**
   * Drops what is at or before {@code slot}, and if the log ends before it, begins anew after it.
   */
  void cutBehind(Slot slot) {
    long count = slot.minus(cut);
    if (count <= 0) {
      return;
    }
    for (int i = 0; i < Math.min(count, values.size()); i++) {
      sizeBytes -= ValueFormat.sizeBytes(values.get(i).value());
    }
    if (count >= values.size()) {
      values.clear();
    } else {
      values.subList(0, (int) count).clear();
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
      size += ValueFormat.sizeBytes(value.value());
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
      size += ValueFormat.sizeBytes(get(slot).value());
      if (size > sizeBytes) {
        break;
      }
      slot = slot.previous();
    }
    return slot;
  }
}
