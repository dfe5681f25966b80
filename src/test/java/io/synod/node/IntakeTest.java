package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.journal.DurableLog;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.store.CommandFormat;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IntakeTest {
  private static final long MOST = 1_000_000_000;
  private static final ServerId PEER = new ServerId(1);
  private static final Ballot BALLOT = new Ballot(1, PEER);

  private final List<Notice> notices = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();
  private long syncAge;
  private boolean full;
  private final Intake intake = new Intake(new Disk(), MOST, () -> full, notices::add, lines::add);

  private final class Disk implements DurableLog {
    @Override
    public long append(List<JournalRecord> records) {
      throw new AssertionError("nothing is written");
    }

    @Override
    public void requestSync() {}

    @Override
    public long durable() {
      return 0;
    }

    @Override
    public long syncAgeNanos(long nowNanos) {
      return syncAge;
    }

    @Override
    public long freeBytes() {
      return Long.MAX_VALUE;
    }
  }

  private static Value batch() {
    return new Value.Batch(CommandFormat.batch(1, List.of()));
  }

  private static Message propose(Value value) {
    return new Message.Propose(BALLOT, Slot.of(1), List.of(value), Slot.ZERO);
  }

  private static Message fetched(Value value) {
    AcceptedValue accepted = new AcceptedValue(Slot.of(1), BALLOT, value);
    return new Message.Fetched(Slot.of(1), List.of(accepted), Slot.ZERO, Slot.of(1));
  }

  @Test
  void whileTheDiskDoesNotSyncNoValueIsTakenInAndItIsSaidOnce() {
    assertTrue(intake.takes(PEER, propose(batch())));
    syncAge = MOST + 1;
    intake.watch(2 * MOST);
    intake.watch(3 * MOST);
    assertFalse(intake.takes(PEER, propose(batch())));
    assertFalse(intake.takes(PEER, fetched(batch())));
    assertTrue(intake.takes(PEER, new Message.VotesSeenRequest()));
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.get(0).contains("slow sync"), lines::toString);
    syncAge = 0;
    intake.watch(4 * MOST);
    assertTrue(intake.takes(PEER, propose(batch())));
    assertTrue(lines.get(1).contains("syncs again, after 3,000 ms"), lines::toString);
    assertEquals(List.of(), notices);
  }

  @Test
  void whileTheDiskIsFullWhatClientsWriteIsNotTakenInAndWhatKeepsTheClusterGoingIs() {
    full = true;
    assertFalse(intake.takes(PEER, propose(batch())));
    assertFalse(intake.takes(PEER, fetched(batch())));
    Value elected = new Value.CoordinatorElected(BALLOT, new Address("clients", 1));
    assertTrue(intake.takes(PEER, propose(elected)));
    assertTrue(intake.takes(PEER, fetched(elected)));
    full = false;
    assertTrue(intake.takes(PEER, propose(batch())));
    assertEquals(List.of(), notices);
  }

  @Test
  void aBatchThatCouldNotBeAppliedIsNotAccepted() {
    Value newer = new Value.Batch(Bytes.wrap(new byte[] {2, 0, 0, 0, 0, 0, 0, 0, 0}));
    assertFalse(intake.takes(PEER, propose(newer)));
    assertFalse(intake.takes(PEER, fetched(newer)));
    assertEquals(2, notices.size());
    assertTrue(notices.get(0).toString().contains("version 2"), notices::toString);
  }
}
