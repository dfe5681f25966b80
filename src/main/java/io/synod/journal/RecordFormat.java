package io.synod.journal;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.PeerVotes;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.paxos.ValueFormat;
import io.synod.paxos.Votes;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * A journal record as the payload of a frame: a part of fixed size for each type, and a tail of
 * bytes (a value, a membership). A batch's tail is its commands as they are, so that they are
 * copied once, into the write buffer.
 */
final class RecordFormat {
  private static final int FOUNDING_PREPARED = Frame.FIRST_RECORD;
  private static final int FOUNDING_IN_FORCE = Frame.FIRST_RECORD + 1;
  private static final int PROMISED = Frame.FIRST_RECORD + 2;
  private static final int BALLOT_TAKEN = Frame.FIRST_RECORD + 3;
  private static final int VALUE_ACCEPTED = Frame.FIRST_RECORD + 4;
  private static final int CHOSEN_UP_TO = Frame.FIRST_RECORD + 5;
  private static final int CUT = Frame.FIRST_RECORD + 6;
  private static final int DAMAGE = Frame.FIRST_RECORD + 7;
  private static final int VOTES_NOTED = Frame.FIRST_RECORD + 8;
  private static final int VOTES_FORGOTTEN = Frame.FIRST_RECORD + 9;
  private static final int LEASES_GIVEN = Frame.FIRST_RECORD + 10;

  static final int BALLOT_BYTES = 12;
  static final int RANGE_BYTES = 17;
  static final int VOTES_BYTES = 4 + 16 + BALLOT_BYTES + 8;
  private static final int ACCEPTED_BYTES = 8 + BALLOT_BYTES + 1;

  /** No frame that holds an accepted value is smaller: so many slots fit in a damaged stretch. */
  static final int SMALLEST_ACCEPTED_FRAME = Frame.paddedBytes(ACCEPTED_BYTES);

  private RecordFormat() {}

  static int type(JournalRecord record) {
    if (record instanceof JournalRecord.ValueAccepted) {
      return VALUE_ACCEPTED;
    } else if (record instanceof JournalRecord.ChosenUpTo) {
      return CHOSEN_UP_TO;
    } else if (record instanceof JournalRecord.Promised) {
      return PROMISED;
    } else if (record instanceof JournalRecord.BallotTaken) {
      return BALLOT_TAKEN;
    } else if (record instanceof JournalRecord.Cut) {
      return CUT;
    } else if (record instanceof JournalRecord.Damage) {
      return DAMAGE;
    } else if (record instanceof JournalRecord.FoundingPrepared) {
      return FOUNDING_PREPARED;
    } else if (record instanceof JournalRecord.VotesNoted) {
      return VOTES_NOTED;
    } else if (record instanceof JournalRecord.VotesForgotten) {
      return VOTES_FORGOTTEN;
    } else if (record instanceof JournalRecord.LeasesGiven) {
      return LEASES_GIVEN;
    }
    return FOUNDING_IN_FORCE;
  }

  static int fixedBytes(int type) {
    return switch (type) {
      case VALUE_ACCEPTED -> ACCEPTED_BYTES;
      case CHOSEN_UP_TO, LEASES_GIVEN -> 8;
      case PROMISED, BALLOT_TAKEN -> BALLOT_BYTES;
      case CUT -> 16;
      case DAMAGE -> 2 * RANGE_BYTES;
      case VOTES_NOTED -> VOTES_BYTES;
      case VOTES_FORGOTTEN -> 0;
      case FOUNDING_PREPARED, FOUNDING_IN_FORCE -> 16;
      default -> throw new IllegalArgumentException("no record has type " + type);
    };
  }

  /** The part whose size differs from record to record; shared, not copied, for a batch. */
  static Bytes tail(JournalRecord record) {
    if (record instanceof JournalRecord.ValueAccepted accepted) {
      return ValueFormat.payload(accepted.accepted().value());
    } else if (record instanceof JournalRecord.Cut cut) {
      return ValueFormat.membership(cut.membership().membership());
    } else if (record instanceof JournalRecord.FoundingPrepared prepared) {
      return ValueFormat.membership(prepared.founding().membership());
    } else if (record instanceof JournalRecord.FoundingInForce inForce) {
      return ValueFormat.membership(inForce.founding().membership());
    }
    return Bytes.EMPTY;
  }

  /** Writes the part of fixed size. */
  static void putFixed(JournalRecord record, ByteBuffer out) {
    if (record instanceof JournalRecord.ValueAccepted accepted) {
      AcceptedValue value = accepted.accepted();
      out.putLong(value.slot().number());
      putBallot(value.ballot(), out);
      out.put((byte) ValueFormat.kind(value.value()));
    } else if (record instanceof JournalRecord.ChosenUpTo chosen) {
      out.putLong(chosen.slot().number());
    } else if (record instanceof JournalRecord.Promised promised) {
      putBallot(promised.ballot(), out);
    } else if (record instanceof JournalRecord.BallotTaken taken) {
      putBallot(taken.ballot(), out);
    } else if (record instanceof JournalRecord.Cut cut) {
      out.putLong(cut.slot().number()).putLong(cut.membership().decidedAt().number());
    } else if (record instanceof JournalRecord.Damage damage) {
      putRange(damage.unknown(), out);
      putRange(damage.torn(), out);
    } else if (record instanceof JournalRecord.VotesNoted noted) {
      putVotes(noted.seen(), out);
    } else if (record instanceof JournalRecord.LeasesGiven given) {
      out.putLong(given.longestNanos());
    } else if (record instanceof JournalRecord.FoundingPrepared prepared) {
      putId(prepared.founding().cluster().id(), out);
    } else if (record instanceof JournalRecord.FoundingInForce inForce) {
      putId(inForce.founding().cluster().id(), out);
    }
  }

  /**
   * Reads a record.
   *
   * @throws IllegalArgumentException if there is no such type, or its bytes make no sense
   * @throws java.nio.BufferUnderflowException if they end too early
   */
  static JournalRecord decode(int type, ByteBuffer in) {
    return switch (type) {
      case VALUE_ACCEPTED -> {
        Slot slot = new Slot(in.getLong());
        Ballot ballot = ballot(in);
        int kind = in.get();
        yield new JournalRecord.ValueAccepted(
            new AcceptedValue(slot, ballot, ValueFormat.value(kind, Bytes.copyOf(in))));
      }
      case CHOSEN_UP_TO -> new JournalRecord.ChosenUpTo(new Slot(in.getLong()));
      case PROMISED -> new JournalRecord.Promised(ballot(in));
      case BALLOT_TAKEN -> new JournalRecord.BallotTaken(ballot(in));
      case CUT -> {
        Slot slot = new Slot(in.getLong());
        Slot decidedAt = new Slot(in.getLong());
        yield new JournalRecord.Cut(
            slot, new MembershipInForce(decidedAt, ValueFormat.membership(Bytes.copyOf(in))));
      }
      case DAMAGE -> new JournalRecord.Damage(range(in), range(in));
      case VOTES_NOTED -> new JournalRecord.VotesNoted(votes(in));
      case VOTES_FORGOTTEN -> new JournalRecord.VotesForgotten();
      case LEASES_GIVEN -> new JournalRecord.LeasesGiven(in.getLong());
      case FOUNDING_PREPARED -> new JournalRecord.FoundingPrepared(founding(in));
      case FOUNDING_IN_FORCE -> new JournalRecord.FoundingInForce(founding(in));
      default -> throw new IllegalArgumentException("no record has type " + type);
    };
  }

  static void putBallot(Ballot ballot, ByteBuffer out) {
    out.putLong(ballot.round()).putInt(ballot.server().number());
  }

  static Ballot ballot(ByteBuffer in) {
    return new Ballot(in.getLong(), new ServerId(in.getInt()));
  }

  static void putRange(Optional<SlotRange> range, ByteBuffer out) {
    out.put((byte) (range.isPresent() ? 1 : 0));
    out.putLong(range.map(present -> present.first().number()).orElse(0L));
    out.putLong(range.map(present -> present.last().number()).orElse(0L));
  }

  static Optional<SlotRange> range(ByteBuffer in) {
    boolean present = in.get() != 0;
    long first = in.getLong();
    long last = in.getLong();
    return present ? Optional.of(new SlotRange(new Slot(first), new Slot(last))) : Optional.empty();
  }

  static void putVotes(PeerVotes seen, ByteBuffer out) {
    out.putInt(seen.server().number());
    putId(seen.incarnation().id(), out);
    putBallot(seen.votes().promised(), out);
    out.putLong(seen.votes().accepted().number());
  }

  static PeerVotes votes(ByteBuffer in) {
    ServerId server = new ServerId(in.getInt());
    Incarnation incarnation = new Incarnation(id(in));
    Ballot promised = ballot(in);
    return new PeerVotes(server, incarnation, new Votes(promised, new Slot(in.getLong())));
  }

  static void putId(UUID id, ByteBuffer out) {
    out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
  }

  static UUID id(ByteBuffer in) {
    return new UUID(in.getLong(), in.getLong());
  }

  private static Founding founding(ByteBuffer in) {
    ClusterId cluster = new ClusterId(id(in));
    return new Founding(cluster, ValueFormat.membership(Bytes.copyOf(in)));
  }
}
