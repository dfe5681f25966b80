package io.synod.simulator;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Ballot;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Standing;
import io.synod.paxos.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Knows all, and checks what must always be true (design.md, section 8), after every event, at a
 * cost that does not grow with the history. It believes what acceptors hold durable, and nothing
 * that a server says.
 */
final class Oracle {
  private final ChosenLog log = new ChosenLog();
  private final Map<ServerLife, Acceptor> acceptors = new HashMap<>();
  private final Map<Ballot, Use> uses = new HashMap<>();
  private final List<@Nullable Long> stateHashes = new ArrayList<>();
  private Slot acknowledged = Slot.ZERO;
  private Predicate<ServerId> witnesses = server -> false;

  /** One life of a server's disk, and the process that runs on it. */
  private static final class Acceptor {
    DurableState durable = new DurableState();

    /** The promise and the log's end as handed to the journal, durable or not. */
    Ballot promised = Ballot.LOWEST;

    Slot last = Slot.ZERO;

    /** Of a witness: how far it handed its journal that the log is chosen. */
    Slot chosen = Slot.ZERO;

    long run;
    Slot applied = Slot.ZERO;

    /** The acknowledgement that was checked last: it holds up to here at this ballot. */
    Ballot checkedBallot = Ballot.LOWEST;

    Slot checkedUpTo = Slot.ZERO;
  }

  /** Who used a ballot first. */
  private record Use(ServerLife life, long run) {}

  /** Whose cuts are watched (protocol-rules.md, 13): not if what voters hold may be lost. */
  void watchWitnesses(Predicate<ServerId> which) {
    witnesses = which;
  }

  ChosenLog log() {
    return log;
  }

  private Acceptor acceptor(ServerLife life) {
    return acceptors.computeIfAbsent(life, any -> new Acceptor());
  }

  /** What this life has durable, as the oracle saw it. */
  DurableState durable(ServerLife life) {
    return acceptor(life).durable;
  }

  // ---- the journal
  // ------------------------------------------------------------------------------------------------------------------

  /**
   * A process starts, and has found this, all of it durable.
   *
   * @param run a number of its own
   * @param damage what its disk may have lost of what was durable
   */
  void started(ServerLife life, long run, Recovered recovered, Slot applied, Damage damage) {
    Acceptor acceptor = acceptor(life);
    DurableState durable = acceptor.durable;
    acceptor.run = run;
    acceptor.applied = applied;
    acceptor.promised = recovered.promised();
    acceptor.last = recovered.cut().plus(recovered.accepted().size());
    acceptor.chosen = recovered.chosen();
    acceptor.checkedBallot = Ballot.LOWEST;
    if (damage == Damage.NONE || damage == Damage.SLOTS) {
      check(
          !recovered.promised().isBelow(durable.promised()),
          "PromiseMonotonic",
          () -> life + " restarts with " + recovered.promised() + " after " + durable.promised());
      check(
          !recovered.ballotTaken().isBelow(durable.taken()),
          "BallotNeverReused",
          () -> life + " restarts with " + recovered.ballotTaken() + " after " + durable.taken());
    }
    if (damage != Damage.FORGOTTEN) {
      checkRemembered(life, durable, recovered, damage);
    }
    takeOver(life, acceptor, recovered);
  }

  /** What a disk may have lost of what was durable. */
  enum Damage {
    NONE,
    /** Slots, which it must then report. */
    SLOTS,
    /** Its promise too, which it must report: it has no vote. */
    PROMISE_LOST,
    /** All that it voted since some time, and nothing in the directory shows that. */
    FORGOTTEN
  }

  private static void checkRemembered(
      ServerLife life, DurableState durable, Recovered recovered, Damage damage) {
    for (Slot slot = Slot.max(durable.cut(), recovered.cut()).next();
        !slot.isAfter(durable.last());
        slot = slot.next()) {
      AcceptedValue before = durable.at(slot).orElseThrow();
      AcceptedValue now = at(recovered, slot);
      boolean remembered =
          now != null
              && !now.ballot().isBelow(before.ballot())
              && (now.ballot().isAbove(before.ballot()) || now.value().equals(before.value()));
      Slot at = slot;
      boolean owned =
          damage != Damage.NONE
              && (recovered.unknown().map(range -> range.contains(at)).orElse(false)
                  || recovered.torn().map(range -> range.contains(at)).orElse(false));
      check(
          remembered || owned,
          damage == Damage.NONE ? "AcceptedNeverForgotten" : "UnknownNotNone",
          () ->
              life
                  + " had "
                  + before
                  + " durable and restarts with "
                  + now
                  + ", unknown "
                  + recovered.unknown()
                  + ", torn "
                  + recovered.torn());
    }
  }

  private static @Nullable AcceptedValue at(Recovered recovered, Slot slot) {
    long place = slot.minus(recovered.cut()) - 1;
    if (place >= 0 && place < recovered.accepted().size()) {
      AcceptedValue value = recovered.accepted().get((int) place);
      if (value.slot().equals(slot)) {
        return value;
      }
    }
    return recovered.accepted().stream()
        .filter(value -> value.slot().equals(slot))
        .findAny()
        .orElse(null);
  }

  /** All that was recovered is durable, whether it was before or not. */
  private void takeOver(ServerLife life, Acceptor acceptor, Recovered recovered) {
    acceptor.durable = DurableState.of(recovered);
    if (recovered.opened()) {
      recovered.founding().ifPresent(made -> log.founded(life, made));
    }
    for (AcceptedValue value : recovered.accepted()) {
      log.accepted(life, value);
    }
  }

  /** Records are handed to the journal. */
  void appended(ServerLife life, List<JournalRecord> records) {
    Acceptor acceptor = acceptor(life);
    for (JournalRecord record : records) {
      if (record instanceof JournalRecord.Promised promise) {
        check(
            !promise.ballot().isBelow(acceptor.promised),
            "PromiseMonotonic",
            () -> life + " promises " + promise.ballot() + " after " + acceptor.promised);
        acceptor.promised = promise.ballot();
      } else if (record instanceof JournalRecord.ValueAccepted value) {
        appendedValue(life, acceptor, value.accepted());
      } else if (record instanceof JournalRecord.ChosenUpTo upTo) {
        checkChosen(life.server(), upTo.slot());
        acceptor.chosen = Slot.max(acceptor.chosen, upTo.slot());
      } else if (record instanceof JournalRecord.Cut at) {
        checkChosen(life.server(), at.slot());
        if (witnesses.test(life.server()) && !at.slot().isAfter(acceptor.chosen)) {
          checkWitnessCut(life, at.slot(), acceptor.chosen);
        }
        acceptor.last = Slot.max(acceptor.last, at.slot());
      }
    }
  }

  /**
   * A witness drops what it has: all voters of a membership in force, as it may know it, have it
   * durably and know it to be chosen. (One that begins anew behind a gap has not got it.)
   */
  private void checkWitnessCut(ServerLife life, Slot cut, Slot chosen) {
    boolean held =
        log.membershipsFrom(log.membershipKnownAt(chosen)).stream()
            .anyMatch(
                membership ->
                    membership.members().stream()
                        .filter(member -> member.role() == Member.Role.VOTER)
                        .allMatch(
                            voter ->
                                !durable(new ServerLife(voter.server(), voter.incarnation()))
                                    .chosen()
                                    .isBefore(cut)));
    check(
        held,
        "WitnessKeepsWhatVotersLack",
        () ->
            life
                + " cuts its log at "
                + cut
                + ", which not all voters hold: "
                + log.membershipsFrom(log.membershipKnownAt(chosen)).stream()
                    .map(membership -> membership.predecessor() + " and then " + held(membership))
                    .toList());
  }

  private List<String> held(Membership membership) {
    return membership.members().stream()
        .map(
            member ->
                member.role()
                    + " "
                    + member.server()
                    + " "
                    + durable(new ServerLife(member.server(), member.incarnation())).chosen())
        .toList();
  }

  private void appendedValue(ServerLife life, Acceptor acceptor, AcceptedValue accepted) {
    check(
        !accepted.slot().isAfter(acceptor.last.next()),
        "ContiguousAccept",
        () -> life + " accepts " + accepted.slot() + " after " + acceptor.last);
    acceptor.last = Slot.max(acceptor.last, accepted.slot());
    if (accepted.ballot().isBelow(acceptor.promised)) {
      // Only what is chosen may be taken over from others at a lower ballot.
      check(
          isChosen(accepted.slot(), accepted.value()),
          "AcceptNotBelowPromise",
          () -> life + " accepts " + accepted + ", promised " + acceptor.promised);
    }
    acceptor.promised = Ballot.max(acceptor.promised, accepted.ballot());
  }

  /** What a life held is gone. */
  void diskLost(ServerLife life) {
    log.diskLost(life);
  }

  /** A record is durable. */
  void durable(ServerLife life, JournalRecord record) {
    acceptor(life).durable.add(record);
    if (record instanceof JournalRecord.FoundingInForce inForce) {
      log.founded(life, inForce.founding());
    } else if (record instanceof JournalRecord.ValueAccepted value) {
      log.accepted(life, value.accepted());
    }
  }

  private boolean isChosen(Slot slot, Value value) {
    return log.chosen(slot).map(chosen -> chosen.value().equals(value)).orElse(false);
  }

  private void checkChosen(ServerId server, Slot upTo) {
    check(
        !upTo.isAfter(log.upTo()),
        "AppliedLeChosen",
        () -> server + " takes " + upTo + " as chosen, chosen is " + log.upTo());
  }

  // ---- messages
  // ------------------------------------------------------------------------------------------------------------------

  /** A message leaves. */
  void sends(ServerLife life, Message message) {
    ServerId server = life.server();
    if (message instanceof Message.Ping ping) {
      checkStanding(server, ping.standing());
      ping.chosen().ifPresent(prefix -> checkOwn(server, prefix.ballot(), prefix.upTo()));
    } else if (message instanceof Message.Pong pong) {
      checkStanding(server, pong.standing());
    } else if (message instanceof Message.Prepare prepare) {
      checkPrepare(life, prepare);
    } else if (message instanceof Message.Promise promise) {
      checkPromise(life, promise);
    } else if (message instanceof Message.Propose propose) {
      checkPropose(life, propose);
    } else if (message instanceof Message.Accepted accepted) {
      checkAccepted(life, accepted);
    } else if (message instanceof Message.VotesCast cast) {
      DurableState durable = acceptor(life).durable;
      check(
          !durable.promised().isBelow(cast.votes().promised())
              && !durable.last().isBefore(cast.votes().accepted()),
          "DurableBeforeReply",
          () -> life + " says " + cast + ", durable is " + durable.last());
    } else if (message instanceof Message.Inform inform) {
      checkOwn(server, inform.chosen().ballot(), inform.chosen().upTo());
    } else if (message instanceof Message.Fetched fetched) {
      checkChosen(server, fetched.chosen());
      for (AcceptedValue value : fetched.values()) {
        check(
            isChosen(value.slot(), value.value()),
            "ChosenStability",
            () -> server + " hands out " + value + " as chosen");
      }
    } else if (message instanceof Message.ReadPoint point) {
      checkChosen(server, point.point());
    }
  }

  private void checkStanding(ServerId server, Standing standing) {
    checkChosen(server, standing.chosen());
    checkChosen(server, standing.applied());
  }

  private void checkOwn(ServerId server, Ballot ballot, Slot chosen) {
    check(
        ballot.server().equals(server),
        "ChosenOnlyAtOwnBallot",
        () -> server + " speaks for " + ballot);
    checkChosen(server, chosen);
  }

  private void checkPrepare(ServerLife life, Message.Prepare prepare) {
    Acceptor acceptor = acceptor(life);
    Ballot ballot = prepare.ballot();
    check(
        ballot.server().equals(life.server()),
        "SingleCoordinatorPerBallot",
        () -> life + " prepares " + ballot);
    check(
        !acceptor.durable.taken().isBelow(ballot),
        "DurableBeforeReply",
        () -> life + " prepares " + ballot + ", durable is " + acceptor.durable.taken());
    checkRun(life, ballot, acceptor.run, false);
  }

  /**
   * A ballot belongs to one run. (A new life may prepare one that the old life prepared in vain:
   * nothing was proposed at it.)
   */
  private void checkRun(ServerLife life, Ballot ballot, long run, boolean proposes) {
    Use use = new Use(life, run);
    Use before = uses.putIfAbsent(ballot, use);
    check(
        before == null || before.equals(use) || (!proposes && !before.life.equals(life)),
        "BallotNeverReused",
        () -> life + " uses " + ballot + " of an earlier run again");
  }

  private void checkPromise(ServerLife life, Message.Promise promise) {
    DurableState durable = acceptor(life).durable;
    check(
        !durable.promised().isBelow(promise.ballot()),
        "DurableBeforeReply",
        () -> life + " promises " + promise.ballot() + ", durable is " + durable.promised());
    checkChosen(life.server(), promise.chosen());
    checkChosen(life.server(), promise.cut());
    for (AcceptedValue value : promise.accepted()) {
      check(
          holds(durable, value.slot(), value.ballot()),
          "DurableBeforeReply",
          () -> life + " reports " + value + ", durable is " + durable.at(value.slot()));
    }
  }

  private void checkPropose(ServerLife life, Message.Propose propose) {
    Ballot ballot = propose.ballot();
    checkOwn(life.server(), ballot, propose.chosen());
    checkRun(life, ballot, acceptor(life).run, true);
    check(
        !log.isFounded() || !log.proposesPastBarrier(ballot, propose.first()),
        "NoProposalPastBarrier",
        () -> life + " proposes " + propose.first() + " behind a membership that is not chosen");
    Slot slot = propose.first();
    for (Value value : propose.values()) {
      log.proposed(slot, ballot, value);
      slot = slot.next();
    }
  }

  private void checkAccepted(ServerLife life, Message.Accepted accepted) {
    Acceptor acceptor = acceptor(life);
    DurableState durable = acceptor.durable;
    Ballot ballot = accepted.ballot();
    if (!ballot.equals(acceptor.checkedBallot)) {
      acceptor.checkedBallot = ballot;
      acceptor.checkedUpTo = Slot.max(durable.cut(), durable.chosen());
    }
    for (Slot slot = acceptor.checkedUpTo.next();
        !slot.isAfter(accepted.upTo());
        slot = slot.next()) {
      Slot at = slot;
      check(
          holds(durable, slot, ballot) || isHeldAsChosen(durable, slot),
          "DurableBeforeReply",
          () ->
              life + " acknowledges " + accepted + ", durable at " + at + " is " + durable.at(at));
    }
    acceptor.checkedUpTo = Slot.max(acceptor.checkedUpTo, accepted.upTo());
  }

  private static boolean holds(DurableState durable, Slot slot, Ballot ballot) {
    return !slot.isAfter(durable.cut())
        || durable.at(slot).map(held -> !held.ballot().isBelow(ballot)).orElse(false);
  }

  private boolean isHeldAsChosen(DurableState durable, Slot slot) {
    return durable.at(slot).map(held -> isChosen(slot, held.value())).orElse(false);
  }

  // ---- the store
  // ------------------------------------------------------------------------------------------------------------------

  /** A server applies a slot. */
  void applies(ServerLife life, Slot slot, Value value) {
    Acceptor acceptor = acceptor(life);
    check(
        slot.equals(acceptor.applied.next()),
        "AppliedGapless",
        () -> life + " applies " + slot + " after " + acceptor.applied);
    checkChosen(life.server(), slot);
    Optional<AcceptedValue> chosen = log.chosen(slot);
    check(
        chosen.isPresent() && chosen.get().value().equals(value),
        "AgreementPerSlot",
        () -> life + " applies " + value + " at " + slot + ", chosen is " + chosen);
    acceptor.applied = slot;
  }

  /** A server has applied up to here. */
  void hasApplied(ServerLife life, Slot slot) {
    Acceptor acceptor = acceptor(life);
    check(
        !slot.isBefore(acceptor.applied),
        "AppliedGapless",
        () -> life + " goes back from " + acceptor.applied + " to " + slot);
    checkChosen(life.server(), slot);
    acceptor.applied = slot;
  }

  /** A server's state is now that of a snapshot. */
  void installed(ServerLife life, Slot slot) {
    checkChosen(life.server(), slot);
    acceptor(life).applied = slot;
  }

  /** A server's state at a slot; the same on all. */
  void stateHash(ServerLife life, Slot slot, long hash) {
    int place = Math.toIntExact(slot.number());
    while (stateHashes.size() <= place) {
      stateHashes.add(null);
    }
    Long before = stateHashes.get(place);
    if (before == null) {
      stateHashes.set(place, hash);
    } else {
      check(before == hash, "StateHashEqual", () -> life + " differs at " + slot);
    }
  }

  /** An operator was told that a change is done. */
  void changed(ServerId server, MembershipInForce inForce) {
    check(
        isChosen(inForce.decidedAt(), inForce.membership()),
        "ChangeDoneIsChosen",
        () -> server + " reports " + inForce);
  }

  /** A client was told that what this slot decided is done. */
  void acknowledged(Slot slot) {
    acknowledged = Slot.max(acknowledged, slot);
  }

  /** Every read that begins now must see the slots up to here. */
  Slot acknowledged() {
    return acknowledged;
  }

  /** A read that began when this much was acknowledged sees this much. */
  void reads(ServerId server, Slot acknowledgedAtStart, Slot point) {
    check(
        !point.isBefore(acknowledgedAtStart),
        "ReadNotOlderThanAcknowledged",
        () -> server + " reads at " + point + ", acknowledged before was " + acknowledgedAtStart);
  }

  private static void check(boolean holds, String invariant, Supplier<String> what) {
    if (!holds) {
      throw new Violation(invariant, what.get());
    }
  }
}
