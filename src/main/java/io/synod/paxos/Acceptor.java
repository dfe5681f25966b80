package io.synod.paxos;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Promises and accepts (Lamport, "Paxos Made Simple", section 2.2, P1a), in slot order: one number
 * acknowledges a whole prefix.
 *
 * <p>What it promised and accepted survives a restart; the buffer for what came ahead of a gap does
 * not.
 */
final class Acceptor {
  private final PaxosSettings settings;
  private final Effects effects;
  private final Log log;

  /** Never goes down; nothing below it is accepted. Survives a restart. */
  private Ballot promised;

  /** Slots whose acceptances may be lost to damage, or with a torn tail. Survive a restart. */
  private Optional<SlotRange> unknown;

  private Optional<SlotRange> torn;

  /** What was lost was promised or accepted at ballots up to this one. */
  private final Ballot lostUpTo;

  /**
   * It may have voted up to here, as far as it knows from before it lost records. Survives a
   * restart.
   */
  private final Slot owned;

  /** The chosen prefix; the learner moves it. At most the log's last. */
  private Slot chosen;

  /**
   * All slots behind the chosen prefix up to {@link #matched} hold what was accepted at this
   * ballot.
   */
  private Ballot matchedBallot = Ballot.LOWEST;

  private Slot matched;

  /** What came ahead of a gap, by first slot; bounded by the pipeline. */
  private final TreeMap<Slot, Message.Propose> ahead = new TreeMap<>();

  Acceptor(PaxosSettings settings, Effects effects, Recovered recovered) {
    this.settings = settings;
    this.effects = effects;
    this.log = new Log(recovered.cut(), recovered.accepted());
    this.promised = recovered.promised();
    this.chosen = recovered.chosen();
    this.unknown = behind(chosen, recovered.unknown());
    this.torn = behind(chosen, recovered.torn());
    this.lostUpTo = recovered.promised();
    this.owned = Slot.max(unknown.map(SlotRange::last).orElse(Slot.ZERO), ownedBefore(recovered));
    this.matched = chosen;
    Check.that(
        !chosen.isAfter(log.last()),
        "a chosen prefix of %s and a log up to %s",
        chosen,
        log.last());
  }

  private Slot ownedBefore(Recovered recovered) {
    return recovered.seen().stream()
        .filter(each -> each.life().equals(settings.life()))
        .map(each -> each.votes().accepted())
        .max(Comparator.naturalOrder())
        .orElse(Slot.ZERO);
  }

  /** What of a damaged range lies behind the chosen prefix: in it nothing is missing. */
  private static Optional<SlotRange> behind(Slot chosen, Optional<SlotRange> range) {
    return range
        .filter(each -> each.last().isAfter(chosen))
        .map(each -> new SlotRange(Slot.max(each.first(), chosen.next()), each.last()));
  }

  Log log() {
    return log;
  }

  Ballot promised() {
    return promised;
  }

  Slot chosen() {
    return chosen;
  }

  Optional<SlotRange> torn() {
    return torn;
  }

  /** Whether there are slots for which this acceptor counts in no election, or not in every one. */
  boolean isInDoubt() {
    return unknown.isPresent() || torn.isPresent();
  }

  /** How far it has voted. */
  Votes votes() {
    return new Votes(promised, log.last());
  }

  /** The same with the slots that it reported as unknown: what it accepted there is owned up to. */
  Votes votesOwned() {
    return new Votes(promised, Slot.max(log.last(), owned));
  }

  /** The ballot of the values behind the chosen prefix up to {@link #matched}. */
  Ballot matchedBallot() {
    return matchedBallot;
  }

  /** Up to here everything is accepted at {@link #matchedBallot} or chosen. */
  Slot matched() {
    return matched;
  }

  /** Phase 1b. The promise covers all slots from the Prepare's first on. */
  void onPrepare(ServerId from, Message.Prepare prepare) {
    Ballot ballot = prepare.ballot();
    if (ballot.isBelow(promised)) {
      effects.ignored("onPrepare", "below the promise");
      effects.send(from, new Message.Refused(ballot, promised));
      return;
    }
    if (ballot.isAbove(promised)) {
      promise(ballot);
    }
    Slot first = Slot.max(prepare.from(), chosen.next());
    List<AcceptedValue> accepted = log.read(first, log.last(), settings.messageBytes());
    effects.sendWhenDurable(
        from,
        new Message.Promise(ballot, chosen, log.cut(), accepted, log.last(), owned, unknown, torn));
  }

  /** Phase 2b. */
  void onPropose(ServerId from, Message.Propose propose) {
    Ballot ballot = propose.ballot();
    if (ballot.isBelow(promised)) {
      effects.ignored("onPropose", "below the promise");
      effects.send(from, new Message.Refused(ballot, promised));
      return;
    }
    if (ballot.isAbove(promised)) {
      promise(ballot);
    }
    if (!ballot.equals(matchedBallot)) {
      matchedBallot = ballot;
      matched = chosen;
      ahead.clear();
    }
    if (propose.first().isAfter(matched.next())) {
      keepAhead(from, propose);
      return;
    }
    if (!accept(from, propose)) {
      return;
    }
    boolean joins = true;
    while (joins && !ahead.isEmpty() && !ahead.firstKey().isAfter(matched.next())) {
      // protocol-rules.md, 6: checked again when it is released.
      Message.Propose next = ahead.pollFirstEntry().getValue();
      if (next.ballot().equals(promised)) {
        joins = accept(from, next);
      } else {
        effects.ignored("onPropose", "buffered, then overtaken by a promise");
      }
    }
    effects.sendWhenDurable(from, new Message.Accepted(matchedBallot, matched));
    Check.that(
        !matched.isAfter(log.last()), "matched %s beyond the log's last %s", matched, log.last());
  }

  private void keepAhead(ServerId from, Message.Propose propose) {
    effects.ignored("onPropose", "ahead of a gap");
    if (ahead.size() < settings.pipelineSlots()) {
      ahead.put(propose.first(), propose);
    }
    effects.send(from, new Message.Missing(propose.ballot(), matched.next()));
  }

  /**
   * Accepts what is new in a Propose that joins; false, and no vote for any of it leaves, when it
   * contradicts what is settled (protocol-rules.md, 14).
   */
  private boolean accept(ServerId from, Message.Propose propose) {
    Optional<Slot> contradicted = contradicted(propose);
    if (contradicted.isPresent()) {
      effects.notice(
          new Notice.PeerMisbehaved(
              from, "proposed another value for " + contradicted.get() + " than is held at it"));
      return false;
    }
    Slot slot = propose.first();
    for (Value value : propose.values()) {
      if (slot.isAfter(chosen)) {
        put(new AcceptedValue(slot, propose.ballot(), value));
      }
      slot = slot.next();
    }
    matched = Slot.max(matched, slot.previous());
    return true;
  }

  private void put(AcceptedValue accepted) {
    Optional<AcceptedValue> before = log.at(accepted.slot());
    if (before.isPresent() && before.get().ballot().equals(accepted.ballot())) {
      return;
    }
    Check.that(
        before.isEmpty() || before.get().ballot().isBelow(accepted.ballot()),
        "AcceptNotBelowPromise: %s holds a value of %s, not to be replaced by one of %s",
        accepted.slot(),
        before.map(AcceptedValue::ballot),
        accepted.ballot());
    log.put(accepted);
    effects.record(new JournalRecord.ValueAccepted(accepted));
  }

  /**
   * The first slot that is chosen, or accepted at this very ballot, with another value than it is
   * proposed with: whoever proposes that has used the ballot twice, or has not adopted.
   */
  private Optional<Slot> contradicted(Message.Propose propose) {
    Slot slot = propose.first();
    for (Value value : propose.values()) {
      if (slot.isAfter(log.last())) {
        break;
      }
      Optional<AcceptedValue> held = log.at(slot);
      boolean settled =
          !slot.isAfter(chosen)
              || held.map(at -> at.ballot().equals(propose.ballot())).orElse(false);
      if (settled && held.isPresent() && !held.get().value().equals(value)) {
        return Optional.of(slot);
      }
      slot = slot.next();
    }
    return Optional.empty();
  }

  /** Raises the promise. */
  private void promise(Ballot ballot) {
    Check.that(ballot.isAbove(promised), "PromiseMonotonic: %s after %s", ballot, promised);
    promised = ballot;
    effects.record(new JournalRecord.Promised(ballot));
  }

  /**
   * Takes the next chosen slots, in order, into the log: what it held there gives way, and the
   * higher of the two ballots stays.
   */
  void adoptChosen(AcceptedValue value) {
    Slot slot = value.slot();
    Check.that(slot.equals(chosen.next()), "chosen %s after %s", slot, chosen);
    Optional<AcceptedValue> before = log.at(slot);
    if (before.isEmpty()
        || !before.get().value().equals(value.value())
        || before.get().ballot().isBelow(value.ballot())) {
      Ballot ballot =
          before
              .map(AcceptedValue::ballot)
              .map(b -> Ballot.max(b, value.ballot()))
              .orElse(value.ballot());
      AcceptedValue kept = new AcceptedValue(slot, ballot, value.value());
      log.put(kept);
      effects.record(new JournalRecord.ValueAccepted(kept));
      promised = Ballot.max(promised, ballot);
    }
    chosen = slot;
    matched = Slot.max(matched, chosen);
    endDoubt(isLaterElection(value.value()));
  }

  /** The chosen prefix moves over what the log holds. */
  void choose(Slot upTo) {
    Check.that(
        !upTo.isBefore(chosen) && !upTo.isAfter(log.last()),
        "chosen %s, log up to %s",
        upTo,
        log.last());
    boolean settled =
        isInDoubt()
            && log.read(chosen.next(), upTo, Integer.MAX_VALUE).stream()
                .anyMatch(each -> isLaterElection(each.value()));
    chosen = upTo;
    matched = Slot.max(matched, chosen);
    endDoubt(settled);
  }

  private boolean isLaterElection(Value value) {
    return value instanceof Value.CoordinatorElected elected && elected.ballot().isAbove(lostUpTo);
  }

  /**
   * A damaged range is over when the chosen prefix passes it, or when it is settled: a coordinator
   * was elected above all that may be lost. It found nothing chosen behind its first slot without
   * this acceptor's word, so that what was lost there does not matter any more (protocol-rules.md,
   * 3).
   */
  private void endDoubt(boolean settled) {
    boolean over = unknown.isPresent() && (settled || !unknown.get().last().isAfter(chosen));
    boolean tornOver = torn.isPresent() && (settled || !torn.get().last().isAfter(chosen));
    if (over && unknown.get().last().isAfter(log.last())) {
      // Others may remember votes for slots that nothing stands in any more.
      effects.record(
          new JournalRecord.VotesNoted(
              new PeerVotes(
                  settings.server(), settings.incarnation(), new Votes(promised, owned))));
    }
    if (over || tornOver) {
      unknown = over ? Optional.empty() : unknown;
      torn = tornOver ? Optional.empty() : torn;
      effects.record(new JournalRecord.Damage(unknown, torn));
    }
  }

  /**
   * A snapshot takes the place of everything up to {@code slot}; what was accepted above it stays.
   */
  void installSnapshot(Slot slot) {
    log.cutBehind(slot);
    chosen = Slot.max(chosen, slot);
    matched = Slot.max(matched, chosen);
    endDoubt(/* settled= */ false);
  }
}
