package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Records folded into what a restart finds, the plain way: what the journal's recovery must agree
 * with.
 */
final class Fold {
  private Fold() {}

  static Recovered of(List<JournalRecord> records) {
    Optional<Founding> founding = Optional.empty();
    boolean opened = false;
    Ballot promised = Ballot.LOWEST;
    Ballot taken = Ballot.LOWEST;
    Slot cut = Slot.ZERO;
    Slot chosen = Slot.ZERO;
    Optional<MembershipInForce> membership = Optional.empty();
    TreeMap<Slot, AcceptedValue> accepted = new TreeMap<>();
    Optional<SlotRange> unknown = Optional.empty();
    Optional<SlotRange> torn = Optional.empty();
    TreeMap<Life, PeerVotes> seen = new TreeMap<>();
    long longestLeaseNanos = 0;
    for (JournalRecord record : records) {
      if (record instanceof JournalRecord.FoundingPrepared prepared) {
        founding = Optional.of(prepared.founding());
      } else if (record instanceof JournalRecord.FoundingInForce inForce) {
        founding = Optional.of(inForce.founding());
        opened = true;
      } else if (record instanceof JournalRecord.Promised promise) {
        promised = Ballot.max(promised, promise.ballot());
      } else if (record instanceof JournalRecord.BallotTaken own) {
        taken = Ballot.max(taken, own.ballot());
      } else if (record instanceof JournalRecord.ValueAccepted value) {
        accepted.put(value.accepted().slot(), value.accepted());
        promised = Ballot.max(promised, value.accepted().ballot());
      } else if (record instanceof JournalRecord.ChosenUpTo upTo) {
        chosen = Slot.max(chosen, upTo.slot());
      } else if (record instanceof JournalRecord.Damage damage) {
        unknown = damage.unknown();
        torn = damage.torn();
      } else if (record instanceof JournalRecord.VotesNoted noted) {
        seen.put(noted.seen().life(), noted.seen());
      } else if (record instanceof JournalRecord.LeasesGiven given) {
        longestLeaseNanos = given.longestNanos();
      } else if (record instanceof JournalRecord.Cut at) {
        cut = at.slot();
        membership = Optional.of(at.membership());
        accepted.headMap(cut, true).clear();
        chosen = Slot.max(chosen, cut);
      }
    }
    return new Recovered(
        founding,
        opened,
        promised,
        taken,
        cut,
        membership,
        new ArrayList<>(accepted.values()),
        chosen,
        unknown,
        torn,
        new ArrayList<>(seen.values()),
        longestLeaseNanos);
  }
}
