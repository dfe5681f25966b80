package io.synod.paxos;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a server does at a ballot of its own: prepare, adopt, have itself chosen as coordinator,
 * then order the commands. Made when a ballot is taken, dropped when it is lost; all of it is
 * memory.
 */
final class Coordinator {
  /** In this order, once each. */
  enum Phase {
    /** Prepare is out; waits for a quorum of promises, and for what they say is chosen. */
    PREPARING,
    /** Proposes what was adopted, and then itself. */
    RECOVERING,
    /** Its own value is chosen: takes commands and reads. */
    COORDINATING
  }

  /** No server holds, or may have lost, so many slots beyond what it knows chosen. */
  private static final long MOST_SLOTS_AHEAD = 1L << 24;

  private final PaxosSettings settings;
  private final Effects effects;
  private final Acceptor acceptor;
  private final Learner learner;
  private final Election election;
  private final VoteMemory memory;

  /** What was seen of each life before it was asked: its promise must report as much. */
  private final Map<Life, Votes> votesBefore;

  private final Ballot ballot;
  private final long startedNanos;

  /** When a member last came further: with its promise, with slots accepted, or with catch-up. */
  private long progressedNanos;

  /** While it prepares: how far it had fetched what is chosen when it last looked. */
  private Slot fetchedUpTo = Slot.ZERO;

  private final Promises promises;
  private final TreeMap<Life, Progress> progress = new TreeMap<>();
  private final Reads reads = new Reads();
  private final LeaseHeld lease;

  private Phase phase = Phase.PREPARING;

  /** The last slot proposed. */
  private Slot last;

  /** Proposed and not chosen, in order, up to {@link #last}. */
  private final ArrayDeque<AcceptedValue> inFlight = new ArrayDeque<>();

  /** What the next free slots are for; bounded by what {@link #room} admits. */
  private final ArrayDeque<Value> waiting = new ArrayDeque<>();

  /** All up to here is chosen, and this ballot proposed nothing else there. */
  private Slot chosenHere;

  private boolean deposed;

  /** The last reading of the clock that is known: it showed that some time before now. */
  private long clockNanos;

  private long leaseReads;

  /** It is about to hand over. */
  private boolean resting;

  private Optional<Slot> ownSlot = Optional.empty();

  /**
   * The slot of a proposed membership that is not through its barrier; nothing is proposed behind
   * it.
   */
  private Optional<Slot> barrier = Optional.empty();

  /**
   * The highest foreign promise met at this ballot whose owner nobody heard (protocol-rules.md,
   * 22).
   */
  private Optional<Ballot> orphan = Optional.empty();

  Coordinator(
      PaxosSettings settings,
      Effects effects,
      Acceptor acceptor,
      Learner learner,
      Election election,
      VoteMemory memory,
      Ballot ballot,
      long nowNanos) {
    this.settings = settings;
    this.lease = new LeaseHeld(settings);
    this.effects = effects;
    this.acceptor = acceptor;
    this.learner = learner;
    this.election = election;
    this.memory = memory;
    this.votesBefore = memory.snapshot();
    this.ballot = ballot;
    this.startedNanos = nowNanos;
    this.progressedNanos = nowNanos;
    this.promises = new Promises(learner.chosen().next());
    this.last = learner.chosen();
    this.chosenHere = last;
  }

  Ballot ballot() {
    return ballot;
  }

  Phase phase() {
    return phase;
  }

  boolean coordinates() {
    return phase == Phase.COORDINATING;
  }

  long startedNanos() {
    return startedNanos;
  }

  long progressedNanos() {
    return progressedNanos;
  }

  Optional<Ballot> orphan() {
    return orphan;
  }

  /** Takes no more commands, so that what is in flight comes to an end; or takes them again. */
  void rest(boolean now) {
    resting = now;
    if (now) {
      returnLease();
    }
  }

  /** Whether nothing is in flight or waiting, and this member has all of it. */
  boolean isDrained(Member successor) {
    return phase == Phase.COORDINATING
        && inFlight.isEmpty()
        && waiting.isEmpty()
        && election.isDiskWell(successor)
        && !holds(successor).isBefore(last);
  }

  /** How much of the log this member is known to hold, by acceptance or as chosen. */
  private Slot holds(Member member) {
    return Slot.max(progressOf(Life.of(member)).matched(), election.chosenOf(member));
  }

  /** Whether a membership is proposed and not through its barrier. */
  boolean isChangingMembership() {
    return barrier.isPresent() || waiting.stream().anyMatch(Membership.class::isInstance);
  }

  /** How many more values may be proposed now. */
  int room() {
    if (phase != Phase.COORDINATING || resting || isChangingMembership()) {
      return 0;
    }
    return Math.max(0, settings.pipelineSlots() - inFlight.size() - waiting.size());
  }

  // ---- preparing
  // ---------------------------------------------------------------------------------------------------------------

  /**
   * Asks everybody in the live set for a promise (phase 1a); those that did not answer are asked
   * again in time.
   */
  void prepare(long nowNanos) {
    for (Member member : learner.membership().membership().members()) {
      if (member.role().votes()
          && election.isHeard(member)
          && !promises.isWhole(Life.of(member))
          && isPrepareDue(progressOf(Life.of(member)), nowNanos)) {
        sendPrepare(Life.of(member), nowNanos);
      }
    }
  }

  private boolean isPrepareDue(Progress of, long nowNanos) {
    return of.prepareSentAtNanos() == Progress.NEVER
        || nowNanos - of.prepareSentAtNanos() >= prepareTimeoutNanos();
  }

  private long prepareTimeoutNanos() {
    return settings.pingIntervalNanos() / 2;
  }

  private void sendPrepare(Life to, long nowNanos) {
    progressOf(to).onPrepareSent(nowNanos);
    effects.sendWhenDurable(to.server(), new Message.Prepare(ballot, promises.askFrom(to)));
  }

  private Progress progressOf(Life life) {
    return progress.computeIfAbsent(
        life, any -> new Progress(learner.chosen(), settings.pingIntervalNanos()));
  }

  /** Phase 1b came back. */
  void onPromise(long nowNanos, ServerId from, Incarnation incarnation, Message.Promise promise) {
    if (!promise.ballot().equals(ballot)) {
      effects.ignored("onPromise", "of another ballot");
      return;
    }
    if (!isMember(from, incarnation)) {
      effects.ignored("onPromise", "not of a member");
      return;
    }
    Life life = new Life(from, incarnation);
    Votes before = votesBefore.getOrDefault(life, Votes.NONE);
    Slot owned = Slot.max(promise.last(), promise.owned());
    Slot furthest =
        Stream.of(promise.unknown(), promise.torn())
            .flatMap(Optional::stream)
            .map(SlotRange::last)
            .reduce(promise.last(), Slot::max);
    if (furthest.minus(Slot.max(promise.chosen(), learner.chosen())) > MOST_SLOTS_AHEAD) {
      effects.notice(new Notice.PeerMisbehaved(from, "a Promise of slots far ahead of all others"));
      return;
    }
    if (owned.isBefore(before.accepted())) {
      // protocol-rules.md, 12: the same incarnation with forgotten votes.
      memory.onForgot(life, before, new Votes(promise.ballot(), owned));
      return;
    }
    if (!promises.isWhole(life)) {
      progressedNanos = nowNanos;
    }
    Optional<Slot> more = promises.add(life, promise);
    learner.onNews(promise.chosen());
    if (more.isPresent()) {
      sendPrepare(life, nowNanos);
    }
    advance(nowNanos);
  }

  /**
   * Each vote counts only from the incarnation that a membership in force, or about to be, names
   * (protocol-rules.md, 5); whether the member has a vote is asked when a quorum is counted.
   */
  private boolean isMember(ServerId from, Incarnation incarnation) {
    boolean named =
        learner.membership().membership().isMember(from, incarnation)
            || barrierMembership()
                .map(membership -> membership.isMember(from, incarnation))
                .orElse(false);
    return named && !memory.isForgetful(new Life(from, incarnation));
  }

  private Optional<Membership> barrierMembership() {
    if (barrier.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of((Membership) inFlight.getLast().value());
  }

  /**
   * Goes on as far as what is known allows: with the adoption, the barrier, and the next proposals.
   */
  void advance(long nowNanos) {
    if (phase == Phase.PREPARING && !beginRecovery(nowNanos)) {
      return;
    }
    dropLearned();
    if (!deposed) {
      countAccepted(nowNanos);
      pump(nowNanos);
    }
  }

  /**
   * What was learned to be chosen from others is not in flight any more. If that is another value
   * than was proposed here, there is a coordinator at a higher ballot. If it is the membership at
   * the barrier, this ballot is given up too: the new voters have not told it what they accepted
   * behind.
   */
  private void dropLearned() {
    while (!inFlight.isEmpty() && !inFlight.getFirst().slot().isAfter(learner.chosen())) {
      AcceptedValue proposed = inFlight.removeFirst();
      Optional<AcceptedValue> learned = acceptor.log().at(proposed.slot());
      if (deposed
          || barrier.equals(Optional.of(proposed.slot()))
          || learned.isEmpty()
          || !learned.get().value().equals(proposed.value())) {
        deposed = true;
        barrier = barrier.filter(slot -> slot.isAfter(proposed.slot()));
      } else {
        onChosen(proposed.slot());
      }
    }
    deposed |= learner.chosen().isAfter(last);
  }

  /** Whether slots were chosen otherwise than was proposed here: this ballot is lost. */
  boolean isDeposed() {
    return deposed;
  }

  /**
   * How far the log is chosen as far as this ballot goes: up to where it began, and what a quorum
   * accepted at it. All that may be said with the ballot (protocol-rules.md, 1): what was learned
   * from another coordinator may differ from what acceptors hold at this ballot.
   */
  ChosenPrefix chosenPrefix() {
    return new ChosenPrefix(ballot, chosenHere);
  }

  private void onChosen(Slot upTo) {
    chosenHere = Slot.max(chosenHere, upTo);
    barrier = barrier.filter(slot -> slot.isAfter(upTo));
    promises.forget(upTo);
    if (phase == Phase.RECOVERING && ownSlot.isPresent() && !ownSlot.get().isAfter(upTo)) {
      boolean own =
          acceptor
              .log()
              .at(ownSlot.get())
              .map(
                  at ->
                      at.value() instanceof Value.CoordinatorElected elected
                          && elected.ballot().equals(ballot))
              .orElse(false);
      if (own) {
        phase = Phase.COORDINATING;
        election.onCampaignWon();
      }
    }
  }

  /**
   * Whether the promises suffice: a quorum, for every slot that may hold something, and all chosen
   * ones fetched.
   */
  private boolean beginRecovery(long nowNanos) {
    Membership membership = learner.membership().membership();
    if (!promises.isQuorum(membership)) {
      return false;
    }
    if (promises.highestChosen().isAfter(learner.chosen())) {
      // protocol-rules.md, 10: what is chosen is fetched first, never proposed.
      if (learner.chosen().isAfter(fetchedUpTo)) {
        fetchedUpTo = learner.chosen();
        progressedNanos = nowNanos;
      }
      ServerId furthest = promises.furthest();
      if (isLost(furthest, membership)) {
        // It takes to the grave what only it knows to be chosen; the others' promises tell as much.
        promises.remove(furthest);
        return beginRecovery(nowNanos);
      }
      learner.onTime(nowNanos, Optional.of(furthest), election.roundTripNanos(furthest));
      return false;
    }
    if (promises.firstInDoubt(learner.chosen(), membership).isPresent()) {
      return false;
    }
    last = learner.chosen();
    chosenHere = last;
    promises.forget(last);
    phase = Phase.RECOVERING;
    return true;
  }

  private boolean isLost(ServerId server, Membership membership) {
    return !server.equals(settings.server())
        && membership.member(server).filter(election::isHeard).isEmpty();
  }

  /** Why the promises do not suffice although a quorum answered in full. */
  Optional<Paxos.UnknownSlot> obstacle() {
    Membership membership = learner.membership().membership();
    if (phase != Phase.PREPARING || !promises.isQuorum(membership)) {
      return Optional.empty();
    }
    return promises
        .firstInDoubt(learner.chosen(), membership)
        .map(slot -> promises.unknown(slot, membership));
  }

  /**
   * A voter that knows the log up to this coordinator's election and still counts in no election
   * for slots that its log lost: a higher ballot settles them (protocol-rules.md, 3), if a quorum
   * beyond doubt is there to be asked. Until then more such losses, one after another, could leave
   * no quorum that counts.
   */
  Optional<ServerId> voterInDoubt(long nowNanos) {
    Membership membership = learner.membership().membership();
    if (phase != Phase.COORDINATING
        || isChangingMembership()
        || nowNanos - startedNanos < settings.electionTimeoutNanos()
        || !membership.isQuorum(election::isBeyondDoubt)) {
      return Optional.empty();
    }
    return membership.members().stream()
        .filter(member -> member.role().votes() && election.isHeard(member))
        .filter(member -> !election.chosenOf(member).isBefore(ownSlot.orElseThrow()))
        .filter(member -> election.isLongInDoubt(member, nowNanos))
        .map(Member::server)
        .findFirst();
  }

  // ---- proposing
  // ---------------------------------------------------------------------------------------------------------------

  /** Commands to be chosen, one slot each. */
  void propose(long nowNanos, List<Value.Batch> batches) {
    Check.that(batches.size() <= room(), "%s batches, room for %s", batches.size(), room());
    waiting.addAll(batches);
    pump(nowNanos);
  }

  /** A membership to be chosen. */
  void proposeMembership(long nowNanos, Membership membership) {
    waiting.add(membership);
    pump(nowNanos);
  }

  /**
   * The membership that should be next, without an operator: see {@link Replacement} and {@link
   * DynamicQuorum}.
   */
  Optional<Membership> membershipWanted(long nowNanos) {
    if (phase != Phase.COORDINATING || resting || isChangingMembership()) {
      return Optional.empty();
    }
    Optional<Membership> replaced =
        Replacement.wanted(
            learner.membership(),
            member -> election.newLifeOf(member, nowNanos),
            member -> election.clientAddressOf(member.server()),
            view()::isCaughtUp);
    return replaced.isPresent()
        ? replaced
        : DynamicQuorum.wanted(
            learner.membership(),
            settings.quorum().mode(),
            election.presence().view(nowNanos, view()::isCaughtUp));
  }

  /** How the members are, as this coordinator sees them. */
  ChangePlan.View view() {
    return new ChangePlan.View() {
      @Override
      public boolean isLive(Member member) {
        return election.isHeard(member);
      }

      @Override
      public boolean isCaughtUp(Member member) {
        return election.isHeard(member)
            && election.isDiskWell(member)
            && !holds(member).isBefore(learner.nearlyAllChosen());
      }
    };
  }

  /** Proposes for the next slots while the pipeline has room and no barrier stands. */
  private void pump(long nowNanos) {
    while (barrier.isEmpty() && inFlight.size() < settings.pipelineSlots()) {
      Optional<Value> value = nextValue();
      if (value.isEmpty()) {
        break;
      }
      proposeNext(value.get());
    }
    for (Member member : receivers()) {
      sendNew(Life.of(member), nowNanos);
    }
  }

  /** What the slot after the last must, or may, be given. */
  private Optional<Value> nextValue() {
    Slot slot = last.next();
    Optional<Value> adopted = promises.valueFor(slot);
    if (adopted.isPresent()) {
      return adopted;
    }
    if (!slot.isAfter(promises.end())) {
      return Optional.of(new Value.Noop());
    }
    if (ownSlot.isEmpty()) {
      ownSlot = Optional.of(slot);
      return Optional.of(new Value.CoordinatorElected(ballot, settings.clientAddress()));
    }
    return Optional.ofNullable(waiting.poll());
  }

  private void proposeNext(Value value) {
    last = last.next();
    inFlight.add(new AcceptedValue(last, ballot, value));
    if (learner.membership().successor(value).isPresent()) {
      barrier = Optional.of(last);
    }
  }

  /**
   * Who is sent proposals: the live members of the membership in force, and of one at its barrier.
   */
  private List<Member> receivers() {
    List<Member> receivers = new ArrayList<>();
    for (Member member : learner.membership().membership().members()) {
      if (election.isHeard(member)) {
        receivers.add(member);
      }
    }
    barrierMembership()
        .ifPresent(
            membership -> {
              for (Member member : membership.members()) {
                if (election.isHeard(member) && !receivers.contains(member)) {
                  receivers.add(member);
                }
              }
            });
    return receivers;
  }

  /** Sends what was not sent to this member yet, in messages of bounded size. */
  private void sendNew(Life to, long nowNanos) {
    Progress of = progressOf(to);
    of.skipTo(learner.chosen());
    while (of.sent().isBefore(last)) {
      send(to, of, nowNanos);
    }
  }

  private void send(Life to, Progress of, long nowNanos) {
    List<Value> values = new ArrayList<>(1);
    Slot first = of.sent().next();
    int size = 0;
    Slot slot = first;
    for (AcceptedValue proposed : fromSlot(first)) {
      size += ValueFormat.sizeBytes(proposed.value());
      if (!values.isEmpty() && size > settings.messageBytes()) {
        break;
      }
      values.add(proposed.value());
      slot = proposed.slot();
    }
    effects.send(to.server(), new Message.Propose(ballot, first, values, chosenHere));
    of.onInformed(chosenHere);
    of.onSent(slot, nowNanos);
  }

  /** The proposals from this slot on; the usual one, at the end, is found without a walk. */
  private List<AcceptedValue> fromSlot(Slot first) {
    if (first.equals(last)) {
      return List.of(inFlight.getLast());
    }
    List<AcceptedValue> found = new ArrayList<>();
    for (AcceptedValue proposed : inFlight) {
      if (!proposed.slot().isBefore(first)) {
        found.add(proposed);
      }
    }
    return found;
  }

  // ---- chosen
  // ------------------------------------------------------------------------------------------------------------------

  /** Phase 2b came back. */
  void onAccepted(
      long nowNanos, ServerId from, Incarnation incarnation, Message.Accepted accepted) {
    if (!accepted.ballot().equals(ballot)) {
      effects.ignored("onAccepted", "of another ballot");
      return;
    }
    // One whose chosen prefix is ahead acknowledges that: news, beyond what was proposed here.
    learner.onNews(accepted.upTo());
    Slot upTo = Slot.min(accepted.upTo(), last);
    if (!isMember(from, incarnation)) {
      effects.ignored("onAccepted", "not of a member");
      return;
    }
    if (!progressOf(new Life(from, incarnation)).onMatched(upTo, nowNanos)) {
      effects.ignored("onAccepted", "nothing new");
      return;
    }
    progressedNanos = nowNanos;
    advance(nowNanos);
  }

  /** Chooses what a quorum of the membership in force has accepted at this ballot. */
  private void countAccepted(long nowNanos) {
    List<AcceptedValue> chosen = new ArrayList<>();
    while (!inFlight.isEmpty() && isChosen(inFlight.getFirst().slot(), nowNanos)) {
      chosen.add(inFlight.removeFirst());
    }
    if (chosen.isEmpty()) {
      return;
    }
    Slot upTo = chosen.get(chosen.size() - 1).slot();
    learner.chooseValues(chosen);
    Check.that(
        learner.chosen().equals(upTo), "chose up to %s, the learner %s", upTo, learner.chosen());
    onChosen(upTo);
  }

  private boolean isChosen(Slot slot, long nowNanos) {
    Membership inForce = learner.membership().membership();
    if (!hasMatched(slot, inForce)) {
      return false;
    }
    if (barrier.isEmpty() || !barrier.get().equals(slot)) {
      return true;
    }
    // The barrier: a majority of the new membership too has it at this ballot, and promised for the
    // slots behind it.
    Membership next = (Membership) inFlight.getFirst().value();
    for (Member member : next.members()) {
      if (member.role().votes()
          && election.isHeard(member)
          && !promises.isWhole(Life.of(member))
          && isPrepareDue(progressOf(Life.of(member)), nowNanos)) {
        sendPrepare(Life.of(member), nowNanos);
      }
    }
    if (!hasMatched(slot, next) || !promises.isQuorum(next)) {
      return false;
    }
    if (promises.highestChosen().isAfter(slot)) {
      // A new voter knows slots behind the membership to be chosen: they are fetched, which ends
      // this ballot, and never proposed.
      return false;
    }
    return promises.firstInDoubt(slot, next).isEmpty();
  }

  private boolean hasMatched(Slot slot, Membership membership) {
    return membership.isQuorum(
        member -> {
          Progress of = progress.get(Life.of(member));
          return of != null && !of.matched().isBefore(slot);
        });
  }

  // ---- upkeep
  // ------------------------------------------------------------------------------------------------------------------

  /** A member met a gap. */
  void onMissing(long nowNanos, ServerId from, Incarnation incarnation, Message.Missing missing) {
    if (!missing.ballot().equals(ballot)) {
      effects.ignored("onMissing", "of another ballot");
      return;
    }
    if (!isMember(from, incarnation)) {
      effects.ignored("onMissing", "not of a member");
      return;
    }
    Life life = new Life(from, incarnation);
    Progress of = progressOf(life);
    if (of.onMissing(missing.from())) {
      progressedNanos = nowNanos;
    }
    if (!missing.from().isAfter(learner.chosen())) {
      learner.sendChosen(from, missing.from());
      return;
    }
    if (missing.from().isAfter(of.sent())) {
      effects.ignored("onMissing", "not sent yet");
      return;
    }
    if (!of.resend(missing.from(), nowNanos)) {
      effects.ignored("onMissing", "sent again lately");
      return;
    }
    sendNew(life, nowNanos);
  }

  /** Somebody promised a higher ballot. */
  void onRefused(ServerId from, Message.Refused refused) {
    if (!refused.ballot().equals(ballot) || !refused.promised().isAbove(ballot)) {
      effects.ignored("onRefused", "of another ballot");
      return;
    }
    orphan =
        Optional.of(
            orphan.map(known -> Ballot.max(known, refused.promised())).orElse(refused.promised()));
  }

  /**
   * Sends again what was not answered in time, and tells those that wait how far the log is chosen.
   */
  void onTime(long nowNanos) {
    if (phase == Phase.PREPARING) {
      prepare(nowNanos);
      advance(nowNanos);
      return;
    }
    for (Member member : receivers()) {
      Progress of = progressOf(Life.of(member));
      if (of.resendAtNanos() <= nowNanos) {
        of.rewind(Slot.max(of.matched(), learner.chosen()).next());
        of.onResent(nowNanos);
        resend(Life.of(member), of, nowNanos);
      }
    }
    advance(nowNanos);
    if (!deposed && inFlight.isEmpty()) {
      inform();
    }
  }

  /** One message's worth again; the rest follows when that is acknowledged or missed. */
  private void resend(Life to, Progress of, long nowNanos) {
    if (of.sent().isBefore(last)) {
      Slot sent = of.sent();
      send(to, of, nowNanos);
      Check.that(of.sent().isAfter(sent), "sent nothing after %s", sent);
    }
    of.skipTo(last);
  }

  /** When {@link #onTime} has something to do next. */
  long nextTimeNanos() {
    long next = Long.MAX_VALUE;
    for (Member member : receivers()) {
      Progress of = progressOf(Life.of(member));
      next = Math.min(next, of.resendAtNanos());
      if (phase == Phase.PREPARING && member.role().votes() && !promises.isWhole(Life.of(member))) {
        next = Math.min(next, of.prepareSentAtNanos() + prepareTimeoutNanos());
      }
    }
    return next;
  }

  /** Tells the members how far the log is chosen, where no Propose has carried it. */
  private void inform() {
    Message.Inform inform = new Message.Inform(chosenPrefix());
    for (Member member : receivers()) {
      Progress of = progressOf(Life.of(member));
      if (!member.server().equals(settings.server()) && of.informed().isBefore(chosenHere)) {
        of.onInformed(chosenHere);
        effects.send(member.server(), inform);
      }
    }
  }

  // ---- reads
  // -------------------------------------------------------------------------------------------------------------------

  /**
   * Reads wait for a point; the answer comes when a round of pings that begins now or later is
   * confirmed.
   */
  void onReads(long nowNanos, Reads.Waiting read) {
    if (phase != Phase.COORDINATING) {
      refuse(List.of(read));
      return;
    }
    if (read.underLease()) {
      lease.add(read, learner.chosen(), nowNanos);
      return;
    }
    reads.add(read);
    confirmReads(nowNanos);
  }

  /** Whether reads wait for the clock to be read. */
  boolean wantsClock() {
    return lease.wantsClock();
  }

  /**
   * The clock was read after all that has come: if the lease holds now, it held when the chosen
   * prefix was looked at, which was after the reads came. Else they are confirmed by a round of
   * pings, which asks for a lease.
   */
  void onClock(long clockNanos, long nowNanos) {
    this.clockNanos = clockNanos;
    if (!lease.wantsClock()) {
      return;
    }
    boolean holds = !deposed && lease.holds(clockNanos, membershipInForce(), this::isWordGood);
    List<Reads.Waiting> waiting = lease.take();
    if (holds) {
      leaseReads += waiting.size();
      waiting.forEach(read -> answer(read, lease.point()));
    } else {
      waiting.forEach(reads::add);
      confirmReads(nowNanos);
    }
  }

  private Membership membershipInForce() {
    return learner.membership().membership();
  }

  /** Whether what this member says counts: it forgot no vote, or it is this server's own word. */
  private boolean isWordGood(Member member) {
    return member.server().equals(settings.server())
        ? !acceptor.promised().isAbove(ballot)
        : !memory.isForgetful(Life.of(member));
  }

  /** With the Ping that leaves next: for how long a lease is asked for, if it is. */
  OptionalLong askForLease(long nowNanos) {
    return coordinates() && !resting
        ? lease.ask(election.pingNumber() + 1, clockNanos, nowNanos)
        : OptionalLong.empty();
  }

  /** An acceptor gave the lease. */
  void onLeaseGiven(ServerId from, Incarnation incarnation, Message.LeaseGiven given) {
    if (!given.ballot().equals(ballot)) {
      effects.ignored("onLeaseGiven", "of another ballot");
    } else if (!isMember(from, incarnation)) {
      effects.ignored("onLeaseGiven", "not of a member");
    } else if (!lease.onGiven(new Life(from, incarnation), given.number())) {
      effects.ignored("onLeaseGiven", "nothing new");
    }
  }

  /** Lets the acceptors vote for another at once. */
  private void returnLease() {
    lease
        .giveBack()
        .ifPresent(
            number -> {
              for (Member member : membershipInForce().members()) {
                if (!member.server().equals(settings.server())) {
                  effects.send(member.server(), new Message.LeaseReturned(ballot, number));
                }
              }
            });
  }

  /** How many requests for a read point were answered under the lease. */
  long leaseReads() {
    return leaseReads;
  }

  /** So much the clock showed at some time before now. */
  void noteClock(long nanos) {
    clockNanos = nanos;
  }

  /** Begins a round if one is wanted, and answers those that a quorum has confirmed. */
  void confirmReads(long nowNanos) {
    while (true) {
      if (reads.wantsRound()) {
        election.ping(
            nowNanos, Optional.of(ballot), Optional.of(chosenPrefix()), askForLease(nowNanos));
        reads.begin(election.pingNumber(), learner.chosen());
      }
      if (!reads.isRunning() || !isConfirmed(reads.round())) {
        return;
      }
      for (Reads.Waiting read : reads.confirm()) {
        answer(read, reads.point());
      }
    }
  }

  private void answer(Reads.Waiting read, Slot point) {
    if (read.from().equals(settings.server())) {
      effects.readPoint(new Output.ReadAnswer.Ready(read.id(), point));
    } else {
      effects.send(read.from(), new Message.ReadPoint(read.id(), point));
    }
  }

  /**
   * Whether a quorum answered this ping or a later one and had promised nothing above this ballot
   * (protocol-rules.md, 5).
   */
  private boolean isConfirmed(long pingNumber) {
    return learner
        .membership()
        .membership()
        .isQuorum(
            member -> {
              if (member.server().equals(settings.server())) {
                return !acceptor.promised().isAbove(ballot);
              }
              return election
                  .peer(member.server())
                  .map(
                      peer ->
                          peer.incarnation().equals(Optional.of(member.incarnation()))
                              && !memory.isForgetful(Life.of(member))
                              && peer.answered() >= pingNumber
                              && !peer.promised().isAbove(ballot))
                  .orElse(false);
            });
  }

  private void refuse(List<Reads.Waiting> refused) {
    for (Reads.Waiting read : refused) {
      if (read.from().equals(settings.server())) {
        effects.readPoint(new Output.ReadAnswer.Refused(read.id()));
      } else {
        effects.send(read.from(), new Message.ReadPointRefused(read.id()));
      }
    }
  }

  /** The ballot is lost: reads that wait are refused. What was proposed may still be chosen. */
  void close() {
    refuse(reads.giveUp());
    refuse(lease.take());
    returnLease();
  }

  /** Takes over from this server's own earlier ballot what was not proposed there yet. */
  void inherit(Coordinator earlier) {
    waiting.addAll(earlier.waiting);
  }
}
