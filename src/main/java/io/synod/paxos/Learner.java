package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Learns what is chosen: from the coordinator whose values it accepted, or by fetching
 * (protocol-rules.md, 1). Hands chosen values over in slot order, and knows which membership and
 * which version are in force.
 *
 * <p>The chosen prefix is journaled as it moves, but may be lost: it is learned again.
 */
final class Learner {
  /**
   * A Fetch is answered by up to so many messages, so that the round trip does not bound catch-up.
   */
  private static final int FETCHED_MESSAGES = 8;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;

  /**
   * Chosen memberships that are, or were, in force, by slot; the last is in force now. The first
   * was at the log's cut.
   */
  private final List<MembershipInForce> memberships = new ArrayList<>();

  /** Behind the chosen prefix; the store that is started from tells what it begins with. */
  private VersionInForce version = VersionInForce.FIRST;

  /** How far anybody was heard to know the log chosen: news, worth a Fetch. */
  private Slot heardChosen = Slot.ZERO;

  private long behindSinceNanos;
  private boolean behind;
  private boolean fetching;
  private long fetchedAtNanos;

  /** Messages still to come for the Fetch that is out. */
  private int toCome;

  /** Fetched values that came ahead of others, by first slot; as many messages at most. */
  private final TreeMap<Slot, List<AcceptedValue>> ahead = new TreeMap<>();

  private boolean snapshotAsked;

  Learner(PaxosSettings settings, Effects effects, Acceptor acceptor) {
    this.settings = settings;
    this.effects = effects;
    this.acceptor = acceptor;
  }

  /**
   * Takes the membership in force at the log's cut, and those that the chosen prefix decided after
   * it.
   */
  void open(MembershipInForce atCut) {
    memberships.clear();
    memberships.add(atCut);
    for (Slot slot = acceptor.log().cut().next();
        !slot.isAfter(acceptor.chosen());
        slot = slot.next()) {
      noteMembership(slot, acceptor.log().get(slot).value());
    }
    if (membership().decidedAt().isAfter(Slot.ZERO)) {
      noticeMembership();
    }
  }

  boolean isOpen() {
    return !memberships.isEmpty();
  }

  Slot chosen() {
    return acceptor.chosen();
  }

  Slot heardChosen() {
    return heardChosen;
  }

  /** The newest chosen membership. */
  MembershipInForce membership() {
    return memberships.get(memberships.size() - 1);
  }

  /** The members of the newest chosen membership. */
  Membership inForce() {
    return membership().membership();
  }

  /** The version by which the cluster behaves behind what is known to be chosen. */
  VersionInForce version() {
    return version;
  }

  /** The membership that was in force when {@code slot} was applied; for snapshots. */
  MembershipInForce membershipAt(Slot slot) {
    MembershipInForce found = memberships.get(0);
    for (MembershipInForce each : memberships) {
      if (!each.decidedAt().isAfter(slot)) {
        found = each;
      }
    }
    return found;
  }

  /** The membership that came into force next after the one decided at this slot, if one did. */
  Optional<MembershipInForce> membershipAfter(Slot predecessor) {
    for (MembershipInForce each : memberships) {
      if (each.decidedAt().isAfter(predecessor)
          && each.membership().predecessor().equals(predecessor)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** Hands over again what is chosen after {@code applied}: at the start. */
  void replayAfter(Slot applied, VersionInForce inForce) {
    version = inForce;
    for (Slot slot = applied.next(); !slot.isAfter(acceptor.chosen()); slot = slot.next()) {
      Value value = acceptor.log().get(slot).value();
      noteVersion(slot, value);
      effects.choose(slot, value);
    }
  }

  /** The coordinator of {@code prefix}'s ballot says how far the log is chosen. */
  void onChosenPrefix(ChosenPrefix prefix) {
    heardChosen = Slot.max(heardChosen, prefix.upTo());
    if (!prefix.ballot().equals(acceptor.matchedBallot())) {
      return;
    }
    // Only what was accepted at that very ballot is known to be the chosen value.
    choose(Slot.min(prefix.upTo(), acceptor.matched()));
  }

  /** Somebody knows this much of the log to be chosen: news. */
  void onNews(Slot upTo) {
    heardChosen = Slot.max(heardChosen, upTo);
  }

  /** The values in the log up to here are chosen. */
  void choose(Slot upTo) {
    Slot from = acceptor.chosen();
    if (!upTo.isAfter(from)) {
      return;
    }
    acceptor.choose(upTo);
    int known = memberships.size();
    for (Slot slot = from.next(); !slot.isAfter(upTo); slot = slot.next()) {
      handOver(slot, acceptor.log().get(slot).value());
    }
    noticeMembership(known);
    effects.record(new JournalRecord.ChosenUpTo(upTo));
  }

  /**
   * These values are chosen, wherever they come from; those behind the chosen prefix are passed
   * over.
   */
  void chooseValues(List<AcceptedValue> values) {
    Slot before = acceptor.chosen();
    int known = memberships.size();
    for (AcceptedValue value : values) {
      if (value.slot().equals(acceptor.chosen().next())) {
        acceptor.adoptChosen(value);
        handOver(value.slot(), value.value());
      }
    }
    noticeMembership(known);
    if (acceptor.chosen().isAfter(before)) {
      effects.record(new JournalRecord.ChosenUpTo(acceptor.chosen()));
    }
  }

  private void handOver(Slot slot, Value value) {
    heardChosen = Slot.max(heardChosen, slot);
    noteMembership(slot, value);
    noteVersion(slot, value);
    if (value instanceof Value.CoordinatorElected elected) {
      effects.notice(new Notice.CoordinatorChosen(elected.ballot(), slot));
    }
    effects.choose(slot, value);
  }

  /** Who holds all up to here is caught up: the rest is what may be under way. */
  Slot nearlyAllChosen() {
    return Slot.of(Math.max(0, chosen().number() - settings.pipelineSlots()));
  }

  private void noteMembership(Slot slot, Value value) {
    membership()
        .successor(value)
        .ifPresent(next -> memberships.add(new MembershipInForce(slot, next)));
  }

  /** Of several that were learned together, behind so many, only the last is in force. */
  private void noticeMembership(int known) {
    if (memberships.size() > known) {
      noticeMembership();
    }
  }

  private void noticeMembership() {
    effects.notice(new Notice.MembershipChosen(membership().decidedAt(), inForce()));
  }

  private void noteVersion(Slot slot, Value value) {
    VersionInForce next = version.after(slot, value);
    if (!next.equals(version)) {
      version = next;
      effects.notice(new Notice.VersionChosen(next));
    }
  }

  // ---- catch-up
  // ----------------------------------------------------------------------------------------------------------------

  /**
   * Asks for what is missing, if it has been missing for longer than a message may be under way.
   *
   * @param roundTripNanos to the source; 0 if it was not measured
   */
  void onTime(long nowNanos, Optional<ServerId> source, double roundTripNanos) {
    if (!heardChosen.isAfter(acceptor.chosen())) {
      behind = false;
      fetching = false;
      return;
    }
    if (!behind) {
      behind = true;
      behindSinceNanos = nowNanos;
    }
    boolean far = heardChosen.minus(acceptor.chosen()) > settings.pipelineSlots();
    boolean lasting = nowNanos - behindSinceNanos >= settings.pingIntervalNanos() / 2;
    double patience = 2 * Math.max((double) settings.pingIntervalNanos(), roundTripNanos);
    boolean lost = nowNanos - fetchedAtNanos >= patience;
    if ((far || lasting) && (!fetching || lost) && source.isPresent()) {
      fetch(nowNanos, source.get());
    }
  }

  /** Asks {@code source} for chosen values now. */
  void fetch(long nowNanos, ServerId source) {
    fetching = true;
    fetchedAtNanos = nowNanos;
    toCome = FETCHED_MESSAGES;
    effects.send(source, new Message.Fetch(acceptor.chosen().next()));
  }

  /** Answers a Fetch with what is known to be chosen here. */
  void onFetch(ServerId from, Message.Fetch fetch) {
    Slot next = fetch.from();
    for (int i = 0; i < FETCHED_MESSAGES; i++) {
      next = sendChosen(from, next);
      if (next.isAfter(acceptor.chosen()) || !next.isAfter(fetch.from())) {
        return;
      }
    }
  }

  /** Sends one message of what is known to be chosen here; returns the slot that comes next. */
  Slot sendChosen(ServerId to, Slot from) {
    Log log = acceptor.log();
    List<AcceptedValue> values =
        from.isAfter(log.cut())
            ? log.read(from, acceptor.chosen(), settings.messageBytes())
            : List.of();
    Optional<MembershipInForce> atCut =
        from.isAfter(log.cut()) ? Optional.empty() : Optional.of(membershipAt(log.cut()));
    effects.send(to, new Message.Fetched(from, values, log.cut(), acceptor.chosen(), atCut));
    return from.plus(values.size());
  }

  /** Whether what comes next is not in the log of the sender any more. */
  boolean isOutrunBy(Message.Fetched fetched) {
    return !fetched.from().isAfter(fetched.cut())
        && !acceptor.chosen().next().isAfter(fetched.cut());
  }

  void onFetched(long nowNanos, ServerId from, Message.Fetched fetched) {
    heardChosen = Slot.max(heardChosen, fetched.chosen());
    if (isOutrunBy(fetched)) {
      if (!snapshotAsked) {
        snapshotAsked = true;
        effects.notice(new Notice.SnapshotNeeded(from, fetched.cut()));
      }
      // Not asked again before it counts as lost: a candidate would at once, without end.
      return;
    }
    Slot before = acceptor.chosen();
    if (fetched.from().isAfter(before.next())) {
      if (ahead.size() < FETCHED_MESSAGES) {
        ahead.put(fetched.from(), fetched.values());
      }
    } else {
      chooseValues(fetched.values());
      while (!ahead.isEmpty() && !ahead.firstKey().isAfter(acceptor.chosen().next())) {
        chooseValues(ahead.pollFirstEntry().getValue());
      }
      if (!acceptor.chosen().isAfter(before)) {
        effects.ignored("onFetched", "nothing new");
        return;
      }
    }
    fetchedAtNanos = nowNanos;
    toCome--;
    boolean more = fetched.chosen().isAfter(acceptor.chosen());
    fetching &= more;
    if (more && toCome <= 0) {
      fetch(nowNanos, from);
    }
  }

  /**
   * The node could not get the snapshot it was asked for: the next answer that needs one may ask
   * again.
   */
  void onSnapshotGivenUp() {
    snapshotAsked = false;
  }

  /** The state is now that after {@code slot}; the log begins behind it. */
  void onSnapshotInstalled(Slot slot, MembershipInForce membership, VersionInForce inForce) {
    snapshotAsked = false;
    fetching = false;
    if (!slot.isAfter(acceptor.chosen())) {
      effects.ignored("onSnapshotInstalled", "older than the chosen prefix");
      return;
    }
    acceptor.installSnapshot(slot);
    if (memberships.isEmpty() || membership.decidedAt().isAfter(membership().decidedAt())) {
      effects.notice(new Notice.MembershipChosen(membership.decidedAt(), membership.membership()));
    }
    version = inForce;
    memberships.clear();
    memberships.add(membership);
    heardChosen = Slot.max(heardChosen, slot);
    effects.record(new JournalRecord.Cut(slot, membership));
    effects.record(new JournalRecord.ChosenUpTo(slot));
  }

  /** A snapshot covers the slots up to here: the log is cut behind it. */
  void onSnapshotTaken(Slot slot) {
    if (!slot.isAfter(acceptor.log().cut()) || slot.isAfter(acceptor.chosen())) {
      effects.ignored("onSnapshotTaken", "not between the cut and the chosen prefix");
      return;
    }
    MembershipInForce membership = membershipAt(slot);
    acceptor.log().cutBehind(slot);
    while (memberships.size() > 1 && !memberships.get(1).decidedAt().isAfter(slot)) {
      memberships.remove(0);
    }
    effects.record(new JournalRecord.Cut(slot, membership));
  }
}
