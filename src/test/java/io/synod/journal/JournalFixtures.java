package io.synod.journal;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Records and journals as the tests need them. */
final class JournalFixtures {
  static final ServerId SERVER = new ServerId(0);
  static final Incarnation INCARNATION = new Incarnation(new UUID(7, 11));
  static final ClusterId CLUSTER = new ClusterId(new UUID(3, 5));

  /** Segments of 4 KiB, so that a few records fill several. */
  static final JournalSettings SMALL = new JournalSettings(4096, 8, 1024, false);

  /** No two directories have the same incarnation. */
  private static final AtomicLong LIVES = new AtomicLong();

  private JournalFixtures() {}

  static JournalOwner owner() {
    return owner(SERVER);
  }

  static JournalOwner owner(ServerId server) {
    return new JournalOwner(
        server,
        () -> new Incarnation(new UUID(LIVES.incrementAndGet(), 11 + server.number())),
        Optional.empty());
  }

  static OpenedJournal open(Disk disk) throws IOException {
    return Journal.open(disk, SMALL, owner(), () -> 0);
  }

  static Ballot ballot(long round) {
    return new Ballot(round, SERVER);
  }

  static Value batch(long slot, int bytes) {
    byte[] commands = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      commands[i] = (byte) (slot * 31 + i);
    }
    return new Value.Batch(Bytes.wrap(commands));
  }

  static JournalRecord accepted(long slot, long round, int bytes) {
    return new JournalRecord.ValueAccepted(
        new AcceptedValue(new Slot(slot), ballot(round), batch(slot * 7 + round, bytes)));
  }

  static JournalRecord promised(long round) {
    return new JournalRecord.Promised(ballot(round));
  }

  static JournalRecord chosen(long slot) {
    return new JournalRecord.ChosenUpTo(new Slot(slot));
  }

  static Membership membership() {
    return new Membership(
        Slot.ZERO,
        List.of(
            new Member(
                SERVER,
                INCARNATION,
                Address.parse("localhost:9000"),
                Address.parse("localhost:8000"),
                Member.Role.VOTER)));
  }

  static Founding founding() {
    return new Founding(CLUSTER, membership());
  }

  static JournalRecord cut(long slot) {
    return new JournalRecord.Cut(new Slot(slot), new MembershipInForce(Slot.ZERO, membership()));
  }

  /** Appends and makes durable. */
  static void store(Journal journal, JournalRecord... records) throws IOException {
    long position = journal.append(List.of(records));
    while (journal.durable() < position) {
      journal.write();
    }
  }
}
