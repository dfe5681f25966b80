package io.synod.journal;

import static io.synod.journal.JournalFixtures.accepted;
import static io.synod.journal.JournalFixtures.ballot;
import static io.synod.journal.JournalFixtures.chosen;
import static io.synod.journal.JournalFixtures.cut;
import static io.synod.journal.JournalFixtures.founding;
import static io.synod.journal.JournalFixtures.open;
import static io.synod.journal.JournalFixtures.promised;
import static io.synod.journal.JournalFixtures.store;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.JournalRecord;
import io.synod.paxos.Recovered;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {
  @Test
  void remembersEveryKindOfRecord(@TempDir Path directory) throws IOException {
    try (FileDisk disk = FileDisk.open(directory)) {
      OpenedJournal first = open(disk);
      assertEquals(Recovered.nothing(), first.recovered());
      assertEquals(List.of(), first.findings());
      store(
          first.journal(),
          new JournalRecord.FoundingPrepared(founding()),
          new JournalRecord.FoundingInForce(founding()),
          new JournalRecord.BallotTaken(ballot(3)),
          promised(4));
      for (int slot = 1; slot <= 40; slot++) {
        store(first.journal(), accepted(slot, 4, 300), chosen(slot - 1));
      }
      store(first.journal(), accepted(39, 5, 20), cut(30));
      first.journal().close();

      OpenedJournal second = open(disk);
      Recovered found = second.recovered();
      assertEquals(List.of(), second.findings());
      assertEquals(Optional.of(founding()), found.founding());
      assertTrue(found.opened());
      assertEquals(ballot(5), found.promised());
      assertEquals(ballot(3), found.ballotTaken());
      assertEquals(new Slot(39), found.chosen());
      assertEquals(new Slot(30), found.cut());
      assertEquals(10, found.accepted().size());
      assertEquals(accepted(31, 4, 300), recordAt(found, 0));
      assertEquals(accepted(39, 5, 20), recordAt(found, 8));
      assertEquals(accepted(40, 4, 300), recordAt(found, 9));
      assertFalse(second.renewed());
      second.journal().close();
    }
  }

  private static JournalRecord recordAt(Recovered found, int index) {
    return new JournalRecord.ValueAccepted(found.accepted().get(index));
  }
}
