package io.synod.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Ballot;
import io.synod.paxos.Founding;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Recovered;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The records that were handed to a journal, and how many it said were durable: the oracle. */
final class JournalHistory {
  private final List<JournalRecord> records = new ArrayList<>();
  private int durable;

  /** What the first so many records say, folded as plainly as can be. */
  private record Folded(
      Optional<Founding> founding,
      boolean opened,
      Ballot promised,
      Ballot taken,
      Slot cut,
      Slot chosen,
      TreeMap<Long, AcceptedValue> accepted) {}

  /** Hands records to a journal. */
  void append(Journal journal, JournalRecord... more) {
    records.addAll(List.of(more));
    journal.append(List.of(more));
  }

  /** Has the journal write until it has nothing to write, noting what becomes durable. */
  void write(Journal journal) throws IOException {
    int before = durable;
    int base = before - (int) journal.durable();
    while (journal.hasRecords()) {
      journal.write();
      durable = base + (int) journal.durable();
    }
  }

  /** The server starts again with what was recovered: what is not in it never was. */
  void restart(Recovered recovered) {
    int kept = match(recovered);
    records.subList(kept, records.size()).clear();
    durable = kept;
  }

  /** How many of the records recovered; fails if it is fewer than were durable. */
  int match(Recovered recovered) {
    for (int count = records.size(); count >= durable; count--) {
      if (matches(fold(count), recovered)) {
        return count;
      }
    }
    return fail(
        "recovered "
            + recovered
            + " is no prefix of the history; durable: "
            + fold(durable)
            + "; all: "
            + fold(records.size()));
  }

  private static boolean matches(Folded folded, Recovered recovered) {
    return folded.founding().equals(recovered.founding())
        && folded.opened() == recovered.opened()
        && folded.promised().equals(recovered.promised())
        && folded.taken().equals(recovered.ballotTaken())
        && folded.cut().equals(recovered.cut())
        && folded.chosen().equals(recovered.chosen())
        && new ArrayList<>(folded.accepted().values()).equals(recovered.accepted());
  }

  private Folded fold(int count) {
    Optional<Founding> founding = Optional.empty();
    boolean opened = false;
    Ballot promised = Ballot.LOWEST;
    Ballot taken = Ballot.LOWEST;
    Slot cut = Slot.ZERO;
    Slot chosen = Slot.ZERO;
    TreeMap<Long, AcceptedValue> accepted = new TreeMap<>();
    for (JournalRecord record : records.subList(0, count)) {
      if (record instanceof JournalRecord.FoundingPrepared prepared) {
        founding = Optional.of(prepared.founding());
      } else if (record instanceof JournalRecord.FoundingInForce inForce) {
        founding = Optional.of(inForce.founding());
        opened = true;
      } else if (record instanceof JournalRecord.Promised made) {
        promised = Ballot.max(promised, made.ballot());
      } else if (record instanceof JournalRecord.BallotTaken made) {
        taken = Ballot.max(taken, made.ballot());
      } else if (record instanceof JournalRecord.ChosenUpTo upTo) {
        chosen = Slot.max(chosen, upTo.slot());
      } else if (record instanceof JournalRecord.Cut made) {
        cut = Slot.max(cut, made.slot());
        chosen = Slot.max(chosen, cut);
        accepted.headMap(cut.number(), true).clear();
      } else if (record instanceof JournalRecord.ValueAccepted made) {
        promised = Ballot.max(promised, made.accepted().ballot());
        accepted.put(made.accepted().slot().number(), made.accepted());
      }
    }
    return new Folded(founding, opened, promised, taken, cut, chosen, accepted);
  }

  /**
   * That a journal whose files were damaged says nothing wrong: what it does not report as unknown
   * (or, where {@code tornCounts}, as torn) is what was durable.
   */
  void checkNothingWrong(OpenedJournal opened, boolean tornCounts) {
    Recovered found = opened.recovered();
    Folded truth = fold(durable);
    assertEquals(truth.founding(), found.founding());
    assertEquals(truth.opened(), found.opened());
    if (!opened.renewed()) {
      assertTrue(!found.promised().isBelow(truth.promised()), () -> "promised " + found);
      assertTrue(!found.ballotTaken().isBelow(truth.taken()), () -> "taken " + found);
    }
    if (!opened.renewed()) {
      assertEquals(truth.cut(), found.cut());
    }
    assertTrue(!found.cut().isAfter(truth.cut()), () -> "cut " + found);
    assertTrue(!found.chosen().isAfter(truth.chosen()), () -> "chosen " + found);
    long next = found.cut().number() + 1;
    for (AcceptedValue value : found.accepted()) {
      long slot = next++;
      assertEquals(slot, value.slot().number());
      boolean reported = isReported(found, value.slot(), tornCounts);
      if ((reported && slot > found.chosen().number()) || slot <= truth.cut().number()) {
        assertTrue(
            records.contains(new JournalRecord.ValueAccepted(value)), () -> "never was: " + value);
      } else {
        assertEquals(truth.accepted().get(slot), value);
      }
    }
    for (AcceptedValue value : truth.accepted().values()) {
      boolean there = value.slot().number() < next;
      assertTrue(
          there || opened.renewed() || isReported(found, value.slot(), tornCounts),
          () -> value.slot() + " is neither there nor reported: " + found);
    }
    assertTrue(!found.chosen().isBefore(found.cut()), () -> "chosen before the cut: " + found);
    assertTrue(found.chosen().number() < next, () -> "chosen beyond the log: " + found);
  }

  private static boolean isReported(Recovered found, Slot slot, boolean tornCounts) {
    return holds(found.unknown(), slot) || (tornCounts && holds(found.torn(), slot));
  }

  private static boolean holds(Optional<SlotRange> range, Slot slot) {
    return range.isPresent() && range.get().contains(slot);
  }
}
