package io.synod.journal;

import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
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
import java.util.TreeMap;

/**
 * All that the records say, but for the accepted values: what every segment repeats at its
 * beginning, so that earlier ones can be dropped, and what the two promise files hold. Survives a
 * restart. Confined to one thread at a time.
 */
final class JournalState {
  private static final int FOUNDED = 1;
  private static final int OPENED = 2;
  private static final int CUT_MEMBERSHIP = 4;
  private static final int PROMISE_LOST = 8;
  private static final int SEEN = 16;
  private static final int LEASED = 32;

  Optional<Founding> founding = Optional.empty();
  boolean opened;
  Ballot promised = Ballot.LOWEST;
  Ballot ballotTaken = Ballot.LOWEST;
  Slot chosen = Slot.ZERO;
  Slot cut = Slot.ZERO;

  /** In force at {@code cut}; empty while nothing was cut. */
  Optional<MembershipInForce> membership = Optional.empty();

  Optional<SlotRange> unknown = Optional.empty();
  Optional<SlotRange> torn = Optional.empty();

  /** What the others were seen to have voted: of one life each. */
  final TreeMap<ServerId, PeerVotes> seen = new TreeMap<>();

  /** What was promised is lost to damage, or forgotten; over when the directory gets a new life. */
  boolean promiseLost;

  /** No lease was given for longer; 0 if none was given. */
  long longestLeaseNanos;

  /**
   * Takes in one more record. Returns whether the promise files must say so before it counts as
   * durable.
   */
  boolean apply(JournalRecord record) {
    if (record instanceof JournalRecord.ValueAccepted accepted) {
      return promise(accepted.accepted().ballot());
    } else if (record instanceof JournalRecord.ChosenUpTo upTo) {
      chosen = Slot.max(chosen, upTo.slot());
      return false;
    } else if (record instanceof JournalRecord.Promised made) {
      return promise(made.ballot());
    } else if (record instanceof JournalRecord.BallotTaken taken) {
      boolean higher = taken.ballot().isAbove(ballotTaken);
      ballotTaken = Ballot.max(ballotTaken, taken.ballot());
      return higher;
    } else if (record instanceof JournalRecord.Cut made) {
      cut(made.slot(), made.membership());
    } else if (record instanceof JournalRecord.Damage damage) {
      unknown = damage.unknown();
      torn = damage.torn();
    } else if (record instanceof JournalRecord.FoundingPrepared prepared) {
      found(prepared.founding(), /* inForce= */ false);
    } else if (record instanceof JournalRecord.FoundingInForce inForce) {
      found(inForce.founding(), /* inForce= */ true);
    } else if (record instanceof JournalRecord.VotesNoted noted) {
      note(noted.seen());
      return false;
    } else if (record instanceof JournalRecord.VotesForgotten) {
      promiseLost = true;
    } else if (record instanceof JournalRecord.LeasesGiven given) {
      longestLeaseNanos = Math.max(longestLeaseNanos, given.longestNanos());
    }
    return true;
  }

  /**
   * Takes in what a segment's header or a promise file says. Most of it only grows, so that the
   * order does not matter.
   *
   * @param withChosen whether its chosen prefix counts
   * @param withDamage whether it is newer than what is here: its damaged ranges replace these
   */
  void merge(JournalState other, boolean withChosen, boolean withDamage) {
    promised = Ballot.max(promised, other.promised);
    ballotTaken = Ballot.max(ballotTaken, other.ballotTaken);
    if (withChosen) {
      chosen = Slot.max(chosen, other.chosen);
    }
    if (other.membership.isPresent()) {
      cut(other.cut, other.membership.get());
    }
    if (other.founding.isPresent()) {
      found(other.founding.get(), other.opened);
    }
    if (withDamage) {
      unknown = other.unknown;
      torn = other.torn;
    }
    other.seen.values().forEach(this::note);
    promiseLost |= other.promiseLost;
    longestLeaseNanos = Math.max(longestLeaseNanos, other.longestLeaseNanos);
  }

  private void note(PeerVotes votes) {
    seen.merge(
        votes.server(),
        votes,
        (before, now) ->
            before.incarnation().equals(now.incarnation())
                ? new PeerVotes(
                    now.server(), now.incarnation(), Votes.max(before.votes(), now.votes()))
                : now);
  }

  /** Makes this the beginning of a new life, which has voted nothing and keeps what is chosen. */
  void renew() {
    promiseLost = false;
    longestLeaseNanos = 0;
    unknown = Optional.empty();
    torn = Optional.empty();
  }

  private boolean promise(Ballot ballot) {
    if (!ballot.isAbove(promised)) {
      return false;
    }
    promised = ballot;
    return true;
  }

  private void cut(Slot slot, MembershipInForce inForce) {
    if (!slot.isBefore(cut)) {
      cut = slot;
      membership = Optional.of(inForce);
      chosen = Slot.max(chosen, slot);
    }
  }

  private void found(Founding made, boolean inForce) {
    if (opened) {
      ClusterId bound = founding.orElseThrow().cluster();
      Check.that(
          !inForce || made.cluster().equals(bound),
          "a directory of cluster %s was to be opened for cluster %s",
          bound,
          made.cluster());
      return;
    }
    founding = Optional.of(made);
    opened = inForce;
  }

  /** Whether nothing was ever recorded. */
  boolean isBlank() {
    return founding.isEmpty()
        && promised.equals(Ballot.LOWEST)
        && ballotTaken.equals(Ballot.LOWEST)
        && chosen.equals(Slot.ZERO)
        && membership.isEmpty()
        && longestLeaseNanos == 0
        && !promiseLost;
  }

  Bytes encode() {
    Bytes founded =
        founding.map(made -> ValueFormat.membership(made.membership())).orElse(Bytes.EMPTY);
    Bytes members =
        membership.map(made -> ValueFormat.membership(made.membership())).orElse(Bytes.EMPTY);
    int fixed = 1 + 2 * RecordFormat.BALLOT_BYTES + 16 + 2 * RecordFormat.RANGE_BYTES;
    int votes = seen.isEmpty() ? 0 : 4 + seen.size() * RecordFormat.VOTES_BYTES;
    ByteBuffer out =
        ByteBuffer.allocate(fixed + 20 + founded.size() + 12 + members.size() + votes + 8);
    int flags = founding.isPresent() ? FOUNDED : 0;
    flags |= opened ? OPENED : 0;
    flags |= membership.isPresent() ? CUT_MEMBERSHIP : 0;
    flags |= promiseLost ? PROMISE_LOST : 0;
    flags |= seen.isEmpty() ? 0 : SEEN;
    flags |= longestLeaseNanos == 0 ? 0 : LEASED;
    out.put((byte) flags);
    RecordFormat.putBallot(promised, out);
    RecordFormat.putBallot(ballotTaken, out);
    out.putLong(chosen.number()).putLong(cut.number());
    RecordFormat.putRange(unknown, out);
    RecordFormat.putRange(torn, out);
    if (founding.isPresent()) {
      RecordFormat.putId(founding.get().cluster().id(), out);
      putSized(founded, out);
    }
    if (membership.isPresent()) {
      out.putLong(membership.get().decidedAt().number());
      putSized(members, out);
    }
    if (!seen.isEmpty()) {
      out.putInt(seen.size());
      seen.values().forEach(each -> RecordFormat.putVotes(each, out));
    }
    if (longestLeaseNanos != 0) {
      out.putLong(longestLeaseNanos);
    }
    out.flip();
    return Bytes.copyOf(out);
  }

  static JournalState decode(ByteBuffer in) {
    JournalState state = new JournalState();
    int flags = in.get();
    state.opened = (flags & OPENED) != 0;
    state.promiseLost = (flags & PROMISE_LOST) != 0;
    state.promised = RecordFormat.ballot(in);
    state.ballotTaken = RecordFormat.ballot(in);
    state.chosen = new Slot(in.getLong());
    state.cut = new Slot(in.getLong());
    state.unknown = RecordFormat.range(in);
    state.torn = RecordFormat.range(in);
    if ((flags & FOUNDED) != 0) {
      ClusterId cluster = new ClusterId(RecordFormat.id(in));
      state.founding = Optional.of(new Founding(cluster, ValueFormat.membership(sized(in))));
    }
    if ((flags & CUT_MEMBERSHIP) != 0) {
      Slot decidedAt = new Slot(in.getLong());
      state.membership =
          Optional.of(new MembershipInForce(decidedAt, ValueFormat.membership(sized(in))));
    }
    if ((flags & SEEN) != 0) {
      for (int left = in.getInt(); left > 0; left--) {
        state.note(RecordFormat.votes(in));
      }
    }
    if ((flags & LEASED) != 0) {
      state.longestLeaseNanos = in.getLong();
    }
    return state;
  }

  private static void putSized(Bytes bytes, ByteBuffer out) {
    out.putInt(bytes.size());
    bytes.writeTo(out);
  }

  private static Bytes sized(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return Bytes.wrap(bytes);
  }
}
