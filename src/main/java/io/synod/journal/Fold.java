package io.synod.journal;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The journal's records, folded in order into what a server finds of itself.
 *
 * <p>Where a stretch of the log is lost, the lost records may have accepted any slot behind what
 * was known to be chosen before: a new coordinator proposes again from there on. So the unknown
 * range begins there; it ends at the highest slot that could have stood in the stretch, or was
 * found behind it. What was noted as chosen after the stretch is not taken over, since the value
 * that it speaks of may be a lost one.
 */
final class Fold {
  /** Where a record stands: the segment's place in the log, and the offset. */
  record At(int segment, long offset) {}

  /** An accepted value and where its record stands. */
  record Held(AcceptedValue accepted, At at) {}

  final JournalState state = new JournalState();
  private final TreeMap<Long, Held> accepted = new TreeMap<>();

  /** The chosen prefix before the first lost stretch; empty if none is lost. */
  private Optional<Slot> chosenBeforeDamage = Optional.empty();

  /** The chosen prefix before the newest segment's header. */
  private Slot chosenBeforeHeader = Slot.ZERO;

  private boolean torn;

  /** No slot above this can have been accepted. */
  private long bound;

  /** How many slots the lost stretches have room for. */
  private long lostSlots;

  private long tornSlots;

  boolean isTorn() {
    return torn;
  }

  boolean isDamaged() {
    return chosenBeforeDamage.isPresent();
  }

  /** Takes in a segment's header, in its place. */
  void merge(JournalState header) {
    chosenBeforeHeader = state.chosen;
    state.merge(header, /* withChosen= */ true, /* withDamage= */ true);
    forgetCut();
  }

  /** Takes in what the promise files say; {@code newer}: than the last segment's header. */
  void mergeCopy(JournalState copy, boolean newer) {
    state.merge(copy, /* withChosen= */ false, newer);
    forgetCut();
  }

  void apply(JournalRecord record, At at) {
    state.apply(record);
    if (record instanceof JournalRecord.ValueAccepted made) {
      AcceptedValue value = made.accepted();
      bound = Math.max(bound, value.slot().number());
      if (value.slot().isAfter(state.cut)) {
        accepted.put(value.slot().number(), new Held(value, at));
      }
    } else if (record instanceof JournalRecord.Cut) {
      forgetCut();
    }
  }

  /**
   * So many bytes of the log that were durable are lost.
   *
   * @param writtenAgain whether a recovery wrote them: then they stand behind a header that knows
   *     more to be chosen than was known when they were accepted, and an earlier segment may hold
   *     what they took the place of
   */
  void damage(long bytes, boolean writtenAgain) {
    Slot before = Slot.max(writtenAgain ? chosenBeforeHeader : state.chosen, state.cut);
    chosenBeforeDamage =
        Optional.of(chosenBeforeDamage.map(known -> Slot.min(known, before)).orElse(before));
    long slots = bytes / RecordFormat.SMALLEST_ACCEPTED_FRAME + 1;
    lostSlots += slots;
    bound += slots;
  }

  /** The log's end is cut off: at most so many records. */
  void torn(long records) {
    torn = true;
    tornSlots += records;
  }

  /** A record that stands behind a torn stretch and is dropped. */
  void dropped(JournalRecord record) {
    if (record instanceof JournalRecord.ValueAccepted made) {
      bound = Math.max(bound, made.accepted().slot().number());
    }
  }

  private void forgetCut() {
    accepted.headMap(state.cut.number(), /* inclusive= */ true).clear();
    bound = Math.max(bound, state.cut.number() + (isDamaged() ? lostSlots : 0));
  }

  /**
   * When all is taken in: the values in consecutive slots behind the cut. Sets the unknown and torn
   * ranges and the chosen prefix to what the lost stretches leave of them.
   */
  List<Held> finish() {
    List<Held> log = new ArrayList<>(accepted.size());
    long next = state.cut.number() + 1;
    for (Held held : accepted.values()) {
      if (held.accepted().slot().number() != next) {
        break;
      }
      log.add(held);
      next++;
    }
    if (log.size() < accepted.size() && !isDamaged()) {
      // No stretch is known to be lost, yet slots are missing: the disk lost a write.
      chosenBeforeDamage = Optional.of(Slot.min(state.chosen, new Slot(next - 1)));
    }
    chosenBeforeDamage.ifPresent(
        chosen -> {
          state.chosen = Slot.max(state.cut, Slot.min(state.chosen, chosen));
        });
    state.chosen = Slot.min(state.chosen, new Slot(next - 1));
    if (isDamaged()) {
      state.unknown = hull(state.unknown, state.chosen, bound);
    }
    if (torn) {
      state.torn = hull(state.torn, state.chosen, bound + tornSlots);
    }
    Slot chosen = state.chosen;
    state.unknown = state.unknown.filter(range -> range.last().isAfter(chosen));
    state.torn = state.torn.filter(range -> range.last().isAfter(chosen));
    return log;
  }

  private static Optional<SlotRange> hull(Optional<SlotRange> known, Slot chosen, long last) {
    Slot first = chosen.next();
    Slot end = Slot.max(new Slot(last), known.map(SlotRange::last).orElse(Slot.ZERO));
    return end.isBefore(first) ? Optional.empty() : Optional.of(new SlotRange(first, end));
  }
}
